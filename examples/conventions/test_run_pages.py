"""What each system's page *Run it* says, done as far as a machine without containers can."""

import os
import re
import shlex
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import urlopen

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted((ROOT / "docs").glob("*/run.md"))
PATIENCE_SECONDS = 60


def commands(page: Path) -> list[list[str]]:
    """The words of every command of a page."""
    blocks = re.findall(r"```console\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    return [shlex.split(line) for block in blocks for line in block.splitlines()]


def run(words: list[str], **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command of a page with this Python, in the repository's folder."""
    return subprocess.run(
        [sys.executable, *words[1:]],
        cwd=ROOT,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.parent.name)
def test_three_commands_start_the_embedded_default(page: Path, tmp_path: Path):
    migrate, seed, serve = commands(page)[:3]
    variables = {f"{page.parent.name.upper()}_DATABASE_URL": f"sqlite:///{tmp_path / 'db.sqlite3'}"}

    for words in (migrate, seed):
        ran = run(words, **variables)
        assert 0 == ran.returncode, ran.stdout + ran.stderr

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    # Without the middleman, which a signal to end would leave behind.
    manage = [sys.executable, f"examples/{serve[2]}", *serve[3:], port, "--noreload"]
    with subprocess.Popen(
        manage, cwd=ROOT, env=os.environ | variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as server:
        try:
            assert 200 == answered(f"http://127.0.0.1:{port}/readyz")
        finally:
            server.terminate()


def answered(url: str) -> int:
    """The status of `url`, once somebody listens there."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            with urlopen(url) as answer:  # noqa: S310 - our own
                return answer.status
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.parent.name)
def test_what_the_other_commands_name_is_there(page: Path):
    system = page.parent.name
    others = commands(page)[3:]
    files = [word for words in others for word in words if re.search(r"\.(yaml|py)$", word) and "/" in word]

    assert len(files) >= 5
    for word in files:
        assert any((folder / word).is_file() for folder in (ROOT, ROOT / "examples")), word
    inside = next(words for words in others if "exec" in words)
    assert ["python", f"{system}/manage.py", "seed"] == inside[-3:]
    ports = re.findall(
        r"127\.0\.0\.1:(\d+):8000", (ROOT / f"examples/{system}/deploy/compose.yaml").read_text()
    )
    assert ports == [re.search(r":(\d+)/readyz", page.read_text(encoding="utf-8"))[1]]


def test_each_system_has_its_page():
    assert {path.parent.name for path in (ROOT / "examples").glob("*/settings.py")} == {
        page.parent.name for page in PAGES
    }
