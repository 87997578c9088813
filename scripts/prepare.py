"""Set up .venv with the locked packages; safe to run at any time, and after an interruption."""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - this line is for the Python that is too old
    sys.exit(
        "Python 3.11 or newer is needed; this is Python {}.{} ({}).\n"
        "Install one from https://www.python.org/downloads/ and start this script with it,\n"
        "for example: python3.12 {}".format(*sys.version_info[:2], sys.executable, sys.argv[0])  # noqa: UP032
    )

import argparse
import errno
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".venv"
BUSY = ENVIRONMENT / "set-up-unfinished"
NO_NETWORK = (
    "Failed to establish a new connection",
    "NameResolutionError",
    "Temporary failure in name resolution",
    "Network is unreachable",
    "ConnectTimeoutError",
    "ProxyError",
    "No matching distribution found",
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
    environment's interpreter. Raises `SetUpFailed` with a remedy. With nothing to do it costs a few milliseconds.
    """
    # "test" contains "site": an environment that has all of the tests' packages can serve.
    for name in dict.fromkeys((packages, "test")):
        if _stamp(name).is_file() and _stamp(name).read_text() == _fingerprint(name) and _python_works():
            return environment_python()
    try:
        _install(packages)
    except OSError as error:
        raise _disk_full(error) if error.errno == errno.ENOSPC else error from error
    return environment_python()


def _stamp(packages: str) -> Path:
    return ENVIRONMENT / f"installed-{packages}"


def _fingerprint(packages: str) -> str:
    lock = (ROOT / "requirements" / f"{packages}.txt").read_bytes()
    return hashlib.sha256(lock + Path(__file__).read_bytes()).hexdigest()


def _python_works() -> bool:
    # On Linux and macOS the interpreter is a link, and it dangles after the system's Python was replaced.
    return environment_python().exists() and not BUSY.exists()


def _install(packages: str) -> None:
    if not _python_works():
        _say("creating .venv" if not ENVIRONMENT.exists() else "the last set-up did not finish: creating .venv again")
        shutil.rmtree(ENVIRONMENT, ignore_errors=True)
        _create()
    BUSY.touch()
    for stamp in ENVIRONMENT.glob("installed-*"):
        stamp.unlink()
    _pip(packages)
    # Programs under examples/ and tools under scripts/ import each other by name.
    for site_packages in ENVIRONMENT.glob("**/site-packages"):
        (site_packages / "portal.pth").write_text(f"{ROOT / 'examples'}\n{ROOT / 'scripts'}\n", encoding="utf-8")
    _stamp(packages).write_text(_fingerprint(packages))
    BUSY.unlink()
    _say("ready")


def _create() -> None:
    made = subprocess.run([sys.executable, "-m", "venv", str(ENVIRONMENT)], capture_output=True, text=True)
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
    size = {"site": "30 MB", "test": "200 MB"}[packages]
    _say(f"installing up to {total} locked packages: the first time this downloads about {size}")
    command = [environment_python(), "-m", "pip", "install", "--require-hashes", "--only-binary", ":all:"]
    command += ["--no-input", "--disable-pip-version-check", "--retries", "2", "--progress-bar", "off"]
    pip = subprocess.Popen(
        [*command, "-r", str(lock)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    )
    said, collected = [], 0
    for line in pip.stdout:
        said.append(line)
        if line.startswith("Collecting ") and sys.stdout.isatty():
            collected += 1
            print(f"\r  {collected}/{total} {line.split()[1]:<60.60}", end="", flush=True)
        if line.startswith("Installing collected packages"):
            if sys.stdout.isatty():
                print(f"\r{'':70}\r", end="")
            _say("all fetched and their hashes checked; unpacking")
    if pip.wait():
        raise _pip_failed("".join(said))


def _pip_failed(said: str) -> SetUpFailed:
    if "No space left" in said or "Errno 28" in said:
        return _disk_full(said)
    if "DO NOT MATCH THE HASHES" in said:
        return SetUpFailed(
            f"a downloaded package is not the one that was locked; nothing of it was installed.\n{_last(said)}\n"
            "Fix: try another network. If it stays, report it: do not switch the check off."
        )
    if any(sign in said for sign in NO_NETWORK):
        return SetUpFailed(
            "the package index could not be reached, and the first set-up needs it.\n"
            f"{_last(said)}\n"
            "Fix: connect, then run this again. What was downloaded is kept, and later starts need no network."
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


def enter(packages: str = "test") -> None:
    """Go on inside the environment: a script calls this first, and from there on has the locked packages.

    Outside, it prepares the environment, runs the same script in it and ends with its exit status; inside, it
    returns at once. A set-up error becomes one message on stderr and status 1.
    """
    if Path(sys.prefix) == ENVIRONMENT:
        return
    try:
        python = prepare(packages)
        sys.exit(subprocess.run([python, *sys.argv]).returncode)
    except SetUpFailed as problem:
        sys.exit(f"\nSet-up stopped: {problem}")
    except KeyboardInterrupt:
        print("\nInterrupted. Run the same command to go on.", file=sys.stderr)
        sys.exit(130)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("packages", nargs="?", choices=("site", "test"), default="test")
    enter(parser.parse_args().packages)
