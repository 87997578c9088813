"""Build the whole site into site/, strictly: a warning is an error."""

import prepare  # first: it checks the version of Python

import os  # isort: skip
import re
import subprocess
import sys
from pathlib import Path


def main(arguments: list[str]) -> int:
    if arguments:
        print(__doc__)
        return 0 if arguments[0] in ("-h", "--help") else 2
    prepare.enter("site")
    return build(prepare.ROOT / "site")


def build(folder: Path) -> int:
    """Build into `folder`; the exit status of the builder."""
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    return subprocess.run(command, cwd=prepare.ROOT, env=environment()).returncode


def serve(port: int) -> int:
    """Serve on 127.0.0.1 and rebuild after each edit, until interrupted; then 0."""
    command = [sys.executable, "-m", "mkdocs", "serve", "--no-strict", "--livereload", "-a", f"127.0.0.1:{port}"]
    print("· building the site; then open the address below", flush=True)
    try:
        return subprocess.run(
            command, cwd=prepare.ROOT, env={**environment(), "SITE_URL": f"http://127.0.0.1:{port}/"}
        ).returncode
    except KeyboardInterrupt:
        return 0


def environment() -> dict[str, str]:
    """The environment with `REPO_URL`, from git's `origin` where that is a code host and nobody set it."""
    if "REPO_URL" in os.environ:
        return dict(os.environ)
    asked = subprocess.run(["git", "remote", "get-url", "origin"], cwd=prepare.ROOT, capture_output=True, text=True)
    host = re.fullmatch(r"(?:https://|git@)([\w.-]+\.\w+)[:/]([\w.-]+/[\w.-]+?)(?:\.git)?", asked.stdout.strip())
    return {**os.environ, "REPO_URL": f"https://{host[1]}/{host[2]}" if host else ""}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
