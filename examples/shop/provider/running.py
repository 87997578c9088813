"""Start the provider on a free port with an empty database, and be somebody who logs in there."""

import contextlib
import html
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import requests

MANAGE = Path(__file__).parent / "manage.py"
DEADLINE_SECONDS = 30
FIELD = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')


@dataclass(frozen=True)
class Running:
    """A provider that serves: its issuer, and the secret of the client `shop`."""

    issuer: str
    client_secret: str


@contextlib.contextmanager
def running(redirect_uri: str) -> Iterator[Running]:
    """A seeded provider in a process of its own, which ends with the block.

    Args:
        redirect_uri: where codes go, as the client `shop` has it registered.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        database = f"sqlite:///{(Path(folder) / 'provider.sqlite3').as_posix()}"
        environment = os.environ | {"PROVIDER_URL": url, "PROVIDER_DATABASE_URL": database}
        seeded = subprocess.run(
            [sys.executable, str(MANAGE), "seed", "--redirect-uri", redirect_uri],
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        )
        secret = re.search(r"SECRET=(\S+)", seeded.stdout)[1]
        command = [sys.executable, str(MANAGE), "runserver", "--noreload", "--skip-checks", str(port)]
        server = subprocess.Popen(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            _wait_for(f"{url}/login/", server)
            yield Running(f"{url}/o", secret)
        finally:
            server.terminate()
            server.wait()


def _wait_for(url: str, server: subprocess.Popen) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(requests.ConnectionError):
            requests.get(url, timeout=5)
            return
        time.sleep(0.05)
    raise TimeoutError(f"the provider does not serve {url}")


class Person:
    """Somebody with a browser: logs in to the provider where it asks, and consents, or does not."""

    def __init__(self, name: str, password: str) -> None:
        self.browser = requests.Session()
        self.credentials = {"username": name, "password": password}

    def go(self, url: str, *, consents: bool = True) -> str:
        """Follow `url` to the provider; where it sends the browser in the end."""
        page = self.browser.get(url, timeout=10)
        if "/login/" in page.url:
            page = self._submit(page, self.credentials)
        answer = self._submit(page, {"allow": "Authorize"} if consents else {})
        return answer.headers["Location"]

    def _submit(self, page: requests.Response, values: dict[str, str]) -> requests.Response:
        page.raise_for_status()
        hidden = {name: html.unescape(value) for name, value in FIELD.findall(page.text)}
        on = "username" in values  # after the log-in, to the page of consent
        return self.browser.post(page.url, hidden | values, allow_redirects=on, timeout=10)
