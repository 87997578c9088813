import os
import runpy
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
import run_lab

LABS = sorted(path for path in (run_lab.FOLDER / "labs").glob("*.py") if not path.name.startswith("test_"))
STUB = run_lab.FOLDER / "exercises" / "shop_search" / "shop_search.py"
# filter(**parameters) looks like any other call to a scanner, SQL in a .sql file is not its subject, and
# read_everything holds the attacks only.
UNSEEN = {"orm_leak.py", "stored_functions.py", "read_everything.py"}
EXAMPLES = run_lab.FOLDER.parent.parent


def scan(*arguments: str) -> set[Path]:
    """Files in which ruff, without the settings of this repository, finds SQL built from text."""
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache"]
    ran = subprocess.run(
        [*command, "--select", "S608,S610,S611", "--output-format", "concise", *arguments],
        check=False,
        capture_output=True,
        encoding="utf-8",
    )
    assert ran.returncode in (0, 1), ran.stderr
    return {Path(line.split(":")[0]).resolve() for line in ran.stdout.splitlines() if ".py:" in line}


def without_switch() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "NEXUS_LAB"}


@pytest.mark.parametrize("lab", [*LABS, STUB], ids=lambda path: path.name)
def test_a_lab_refuses_to_be_imported_without_the_switch(lab: Path):
    ran = subprocess.run(
        [sys.executable, "-c", f"import {lab.stem}"],
        cwd=lab.parent,
        env=without_switch() | {"PYTHONPATH": os.pathsep.join((str(run_lab.FOLDER), str(EXAMPLES)))},
        check=False,
        capture_output=True,
        encoding="utf-8",
    )

    assert 1 == ran.returncode
    assert f"ImportError: {lab.stem} " in ran.stderr
    assert ("NEXUS_LAB=1" if lab == STUB else "python run_lab.py ") in ran.stderr


@pytest.mark.parametrize(
    "lab", [*LABS, LABS[0].with_name("stored_functions.sql"), STUB], ids=lambda path: path.name
)
def test_a_lab_says_so_in_its_first_line(lab: Path):
    first = lab.read_text(encoding="utf-8").splitlines()[0]

    assert first.startswith(('"""LAB: ', "-- LAB: "))
    assert "deliberately vulnerable" in first


def test_sql_built_from_text_stands_in_labs_and_in_the_exercise_only():
    found = scan("--ignore-noqa", str(run_lab.FOLDER))

    mistakes = {path for path in found if path.parent == STUB.parent / "mistakes"}
    assert found - mistakes == {STUB, *(lab for lab in LABS if lab.name not in UNSEEN)}
    assert 6 == len(mistakes)
    assert all('"""LAB: deliberately vulnerable' in path.read_text(encoding="utf-8") for path in mistakes)


def test_nothing_outside_the_labs_imports_one():
    names = {lab.stem for lab in LABS} | {STUB.stem}

    for program in EXAMPLES.rglob("*.py"):
        if "labs" in program.parts or STUB.parent in program.parents or program.name.startswith("test_"):
            continue
        words = program.read_text(encoding="utf-8").split()
        imported = {after for word, after in pairwise(words) if word in ("import", "from")}
        assert not imported & names, f"{program} imports a lab"


def test_running_a_lab_turns_its_switch_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("NEXUS_LAB", "")
    monkeypatch.setattr(sys, "path", sys.path[:])
    monkeypatch.setattr(sys, "argv", ["run_lab.py", "labs/escaping.py"])

    runpy.run_path(str(run_lab.FOLDER / "run_lab.py"), run_name="__main__")

    assert "0 OR 1=1" in capsys.readouterr().out
