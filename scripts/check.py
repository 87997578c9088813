"""Find what is wrong with pages, examples and configuration: every fault, with its line and remedy, at once.

python3 scripts/check.py                       the whole repository
python3 scripts/check.py docs/databases        only faults of these files and folders
"""

import prepare  # first: it checks the version of Python

import os  # isort: skip
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from checks.fault import Fault
    from checks.quotations import Quotation
    from checks.tree import Tree

# What there must be some of: a check that found none of them has checked nothing.
NEEDED = (
    "pages",
    "lessons",
    "links",
    "quotations",
    "records",
    "pictures",
    "exercises",
    "questions",
    "menu entries",
)
SHOWN = (
    "pages",
    "lessons",
    "links",
    "images",
    "quotations",
    "records",
    "exercises",
    "questions",
    "numbers",
    "files",
)


def main(arguments: list[str]) -> int:
    if "-h" in arguments or "--help" in arguments:
        print(__doc__)
        return 0
    wanted = [_wanted(argument) for argument in arguments]
    for argument, path in zip(arguments, wanted, strict=True):
        if path is None:
            print(
                f"check.py: {argument} is not in this repository. Fix: name a file or a folder of it.",
                file=sys.stderr,
            )
            return 2
    prepare.enter("site")
    faults, tree = find_faults(prepare.ROOT)
    return report(faults, tree, [path for path in wanted if path])


def _wanted(argument: str) -> Path | None:
    """The file or folder that was meant; None where there is none, or none of ours."""
    for start in (Path.cwd(), prepare.ROOT):
        path = (start / argument).resolve()
        if path.exists() and path.is_relative_to(prepare.ROOT.resolve()):
            return prepare.ROOT / path.relative_to(prepare.ROOT.resolve())
    return None


def report(faults: list["Fault"], tree: "Tree", paths: Iterable[Path] = ()) -> int:
    """Print the faults, or in one line what was checked; the exit status."""
    wanted = [tree.name(path) for path in paths if path != tree.root]
    if wanted:
        faults = [
            fault for fault in faults if any(f"{fault.path}/".startswith(f"{name}/") for name in wanted)
        ]
    for fault in faults:
        print(fault)
        if os.environ.get("GITHUB_ACTIONS"):
            print(fault.annotation())
    counted = ", ".join(
        f"{tree.counts[what]:,} {what[: -1 if tree.counts[what] == 1 else None]}" for what in SHOWN
    )
    number = f"{len(faults)} fault{'s' * (len(faults) != 1)}" if faults else "no fault"
    number += f" in {', '.join(wanted)}" if wanted else ""
    print(f"checked {counted}: {number}", flush=True)
    return bool(faults)


def find_faults(root: Path) -> tuple[list["Fault"], "Tree"]:
    """Every fault of the checkout at `root`, sorted, and the tree with what was counted."""
    from checks import (
        configuration,
        files,
        front_matter,
        images,
        lessons,
        links,
        markup,
        numbers,
        questions,
        quotations,
    )
    from checks import specs, tags  # isort: skip
    from checks.fault import Fault
    from checks.tree import Tree

    tree = Tree(root)
    found: set[Fault] = set()
    of_a_page = (front_matter, markup, links, images, tags, quotations, questions, lessons, numbers, specs)
    for page in _guarded(found, "mkdocs.yml", lambda: tree.pages):
        tree.counts["pages"] += 1
        for subject in of_a_page:
            found.update(_guarded(found, page.name, subject.check, page, tree))
    for subject in (files, configuration, links, images, quotations, lessons, specs):
        found.update(_guarded(found, "mkdocs.yml", subject.check_files, tree))
    found.update(
        Fault(
            "mkdocs.yml",
            0,
            0,
            "CNT01",
            f"no {what} found at all. Fix: run this in a whole checkout: git status",
        )
        for what in NEEDED
        if not tree.counts[what] and (tree.config or what != "menu entries")
    )
    return sorted(found), tree


def _guarded(found: set["Fault"], name: str, look: Callable[..., Iterable], *arguments: object) -> Iterator:
    """What `look` finds; where it breaks, a fault that says so, so that all other faults are still told."""
    from checks.fault import Fault

    try:
        yield from look(*arguments)
    except Exception as error:
        where = f"{look.__module__}: {type(error).__name__}: {error}"
        found.add(
            Fault(
                name,
                0,
                0,
                "CHK01",
                f"this file breaks the check itself ({where}). Fix: report it, with the file.",
            )
        )


def quotations() -> list["Quotation"]:
    """Every piece of a program or a record that a page shows."""
    from checks.quotations import quotations_of
    from checks.tree import Tree

    tree = Tree(prepare.ROOT)
    return [quotation for page in tree.pages for quotation in quotations_of(page, tree)]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
