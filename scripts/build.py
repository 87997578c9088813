"""Build the whole site into site/, strictly: a warning is an error."""

import prepare  # first: it checks the version of Python

import os  # isort: skip
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import policy
import slim

# OAuth2 is no part of any specification here, and its page has no head to hold a policy.
UNPUBLISHED = ("*.map", "*.md", "*.pyc", ".*", "oauth2-redirect.*")


def main(arguments: list[str]) -> int:
    if arguments:
        print(__doc__)
        return 0 if arguments[0] in ("-h", "--help") else 2
    prepare.enter("site")
    return build(prepare.ROOT / "site")


def build(folder: Path, site_url: str = "") -> int:
    """Build into `folder`, for the address `site_url` or else that of mkdocs.yml; the exit status."""
    if status := make():
        return status
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    address = {"SITE_URL": site_url} if site_url else {}
    status = subprocess.run(command, cwd=prepare.ROOT, env={**environment(), **address}).returncode
    if status:
        return status
    try:
        remove_unpublished(folder)
        slim.slim(folder)
        policy.write_policy(folder)
    except (policy.PolicyFault, Unpublishable) as fault:
        print(f"build.py: {fault}", file=sys.stderr)
        return 1
    return 0


def make() -> int:
    """Make what the pages load and no one writes by hand; the exit status."""
    import pack
    import runnable

    if status := pack.pack():
        return status
    runnable.write()
    return 0


class Unpublishable(Exception):
    """Something in the built site that must not leave this machine."""


def remove_unpublished(folder: Path) -> None:
    """Delete sources and source maps from the built site. Raises `Unpublishable` at a symbolic link."""
    for path in sorted(folder.rglob("*")):
        if path.is_symlink():
            # What uploads the site follows links, and would publish what they point at.
            raise Unpublishable(
                f"{path.relative_to(folder)} is a symbolic link. Fix: put the file itself in docs/."
            )
        if path.is_file() and any(path.match(pattern) for pattern in UNPUBLISHED):
            path.unlink()


def serve(port: int) -> int:
    """Serve on 127.0.0.1 and rebuild after each edit, until interrupted; then 0."""
    if status := make():
        return status
    threading.Thread(target=_follow_examples, daemon=True).start()
    serve = ["mkdocs", "serve", "--no-strict", "--livereload", "--dev-addr", f"127.0.0.1:{port}"]
    print("· building the site; then open the address below", flush=True)
    address = {"SITE_URL": f"http://127.0.0.1:{port}/"}
    return prepare.run([sys.executable, "-m", *serve], cwd=prepare.ROOT, env={**environment(), **address})


def _follow_examples() -> None:
    """Make the lessons' files anew when an example changes; what is half saved waits for its next change."""
    import runnable

    seen = _changed(prepare.ROOT / "examples")
    while True:
        time.sleep(1)
        now = _changed(prepare.ROOT / "examples")
        if now != seen:
            seen = now
            try:
                runnable.write()
            except (OSError, SyntaxError, ValueError) as error:
                print(f"· the files for the page's Run buttons are as before: {error}", flush=True)


def _changed(folder: Path) -> dict[Path, int]:
    return {
        path: path.stat().st_mtime_ns
        for path in folder.rglob("*")
        if path.suffix in (".py", ".sql", ".out", ".json")
    }


def environment() -> dict[str, str]:
    """The environment with `REPO_URL`, from git's `origin` where that is a code host and nobody set it."""
    quiet = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    if "REPO_URL" in os.environ:
        return quiet
    asked = subprocess.run(
        ["git", "remote", "get-url", "origin"], cwd=prepare.ROOT, capture_output=True, text=True
    )
    host = re.fullmatch(
        r"(?:https://|git@)([\w.-]+\.\w+)[:/]([\w.-]+/[\w.-]+?)(?:\.git)?", asked.stdout.strip()
    )
    return {**quiet, "REPO_URL": f"https://{host[1]}/{host[2]}" if host else ""}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
