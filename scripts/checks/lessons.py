"""Lessons: a page with a level, its folder of examples, its exercise, its questions, its picture."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from checks import front_matter, markup, questions, quotations
from checks.fault import Fault, listed, shortened
from checks.page import Page
from checks.tree import Tree

QUESTIONS = 4
PROMISE = re.compile(r"^(?:#|--) fails with: (.+)$", re.MULTILINE)


def check(page: Page, tree: Tree) -> Iterator[Fault]:
    """Faults of one lesson; nothing for a page that is none."""
    own = tree.example_folder(page)
    if not front_matter.is_lesson(page):
        if own in tree.lesson_folders:
            yield Fault(
                page.name,
                1,
                0,
                "LES01",
                f'{tree.name(own)}/ makes this page a lesson. Fix: add "level", "minutes", "needs" and '
                '"covers" to its front matter.',
            )
        return
    tree.counts["lessons"] += 1
    yield from markup.unfinished(page.name, page.text)
    if own not in tree.lesson_folders:
        yield Fault(
            page.name,
            1,
            0,
            "LES01",
            f"a lesson has its programs in {tree.name(own)}/, and there is no such folder. Fix: add it.",
        )
        return
    yield from _parts(page, tree, own)


def _parts(page: Page, tree: Tree, own: Path) -> Iterator[Fault]:
    quoted = [each.file for each in quotations.quotations_of(page, tree)]
    end = len(page.lines) - (not page.lines[-1])
    if not any(file.suffix == ".out" for file in quoted):
        records = [path.name for path in tree.under(own, ".out")]
        yield Fault(
            page.name,
            end,
            0,
            "LES03",
            f"the lesson shows no recorded output. Records there: {listed(records)}. "
            'Fix: quote one in a block that begins with "```console".',
        )
    if not any(file.suffix == ".svg" for file in quoted):
        yield Fault(
            page.name,
            end,
            0,
            "LES08",
            f"the lesson shows no picture. Fix: draw one by a program, {tree.name(own)}/draw_….py, and "
            "quote its .svg in <figure>.",
        )
    exercises = {path.parent for path in tree.under(own) if path.parent.parent == own / "exercises"}
    if not exercises:
        yield Fault(
            page.name,
            end,
            0,
            "LES04",
            f"the lesson has no exercise. Fix: add a folder to {tree.name(own / 'exercises')}/.",
        )
    for exercise in sorted(exercises):
        stub = [file for file in quoted if file.parent == exercise and file.stem == exercise.name]
        if not stub:
            yield Fault(
                page.name,
                end,
                0,
                "LES06",
                f"the page does not show the exercise {exercise.name}. Fix: quote its {exercise.name}.py or "
                ".sql.",
            )
    asked = [
        each
        for each in questions.questions_of(page)
        if each.options and each.heading.explicit.startswith("q-")
    ]
    if len(asked) < QUESTIONS:
        yield Fault(
            page.name,
            end,
            0,
            "LES07",
            f"{len(asked) or 'no'} question{'s' * (len(asked) != 1)} yet, expected {QUESTIONS}. "
            'Fix: write "### … { #q-short-name }" and its options under "## Check yourself".',
        )
    yield from _sections(page, end, bool(exercises))


def _sections(page: Page, end: int, has_exercise: bool) -> Iterator[Fault]:
    wanted = {
        "Your turn": r"Your turn\b",
        "Check yourself": r"Check yourself\b",
        "References": r"References\b",
    }
    for name, pattern in wanted.items():
        heading = next(
            (each for each in page.headings if each.level == 2 and re.match(pattern, each.text)), None
        )
        if heading is None and (name != "Your turn" or has_exercise):
            yield Fault(page.name, end, 0, "LES10", f'the lesson has no section "## {name}". Fix: add it.')
        elif heading and name == "References":
            following = [each.line for each in page.headings if each.line > heading.line and each.level <= 2]
            last = min(following, default=len(page.lines) + 1)
            if not any(heading.line < link.line < last for link in page.links) and "<http" not in "\n".join(
                page.lines[heading.line : last - 1]
            ):
                yield Fault(
                    page.name,
                    heading.line,
                    1,
                    "LES09",
                    "no reference yet. Fix: link to the primary sources, one a line.",
                )


def check_files(tree: Tree) -> Iterator[Fault]:
    """Faults of the folders of examples."""
    pages = {tree.example_folder(page): page for page in tree.pages}
    for folder in tree.lesson_folders:
        if folder not in pages:
            wanted = f"docs/{folder.relative_to(tree.examples).as_posix()}.md"
            yield Fault(
                tree.name(folder),
                0,
                0,
                "LES02",
                f"no page belongs to this folder, expected {wanted}. Fix: write the page, or delete the "
                "folder.",
            )
    for exercise in sorted(
        {path.parent for path in tree.under(tree.examples) if path.parent.parent.name == "exercises"}
    ):
        tree.counts["exercises"] += 1
        yield from _exercise(tree, exercise)
    for path in tree.under(tree.examples):
        if path.suffix in (".py", ".sql", ".out"):
            yield from markup.unfinished(tree.name(path), tree.text(path))
        if (
            "labs" in path.parts
            and path.suffix in (".py", ".sql")
            and not path.name.startswith(("test_", "__"))
        ):
            tree.counts["labs"] += 1
            yield from _lab(tree, path)
    yield from _modules(tree)


def _exercise(tree: Tree, folder: Path) -> Iterator[Fault]:
    name = tree.name(folder)
    files = {path.name for path in tree.under(folder) if path.parent == folder}
    solutions = sorted(each for each in files if each.startswith("solution."))
    stubs = [each for each in (f"{folder.name}.py", f"{folder.name}.sql") if each in files]
    suffix = next(
        (f".{each.rpartition('.')[2]}" for each in (solutions if len(stubs) != 1 else stubs)), ".py"
    )
    if len(stubs) != 1:
        yield Fault(
            name,
            0,
            0,
            "LES05",
            f"the exercise needs one file that the reader edits. Found {listed(stubs)}, expected "
            f"{folder.name}.py or {folder.name}.sql.",
        )
    judges = sorted(each for each in files if each.startswith("test_") and each.endswith(".py"))
    if judges != [f"test_{folder.name}.py"]:
        yield Fault(
            name,
            0,
            0,
            "LES05",
            f"the exercise needs one judge. Found {listed(judges)}, expected test_{folder.name}.py.",
        )
    if solutions != [f"solution{suffix}"]:
        yield Fault(
            name,
            0,
            0,
            "LES05",
            f"the exercise needs one solution. Found {listed(solutions)}, expected solution{suffix}.",
        )
    mistakes = [path for path in tree.under(folder / "mistakes") if path.suffix == suffix]
    if not mistakes:
        yield Fault(
            name,
            0,
            0,
            "LES05",
            f"the exercise names no common mistake. Fix: add mistakes/<what_went_wrong>{suffix} with a line "
            f'"{_comment(suffix)} fails with: words of the judge\'s message".',
        )
    said: dict[str, str] = {}
    for path in tree.under(folder / "mistakes"):
        if path.suffix != suffix:
            yield Fault(
                tree.name(path),
                0,
                0,
                "LES05",
                f"a mistake replaces the reader's file. Found {path.suffix}, expected {suffix}.",
            )
            continue
        promise = PROMISE.search(tree.text(path))
        if not promise:
            yield Fault(
                tree.name(path),
                1,
                0,
                "LES05",
                f'the mistake does not say how it fails. Fix: add a line "{_comment(suffix)} fails with: '
                "words of the judge's message\".",
            )
        elif promise[1] in said:
            line = tree.text(path).count("\n", 0, promise.start()) + 1
            yield Fault(
                tree.name(path),
                line,
                1,
                "LES05",
                f'{said[promise[1]]} fails with the same words, "{shortened(promise[1], 40)}". Fix: let the '
                "judge tell the two apart.",
            )
        else:
            said[promise[1]] = path.name


def _comment(suffix: str) -> str:
    return "--" if suffix == ".sql" else "#"


def _lab(tree: Tree, path: Path) -> Iterator[Fault]:
    name, text = tree.name(path), tree.text(path)
    head = "\n".join(text.split("\n")[:8])
    if "deliberately vulnerable" not in head.lower():
        begin = (
            "-- LAB: deliberately vulnerable. …"
            if path.suffix == ".sql"
            else '"""LAB: deliberately vulnerable. …'
        )
        yield Fault(
            name,
            1,
            1,
            "LAB01",
            f"a lab says on its first lines that it is dangerous. Fix: begin it with {begin}",
        )
    if path.suffix == ".py" and not ("NEXUS_LAB" in text and "raise ImportError" in text):
        yield Fault(
            name,
            1,
            0,
            "LAB02",
            "a lab refuses to be imported without an explicit switch. "
            'Fix: after its imports write "if os.environ.get("NEXUS_LAB") != "1": raise ImportError(…)".',
        )


def _modules(tree: Tree) -> Iterator[Fault]:
    packages = {path.parent for path in tree.files if path.name == "__init__.py"}
    scripts = {
        path.stem for path in tree.under(tree.root / "scripts", ".py") if path.parent == tree.root / "scripts"
    }
    first: dict[str, Path] = {}
    for path in tree.under(tree.examples, ".py"):
        if (
            path.parent in packages
            or "exercises" in path.parts
            or path.name in ("__init__.py", "conftest.py")
        ):
            continue
        if any(folder in tree.systems for folder in path.parents):
            continue
        tree.counts["programs"] += not path.name.startswith("test_")
        name = tree.name(path)
        if path.stem in sys.stdlib_module_names:
            yield Fault(
                name,
                0,
                0,
                "EX10",
                f'"{path.stem}" is a module of Python, which this file would hide. Fix: name it after its '
                "subject.",
            )
        elif path.stem in scripts:
            yield Fault(
                name, 0, 0, "EX10", f"scripts/{path.name} has the same name. Fix: name it after its subject."
            )
        elif path.stem in first:
            yield Fault(
                name,
                0,
                0,
                "EX10",
                f"{tree.name(first[path.stem])} has the same name, and tests would import the wrong one. "
                "Fix: rename one of them.",
            )
        first.setdefault(path.stem, path)
