"""Start a lesson in a small portal: it passes its own tests, and the check names what is left to write."""

import os
import re
import subprocess
import sys
from pathlib import Path

import check
import new_lesson
import prepare
import pytest
from test_check import CONFIG, TREE, plant

OPTIONS = ("-q", "-c", os.devnull, "-p", "no:django", "-p", "no:cacheprovider", "--rootdir")
PYTEST = (sys.executable, "-B", "-m", "pytest", *OPTIONS)


def files_of(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()
    }


def test_the_start_of_a_lesson_is_complete_but_for_what_only_its_author_can_write(tmp_path: Path):
    plant(tmp_path, {})

    new_lesson.start_lesson(tmp_path, "databases/partial-indexes", 'Partial: "indexes"')

    faults = [str(fault) for fault in check.find_faults(tmp_path)[0]]
    own = re.compile(r"(?:docs|examples)/databases/partial-indexes")
    assert 12 < len(faults)
    assert all(own.match(fault) for fault in faults), faults
    assert {"LES11", "LES07", "LES09"} == {fault.split()[1] for fault in faults}


def test_the_start_of_a_lesson_builds_strictly_and_shows_its_program(tmp_path: Path):
    extensions = "markdown_extensions:\n  - md_in_html\n  - pymdownx.superfences\n"
    snippets = "base_path: [examples]\n      check_paths: true\n      dedent_subsections: true\n"
    config = CONFIG.replace("markdown_extensions:\n", extensions).replace("base_path: [examples]\n", snippets)
    plant(tmp_path, {"mkdocs.yml": config, "docs/theme/README.md": None})
    new_lesson.start_lesson(tmp_path, "databases/partial-indexes", "Partial indexes")

    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict"], cwd=tmp_path, capture_output=True, text=True
    )

    assert 0 == built.returncode, built.stderr
    page = (tmp_path / "site/databases/partial-indexes/index.html").read_text(encoding="utf-8")
    assert 'id="costs"' in page
    assert "max" in page
    assert "<desc>The stock is 3" in page


def test_a_lesson_is_done_when_its_guidance_is_replaced(tmp_path: Path):
    plant(tmp_path, {})
    new_lesson.start_lesson(tmp_path, "databases/partial-indexes", "Partial indexes")
    lesson = TREE["docs/databases/indexes.md"]
    questions = lesson[lesson.index("### Why") : lesson.index("## References")]

    for path in [
        *tmp_path.glob("docs/databases/partial*.md"),
        *tmp_path.glob("examples/databases/partial-indexes/**/*.py"),
    ]:
        text = path.read_text(encoding="utf-8")
        text = re.sub(r"<!-- write: four.*-->", lambda _: questions, text)
        text = re.sub(r"<!-- write: the primary.*-->", "[The manual](https://example.org/)", text)
        path.write_text(re.sub(r"(?:<!--|#) write:.*", "Done.", text), encoding="utf-8")

    assert [] == [str(fault) for fault in check.find_faults(tmp_path)[0]]


def test_the_menu_gets_one_line_after_the_last_lesson_of_the_topic_and_keeps_everything_else(tmp_path: Path):
    config = CONFIG.replace("indexes.md\n", "indexes.md  # the first lesson\n")
    plant(tmp_path, {"mkdocs.yml": config})

    new_lesson.start_lesson(tmp_path, "databases/partial-indexes")

    after = "      - databases/indexes.md  # the first lesson\n"
    assert (
        config.replace(after, f"{after}      - databases/partial-indexes.md\n")
        == (tmp_path / "mkdocs.yml").read_text()
    )


def test_its_tests_records_and_exercise_pass_and_its_programs_are_clean(tmp_path: Path):
    plant(tmp_path, {})
    new_lesson.start_lesson(tmp_path, "databases/partial-indexes")
    folder = tmp_path / "examples/databases/partial-indexes"
    exercise = folder / "exercises/refuse_partial_indexes"

    tests = subprocess.run(
        [*PYTEST, folder, *sorted(folder.glob("test_*.py"))], cwd=folder, capture_output=True, text=True
    )
    # ERA: the guidance of the start is a comment.
    ruff = [sys.executable, "-m", "ruff", "check", "--config", prepare.ROOT / "pyproject.toml"]
    lint = subprocess.run([*ruff, "--per-file-ignores", "*:ERA", folder], capture_output=True, text=True)
    printed = {
        record: subprocess.run([sys.executable, program], cwd=folder, capture_output=True, text=True).stdout
        for record, program in (
            ("partial_indexes.out", "partial_indexes.py"),
            ("partial_indexes.svg", "draw_partial_indexes.py"),
        )
    }
    answers = [
        exercise / "refuse_partial_indexes.py",
        *exercise.glob("solution.py"),
        *exercise.glob("mistakes/*.py"),
    ]
    judged = {answer.name: judged_as(exercise, answer, tmp_path / "scratch") for answer in answers}

    assert 0 == tests.returncode, tests.stdout
    assert "3 passed" in tests.stdout
    assert 0 == lint.returncode, lint.stdout
    for record, output in printed.items():
        assert (folder / record).read_text(encoding="utf-8").endswith(output)
        assert output
    assert {"solution.py"} == {name for name, (status, _) in judged.items() if status == 0}
    for mistake in exercise.glob("mistakes/*.py"):
        promise = re.search(r"fails with: (.+)", mistake.read_text(encoding="utf-8"))[1]
        assert promise in judged[mistake.name][1]


def judged_as(exercise: Path, answer: Path, scratch: Path) -> tuple[int, str]:
    """Exit status and output of the judge, with `answer` in place of the reader's file."""
    scratch.mkdir(exist_ok=True)
    judge = next(exercise.glob("test_*.py"))
    (scratch / judge.name).write_bytes(judge.read_bytes())
    (scratch / f"{exercise.name}.py").write_bytes(answer.read_bytes())
    ran = subprocess.run([*PYTEST, scratch, scratch], cwd=scratch, capture_output=True, text=True)
    return ran.returncode, ran.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["databases/indexes"], r"docs/databases/indexes\.md exists already\. Fix:"),
        (["database/thing"], r'there is no topic "database"\. Topics: databases\. Fix:'),
        (["thing"], r'"thing" is no lesson\. Expected <topic>/<lesson>'),
        (["databases/a/b"], r"is no lesson"),
        (["databases/Partial Indexes"], r"small letters, digits and dashes\. Fix: databases/partial-indexes"),
        (["databases/pärtial"], r"small letters"),
        (["databases/../x"], r"is no lesson"),
        (["databases/.."], r"small letters"),
        (["databases/index"], r"is the page of the topic itself"),
        (["databases/queue"], r'a program cannot be named "queue"'),
        (["databases/2fa"], r'a program cannot be named "2fa"'),
        (
            ["databases/column-order"],
            r"examples/databases/indexes/column_order\.py has the name of a program",
        ),
        (["databases/thing", "A <b>title</b>"], r"a title is plain words"),
    ],
)
def test_what_cannot_be_started_is_refused_with_the_remedy_and_nothing_is_written(
    arguments: list[str], message: str, tmp_path: Path
):
    before = files_of(plant(tmp_path, {}))

    with pytest.raises(new_lesson.Refused, match=message):
        new_lesson.start_lesson(tmp_path, *arguments)

    assert before == files_of(tmp_path)


@pytest.mark.parametrize("menu", [CONFIG.replace("nav:", "nov:"), re.sub(r" *- databases/.*\n", "", CONFIG)])
def test_without_a_place_in_the_menu_nothing_is_written(menu: str, tmp_path: Path):
    before = files_of(plant(tmp_path, {"mkdocs.yml": menu}))

    with pytest.raises(new_lesson.Refused, match=r"menu.*Fix:"):
        new_lesson.start_lesson(tmp_path, "databases/thing")

    assert before == files_of(tmp_path)


def test_a_failure_in_the_middle_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    before = files_of(plant(tmp_path, {}))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device", "mkdocs.yml")

    monkeypatch.setattr(Path, "replace", full)

    with pytest.raises(new_lesson.Refused, match=r"No space left .* Nothing was written"):
        new_lesson.start_lesson(tmp_path, "databases/thing")

    assert before == files_of(tmp_path)


def test_a_title_is_taken_whole_and_a_path_may_be_written_as_on_windows(tmp_path: Path):
    plant(tmp_path, {})

    new_lesson.start_lesson(tmp_path, "docs\\databases\\thing.md", "  Things:  the first ")

    page = (tmp_path / "docs/databases/thing.md").read_text(encoding="utf-8")
    assert 'title: "Things: the first"' in page
    assert "\n# Things: the first\n" in page


def test_without_arguments_it_says_how_it_is_used(capsys: pytest.CaptureFixture[str]):
    assert 2 == new_lesson.main([])
    assert "python3 scripts/new_lesson.py databases/partial-indexes" in capsys.readouterr().out
    assert 2 == new_lesson.main(["databases/thing", "Things", "unquoted"])
    assert "write the title in quotes" in capsys.readouterr().err
