"""Drive Firefox and WebKitGTK as Debian has them: the few WebDriver commands that tests need, with nothing between.

Firefox takes them over Marionette, as it does from geckodriver, which no package carries:
https://firefox-source-docs.mozilla.org/testing/marionette/Protocol.html
WebKitGTK brings a server of its own: https://www.w3.org/TR/webdriver2/#protocol
"""

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

LIMIT_SECONDS = 120
SESSION = {"timeouts": {"script": LIMIT_SECONDS * 1000, "pageLoad": LIMIT_SECONDS * 1000}}
MARIONETTE = {"url": "WebDriver:Navigate", "execute/sync": "WebDriver:ExecuteScript"}


@dataclass
class Window:
    """The one window of a browser; `send` takes the end of a WebDriver address, and parameters."""

    send: Callable[[str, dict], object]

    def open(self, url: str) -> None:
        """Go to `url` and wait until it has loaded."""
        self.send("url", {"url": url})

    def evaluate(self, body: str, *arguments: object) -> object:
        """Run the body of an async function in the page, and return what it returns. Raises what it throws."""
        script = f"return (async function () {{ {body} }}).apply(null, arguments)"
        return self.send("execute/sync", {"script": script, "args": list(arguments)})


class DriverError(Exception):
    """What the browser answered instead of a value."""


@contextmanager
def firefox(folder: Path) -> Iterator[Window]:
    """A Firefox without a screen whose profile is the empty `folder`."""
    (folder / "user.js").write_text('user_pref("marionette.port", 0);\n', encoding="utf-8")
    program = programs("Firefox")[0]
    with running(program, "--headless", "--no-remote", "--profile", str(folder), "--marionette"):
        port = int(until(lambda: (folder / "MarionetteActivePort").read_text(encoding="utf-8")))
        with socket.create_connection(("127.0.0.1", port)) as wire, wire.makefile("rb") as answers:
            wire.settimeout(LIMIT_SECONDS + 10)

            def read() -> list:
                length = b""
                while (digit := answers.read(1)) != b":":
                    length += digit
                return json.loads(answers.read(int(length)))

            def send(command: str, parameters: dict) -> object:
                message = json.dumps([0, 1, MARIONETTE.get(command, command), parameters])
                wire.sendall(f"{len(message)}:{message}".encode())
                _, _, error, answer = read()
                if error:
                    raise DriverError(error["message"])
                return answer.get("value")

            read()  # it introduces itself
            send("WebDriver:NewSession", SESSION)
            yield Window(send)


@contextmanager
def webkit(folder: Path) -> Iterator[Window]:
    """A WebKitGTK on a screen that nobody sees; it writes to `folder`."""
    program, screen = programs("WebKitGTK")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    shown, tell = os.pipe()
    with running(screen, "-displayfd", str(tell), "-nolisten", "tcp", pass_fds=[tell]):
        os.close(tell)
        with os.fdopen(shown) as number:
            display = f":{number.readline().strip()}"
        with running(program, f"--port={port}", env={**os.environ, "DISPLAY": display, "HOME": str(folder)}):

            def ask(method: str, path: str, parameters: dict | None = None) -> object:
                with closing(HTTPConnection("127.0.0.1", port, timeout=LIMIT_SECONDS + 10)) as wire:
                    wire.request(method, f"/{path}", None if parameters is None else json.dumps(parameters))
                    answer = wire.getresponse()
                    value = json.load(answer)["value"]
                if answer.status >= 400:
                    raise DriverError(value["message"])
                return value

            until(lambda: ask("GET", "status"))
            capabilities = {"capabilities": {"alwaysMatch": SESSION}}
            session = f"session/{ask('POST', 'session', capabilities)['sessionId']}"
            try:
                yield Window(lambda command, parameters: ask("POST", f"{session}/{command}", parameters))
            finally:
                ask("DELETE", session)


NEEDED = {"Firefox": [("firefox-esr", "firefox")], "WebKitGTK": [("WebKitWebDriver",), ("Xvfb",)]}
OPEN = {"Firefox": firefox, "WebKitGTK": webkit}


def programs(browser: str) -> list[str]:
    """Path of each program that the browser needs; empty where there is none."""
    return [next(filter(None, map(shutil.which, names)), "") for names in NEEDED[browser]]


def missing(browser: str) -> str:
    """Why tests cannot drive that browser here; empty where they can."""
    names = [" or ".join(names) for names in NEEDED[browser]]
    return "" if all(programs(browser)) else f"{browser} (looked for {' and '.join(names)})"


@contextmanager
def running(*command: str, **options: object) -> Iterator[None]:
    """Run a program while the block runs, and say nothing of what it prints."""
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, **quiet, **options) as process:
        try:
            yield
        finally:
            process.terminate()


def until(ready: Callable[[], object]) -> object:
    """What `ready` returns as soon as it is something."""
    end = time.monotonic() + LIMIT_SECONDS
    while time.monotonic() < end:
        try:
            if found := ready():
                return found
        except OSError:
            pass
        time.sleep(0.05)
    raise TimeoutError(f"the browser did not start within {LIMIT_SECONDS} seconds")
