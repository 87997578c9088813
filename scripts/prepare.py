"""Set up .venv with the locked packages; safe to run at any time, and after an interruption."""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - this line is for the Python that is too old
    sys.exit(
        "Python 3.11 or newer is needed; this is Python {}.{} ({}).\n"
        "Install one from https://www.python.org/downloads/ and start this script with it,\n"
        "for example: python3.12 {}".format(*sys.version_info[:2], sys.executable, sys.argv[0])
    )

import argparse
import contextlib
import errno
import hashlib
import os
import platform
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".venv"
BUSY = ENVIRONMENT / "set-up-unfinished"
LOCK = ROOT / ".cache" / "set-up.lock"
NO_NETWORK = (
    "Failed to establish a new connection",
    "NewConnectionError",
    "NameResolutionError",
    "Temporary failure in name resolution",
    "Network is unreachable",
    "ConnectTimeoutError",
    "ReadTimeoutError",
    "ProxyError",
    "Max retries exceeded",
)


class SetUpFailed(Exception):
    """The environment could not be made; the message says why and what to do."""


def environment_python() -> Path:
    """Path of the environment's interpreter, whether or not it exists yet."""
    windows = os.name == "nt"
    return ENVIRONMENT / ("Scripts/python.exe" if windows else "bin/python")


def prepare(packages: str = "test") -> Path:
    """Install the locked packages of requirements/<packages>.txt where they are not yet.

    `packages` is "site" (build and serve) or "test" (that and everything else). Returns the path of the
    environment's interpreter. Raises `SetUpFailed` with a remedy. With nothing to do it costs about 20 ms.
    """
    try:
        if not _ready(packages):
            with alone():
                if not _ready(packages):  # another run may have done it while this one waited
                    _install(packages)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise _disk_full(error) from error
        raise SetUpFailed(
            f"{error}.\nFix: end what still runs from {ENVIRONMENT}, or delete that folder, and run it again."
        ) from error
    return environment_python()


def _ready(packages: str) -> bool:
    # "test" contains "site": an environment that has all of the tests' packages can serve.
    stamps = {_stamp(name): name for name in (packages, "test")}
    installed = any(
        stamp.is_file() and stamp.read_text() == _fingerprint(name) for stamp, name in stamps.items()
    )
    return installed and _python_works()


def _stamp(packages: str) -> Path:
    return ENVIRONMENT / f"installed-{packages}"


def _fingerprint(packages: str) -> str:
    lock = (ROOT / "requirements" / f"{packages}.txt").read_bytes()
    return hashlib.sha256(lock + Path(__file__).read_bytes()).hexdigest()


def _python_works() -> bool:
    """Whether the environment is whole, its Python still there, and both made for this folder."""
    if BUSY.exists() or not environment_python().exists():
        return False
    # Its link dangles after the system's Python was replaced; its paths are wrong after the folder was moved.
    probe = "import importlib.util, sys; sys.exit(importlib.util.find_spec('prepare').origin != sys.argv[1])"
    command = [environment_python(), "-c", probe, str(Path(__file__).resolve())]
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Let one process at a time set up; the others wait. The system frees the lock of a process that dies."""
    LOCK.parent.mkdir(exist_ok=True)
    with LOCK.open("a") as file:
        for attempt in range(1200):
            try:
                _lock(file.fileno())
                break
            except OSError:
                if attempt == 0:
                    _say("another set-up is running here: waiting for it")
                time.sleep(0.5)
        else:
            raise SetUpFailed("another set-up has run for ten minutes.\nFix: end it, and run this again.")
        yield


def _lock(descriptor: int) -> None:
    if os.name == "nt":
        import msvcrt

        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _install(packages: str) -> None:
    if not _python_works():
        if ENVIRONMENT.exists():
            _say("the last set-up did not finish, or its folder or Python has moved: creating .venv again")
            shutil.rmtree(ENVIRONMENT)
        else:
            _say("creating .venv")
        _create()
    BUSY.touch()
    for stamp in ENVIRONMENT.glob("installed-*"):
        stamp.unlink()
    _pip(packages)
    # Programs under examples/ and tools under scripts/ import each other by name.
    paths = f"{ROOT / 'examples'}\n{ROOT / 'scripts'}\n"
    for site_packages in ENVIRONMENT.glob("[Ll]ib/**/site-packages"):
        (site_packages / "portal.pth").write_text(paths, encoding="utf-8")
    _stamp(packages).write_text(_fingerprint(packages))
    BUSY.unlink()
    _say("ready")


def _create() -> None:
    command = [sys.executable, "-m", "venv", str(ENVIRONMENT)]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    if made.returncode:
        said = made.stdout + made.stderr
        if "No space left" in said:
            raise _disk_full(said)
        if "ensurepip" in said:
            version = "{}.{}".format(*sys.version_info)
            raise SetUpFailed(
                "this Python has no ensurepip, so it cannot make a virtual environment.\n"
                f"Fix, on Debian and Ubuntu: sudo apt install python{version}-venv"
            )
        raise SetUpFailed(f"python -m venv failed:\n{said}")


def _pip(packages: str) -> None:
    lock = ROOT / "requirements" / f"{packages}.txt"
    total = sum(line[:1].isalnum() for line in lock.read_text().splitlines())
    size = {"site": "100 MB", "test": "260 MB"}[packages]
    _say(f"installing up to {total} locked packages: the first time this downloads about {size}")
    command = [environment_python(), "-m", "pip", "install", "--require-hashes", "--only-binary", ":all:"]
    command += ["--no-input", "--disable-pip-version-check", "--retries", "2", "--progress-bar", "off"]
    command += ["-r", str(lock)]
    said, collected = [], 0
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as pip:
        for line in pip.stdout:
            said.append(line)
            if line.startswith("Collecting ") and sys.stdout.isatty():
                collected += 1
                print(f"\r  {collected}/{total} {line.split()[1]:<60.60}", end="", flush=True)
            if line.startswith("Installing collected packages"):
                if sys.stdout.isatty():
                    print(f"\r{'':70}\r", end="")
                _say("all fetched and their hashes checked; unpacking")
    if pip.returncode:
        raise _pip_failed("".join(said))


def _pip_failed(said: str) -> SetUpFailed:
    if "No space left" in said or "Errno 28" in said:
        return _disk_full(said)
    if "DO NOT MATCH THE HASHES" in said:
        return SetUpFailed(
            f"a downloaded package is not the one that was locked; it was not installed.\n{_last(said)}\n"
            "Fix: try another network. If it stays, report it: do not switch the check off."
        )
    if "Hashes are required in --require-hashes mode" in said:
        return SetUpFailed(
            f"a line of the lock file has no hash; nothing was installed.\n{_last(said)}\n"
            "Fix: python3 scripts/lock.py writes requirements/*.txt anew, with every hash."
        )
    if any(sign in said for sign in NO_NETWORK):
        return SetUpFailed(
            "the package index could not be reached, and the first set-up needs it.\n"
            f"{_last(said)}\n"
            "Fix: connect, then run this again. What was downloaded is kept; later starts need no network."
        )
    if "No matching distribution found" in said:
        return SetUpFailed(
            f"a locked package has no file for Python {platform.python_version()} on {platform.platform()}.\n"
            f"{_last(said)}\n"
            "Fix: start this script with Python 3.11, 3.12 or 3.13, or use the dev container."
        )
    return SetUpFailed(f"pip could not install the locked packages:\n{_last(said)}")


def _last(said: str) -> str:
    lines = [line for line in said.splitlines() if line.startswith(("ERROR", "error", "WARNING: Retrying"))]
    return "\n".join(f"  {line[:200]}" for line in (lines or said.splitlines())[-3:])


def _disk_full(cause: object) -> SetUpFailed:
    free = shutil.disk_usage(ROOT).free // 2**20
    return SetUpFailed(
        f"the disk is full ({free} MB free where {ROOT} is): {str(cause).strip()[-200:]}\n"
        "Fix: free about 1 GB and run this again; it starts over from a clean environment."
    )


def _say(what: str) -> None:
    print(f"· {what}", flush=True)


def run(command: list[str | Path], **options: object) -> int:
    """Run `command` to its end and return its exit status; `options` are those of `subprocess.Popen`.

    Ctrl-C reaches the command too, and a request to terminate is handed on: it ends in its own way, with its
    cleaning up, and this waits for it.
    """
    with subprocess.Popen(command, **options) as child:
        before = signal.signal(signal.SIGTERM, lambda *_: child.terminate())
        try:
            while True:
                with contextlib.suppress(KeyboardInterrupt):
                    status = child.wait()
                    return status if status >= 0 else 128 - status  # as a shell reports the end by a signal
        finally:
            signal.signal(signal.SIGTERM, before)


def enter(packages: str = "test") -> None:
    """Go on inside the environment: a script calls this first, and from there on has the locked packages.

    Outside, it prepares the environment, runs the same script in it and ends with its exit status; inside, it
    returns at once. A set-up error becomes one message on stderr and status 1.
    """
    sys.excepthook = _interrupted_or_failed
    if ENVIRONMENT.exists() and ENVIRONMENT.samefile(sys.prefix):
        return
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # a console that has no "·" shows "?"
    try:
        python = prepare(packages)
    except SetUpFailed as problem:
        sys.exit(f"\nSet-up stopped: {problem}")
    sys.stdout.flush()
    sys.exit(run([python, *sys.argv], env={**os.environ, "PYTHONUTF8": "1"}))


def _interrupted_or_failed(kind: type[BaseException], *what: object) -> None:
    if issubclass(kind, KeyboardInterrupt):
        print("\nInterrupted. Run the same command to go on.", file=sys.stderr)
    else:
        sys.__excepthook__(kind, *what)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("packages", nargs="?", choices=("site", "test"), default="test")
    enter(parser.parse_args().packages)
