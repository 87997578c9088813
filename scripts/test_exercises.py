"""Hold every exercise to its contract: the stub fails, the solution passes, each mistake fails with its message.

An exercise is a folder `examples/<topic>/<lesson>/exercises/<name>/`:

    covering_index.sql             the stub, what the reader edits
    test_covering_index.py         the judge: one test a step
    solution.sql                   passes
    mistakes/range_first.sql       fails; its first line says with which words: -- fails with: the range column …

The judge may import the lesson's own programs.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import record

import conftest

EXERCISES = sorted(path.parent for path in record.EXAMPLES.glob("*/*/exercises/*/test_*.py"))


def rounds(folder: Path) -> list[str]:
    """On which PostgreSQL an exercise is judged: each at hand where its tests ask for one."""
    (tests,) = folder.glob("test_*.py")
    return ["wheel", "configured"] if "import servers" in tests.read_text(encoding="utf-8") else ["none"]


JUDGED = [(folder, version) for folder in EXERCISES for version in rounds(folder)]
ANSWERS = [
    (folder, version, answer) for folder, version in JUDGED for answer in sorted(folder.glob("mistakes/*"))
]
PROMISE = re.compile(r"^(?:#|--) fails with: (.+)$", re.MULTILINE)


def stub_of(folder: Path) -> Path:
    """The file that the reader edits: the one named after the folder."""
    (stub,) = [path for path in folder.glob(f"{folder.name}.*") if path.suffix in (".py", ".sql")]
    return stub


def judge(
    folder: Path, version: str, answer: Path, scratch: Path, config: pytest.Config
) -> subprocess.CompletedProcess[str]:
    """Put `answer` where the reader's file would be and run the exercise's own tests on it."""
    environ = _plain_environment()
    if version == "configured" and "DATABASE_URL" not in environ and "WHEEL_DATABASE_URL" in environ:
        pytest.skip("no second PostgreSQL: DATABASE_URL is not set")
    if version == "wheel" and "WHEEL_DATABASE_URL" in environ:
        environ.pop("DATABASE_URL", None)
    for path in folder.iterdir():
        if path.is_file() and not path.name.startswith(("solution.", stub_of(folder).name)):
            shutil.copy(path, scratch)
    shutil.copy(answer, scratch / stub_of(folder).name)
    ran = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "--tb=short",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:django",
            str(scratch),
        ],
        cwd=scratch,
        env={**environ, "PYTHONPATH": str(folder.parent.parent)},
        capture_output=True,
        encoding="utf-8",
        timeout=300,
    )
    if lack := re.search(r"servers\.ServerMissing: no (\w+)", ran.stdout):
        conftest.no_server(config, conftest.missing(lack[1].lower()))
    return ran


def _plain_environment() -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST", "DJANGO"))}


def ids(value: Path | str) -> str:
    return getattr(value, "name", value)


def test_there_are_exercises():
    assert len(EXERCISES) >= 4
    assert all(list(folder.glob("mistakes/*")) for folder in EXERCISES), (
        "every exercise names its common mistakes"
    )


@pytest.mark.parametrize(("folder", "version"), JUDGED, ids=ids)
def test_the_stub_fails(folder: Path, version: str, tmp_path: Path, pytestconfig: pytest.Config):
    ran = judge(folder, version, stub_of(folder), tmp_path, pytestconfig)

    assert 1 == ran.returncode, ran.stdout
    assert " error" not in ran.stdout.splitlines()[-1], (
        f"the stub must fail a test, not break the run:\n{ran.stdout}"
    )


@pytest.mark.parametrize(("folder", "version"), JUDGED, ids=ids)
def test_the_solution_passes(folder: Path, version: str, tmp_path: Path, pytestconfig: pytest.Config):
    (solution,) = folder.glob("solution.*")

    ran = judge(folder, version, solution, tmp_path, pytestconfig)

    assert 0 == ran.returncode, ran.stdout
    assert " skipped" not in ran.stdout, f"a solution that skips a test is not judged:\n{ran.stdout}"


@pytest.mark.parametrize(("folder", "version", "answer"), ANSWERS, ids=ids)
def test_a_common_mistake_fails_with_its_own_message(
    folder: Path, version: str, answer: Path, tmp_path: Path, pytestconfig: pytest.Config
):
    promise = PROMISE.search(answer.read_text(encoding="utf-8"))
    assert promise, f'{answer}: no line "# fails with: …" that says the message the reader will see'
    others = {
        PROMISE.search(other.read_text(encoding="utf-8"))[1]
        for other in answer.parent.iterdir()
        if other.suffix == answer.suffix and other != answer
    }

    ran = judge(folder, version, answer, tmp_path, pytestconfig)

    assert 1 == ran.returncode, ran.stdout
    assert promise[1] in ran.stdout, f"promised {promise[1]!r}:\n{ran.stdout}"
    assert promise[1] not in others, "two mistakes with one message: the reader cannot tell them apart"
