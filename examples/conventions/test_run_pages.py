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

from conventions.managing import PRODUCTION, SYSTEMS, manage

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted((ROOT / "docs").glob("*/run.md"))
PATIENCE_SECONDS = 60


def commands(page: Path) -> list[list[str]]:
    """The words of every command of a page."""
    blocks = re.findall(r"```console\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    return [shlex.split(line) for block in blocks for line in block.splitlines()]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.parent.name)
def test_one_command_starts_the_embedded_default_and_the_next_time_keeps_its_data(page: Path, tmp_path: Path):
    variables = {f"{page.parent.name.upper()}_DATABASE_URL": f"sqlite:///{tmp_path / 'db.sqlite3'}"}

    first, second = (started(commands(page)[0], variables) for _ in range(2))

    for printed in (first, second):
        assert "Starting development server" in printed
    assert re.search(r"incidents|password: ", first)
    assert not re.search(r"incidents|password: ", second)


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_one_command_serves_nobody_else(system: str):
    ran = manage(system, "start", **PRODUCTION)

    assert 1 == ran.returncode
    assert f"{system.upper()}_ALLOWED_HOSTS is set" in ran.stderr
    assert f"serve others as docs/{system}/run.md says" in ran.stderr


def started(words: list[str], variables: dict[str, str]) -> str:
    """Run a command of a page until it answers; what it printed."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    # Without the middleman, which a signal to end would leave behind.
    command = [sys.executable, f"examples/{words[2]}", *words[3:], port, "--noreload"]
    others = {name: value for name, value in os.environ.items() if not name.startswith("DJANGO_")}
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=others | variables | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as server:
        try:
            assert 200 == answered(f"http://127.0.0.1:{port}/readyz")
        finally:
            server.terminate()
        return server.stdout.read()


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
    others = commands(page)[1:]
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
    assert SYSTEMS == [page.parent.name for page in PAGES]
