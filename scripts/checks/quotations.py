"""Quotations: the pieces of programs and recorded outputs that pages show by `--8<-- "path:section"`."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from checks.fault import Fault, listed, nearest, shortened
from checks.page import Page, read_attributes
from checks.tree import Tree

QUOTED = re.compile(r"""^(?P<space>[ \t]*)-+8<-+[ \t]+(?P<quote>["'])(?P<what>.+?)(?P=quote)[ \t]*$""")
ALMOST = re.compile(r"^[ \t>]*-*8<-*(?:[ \t]|$|[\"'\w])")
SECTION = re.compile(
    r"(?P<escape>;*)-+8<-+[ \t]+"
    r"\[[ \t]*(?P<type>start|end)[ \t]*:[ \t]*(?P<name>[a-z][-_0-9a-z]*)[ \t]*\]",
    re.IGNORECASE,
)
ALMOST_SECTION = re.compile(r"(?i)8<.*\[?[ \t]*\b(?:start|end)\b[ \t]*[:\]]")
LINES = re.compile(r"(?P<path>.+?)(?P<lines>(?::-?\d*){1,2}(?:,-?\d*:?-?\d*)*)$")
NAMED = re.compile(r"(?P<path>.+?)(?::(?P<section>[A-Za-z][-\w]*))?$")

BANNER = "deliberately vulnerable"
Place = tuple[str, int, int]


@dataclass(frozen=True)
class Quotation:
    """A piece of a file that a page shows: `lines` are its 1-based lines there, without section marks."""

    page: str
    line: int
    file: Path
    section: str
    lines: list[int]


def check(page: Page, tree: Tree) -> Iterator[Fault]:
    """Faults of the quotations of one page."""
    for quotation in _all(page, tree):
        if isinstance(quotation, Fault):
            yield quotation
            continue
        tree.counts["quotations"] += 1
        yield from _shown(page, tree, quotation)


def quotations_of(page: Page, tree: Tree) -> list[Quotation]:
    """Every quotation of a page that names a file and a section that are there."""
    return [each for each in _all(page, tree) if isinstance(each, Quotation)]


def _all(page: Page, tree: Tree) -> list[Quotation | Fault]:
    if page.name not in tree.quoted:
        tree.quoted[page.name] = list(_read(page, tree))
    return tree.quoted[page.name]


def _read(page: Page, tree: Tree) -> Iterator[Quotation | Fault]:
    block = False
    for number, line in enumerate(page.lines[page.front :], start=page.front + 1):
        if "8<" not in line:
            continue
        column = len(line) - len(line.lstrip(" \t>")) + 1
        match = QUOTED.match(line)
        if match:
            yield _quotation(page, tree, match["what"].strip(), (page.name, number, match.start("what") + 1))
        elif SECTION.search(line) or re.match(r"^[ \t]*;", line):
            continue  # the builder takes the mark away
        elif ALMOST.match(line):
            block = not block and bool(re.fullmatch(r"\s*-+8<-+\s*", line))
            if not block and re.fullmatch(r"\s*-+8<-+\s*", line):
                continue  # the end of a block, whose start was told
            yield Fault(
                page.name,
                number,
                column,
                "EX07",
                f'not a quotation the builder can read. Found "{shortened(line)}", '
                'expected "--8<-- "topic/lesson/program.py:section"" on a line of its own.',
            )


def _quotation(page: Page, tree: Tree, what: str, place: Place) -> Quotation | Fault:
    lines = LINES.match(what)
    if lines and not re.match(r"[A-Za-z]:[\\/]", what):
        path = shortened(lines["path"])
        return Fault(
            *place,
            "EX07",
            f'lines are quoted by number. Found "{shortened(what)}", expected a section. Fix: write '
            '"# --8<-- [start:name]" and "# --8<-- [end:name]" round them in the file, '
            f'and quote "{path}:name".',
        )
    named = NAMED.match(what)
    file, fault = _file(tree, named["path"], place)
    if fault:
        return fault
    if file not in tree.files:
        return _missing(page, tree, file, place)
    return _piece(page, tree, file, named["section"] or "", place)


def _file(tree: Tree, path: str, place: Place) -> tuple[Path, Fault | None]:
    """The file that the path of a quotation names, and the fault of a path that leads out of examples/."""
    if "\\" in path:
        fixed = path.replace("\\", "/")
        return tree.root, Fault(*place, "EX03", f'Windows path. Fix: write "{shortened(fixed)}".')
    parts: list[str] = ["examples"]
    outside = path.startswith(("/", "~")) or bool(re.match(r"[A-Za-z]:/|https?:", path))
    for part in path.split("/"):
        if part == "..":
            outside = outside or not parts
            parts = parts[:-1]
        elif part not in ("", "."):
            parts.append(part)
    if outside or parts[:1] != ["examples"]:
        left = "the repository" if outside else "examples/"
        said = f'path leaves {left}. Found "{shortened(path)}". Fix: quote a file of examples/.'
        return tree.root, Fault(*place, "EX03", said)
    return tree.root.joinpath(*parts), None


def _piece(page: Page, tree: Tree, file: Path, section: str, place: Place) -> Quotation | Fault:
    """The lines that a page shows of a file that is there."""
    text = tree.text(file).removesuffix("\n").split("\n")
    if not section:
        lines = [
            number for number, line in enumerate(text, start=1) if not ("8<" in line and SECTION.search(line))
        ]
        return Quotation(page.name, place[1], file, "", lines)
    shown = _section(text, section)
    if shown is None:
        marks = [match for line in text if (match := SECTION.search(line)) and not match["escape"]]
        names = list(dict.fromkeys(mark["name"] for mark in marks))
        near = nearest(section, names)
        said = f'section "{section}" not in {tree.name(file)}; sections: {listed(names)}.'
        return Fault(*place, "EX02", said + (f' Did you mean "{near}"?' if near else ""))
    if not any(text[number - 1].strip() for number in shown):
        said = f'section "{section}" of {tree.name(file)} holds no line. Fix: move its marks round the code.'
        return Fault(*place, "EX02", said)
    return Quotation(page.name, place[1], file, section, shown)


def _section(text: list[str], wanted: str) -> list[int] | None:
    shown: list[int] = []
    inside = found = False
    for number, line in enumerate(text, start=1):
        match = SECTION.search(line) if "8<" in line else None
        if match and not match["escape"]:
            if match["name"] == wanted:
                if match["type"].lower() == "end":
                    break
                inside = found = True
        elif inside:
            shown.append(number)
    return shown if found else None


def _missing(page: Page, tree: Tree, file: Path, place: Place) -> Fault:
    names = [tree.name(each) for each in tree.under(tree.examples)]
    wanted = tree.name(file)
    same = next((name for name in names if name.lower() == wanted.lower()), "")
    if same:
        return Fault(
            *place,
            "EX12",
            f'wrong case: works on Windows and macOS only. Found "{wanted}", expected "{same}".',
        )
    own = tree.name(tree.example_folder(page)) + "/"
    beside = [name for name in names if name.startswith(own) and PurePosixPath(name).name == file.name]
    near = (beside or [nearest(wanted, names)])[0]
    hint = f"Nearest: {near}." if near else "Fix: add the file, or correct the path."
    return Fault(*place, "EX01", f"{wanted} not found. {hint}")


def _shown(page: Page, tree: Tree, quotation: Quotation) -> Iterator[Fault]:
    place = (page.name, quotation.line, 0)
    name = tree.name(quotation.file)
    fence = next(
        (each for each in page.fences if each.line <= quotation.line <= (each.end or each.line)), None
    )
    own, relative = tree.example_folder(page), quotation.file.relative_to(tree.examples)
    allowed = own.parent if own.name == "index" else own
    system = tree.examples / relative.parts[0] in tree.systems
    if not (quotation.file.is_relative_to(allowed) or system or len(relative.parts) == 1):
        yield Fault(
            *place,
            "EX08",
            f"{name} belongs to another lesson. Found on {page.name}, expected a file of "
            f"{tree.name(allowed)}/ or of a system "
            f"({listed(tree.name(each) for each in tree.systems)}). Fix: link to that lesson, or write a "
            "program of your own.",
        )
    before = "\n".join(page.lines[: quotation.line - 1]).lower()
    if "labs" in quotation.file.parts and quotation.file.suffix in (".py", ".sql") and BANNER not in before:
        yield Fault(
            *place,
            "LAB03",
            f"{name} is shown without a warning. Fix: put it into a block that begins with "
            '"!!! danger "Deliberately vulnerable: never copy this"".',
        )
    if fence is None and quotation.file.suffix in (".py", ".sql", ".out", ".yaml", ".json", ".toml"):
        yield Fault(
            *place,
            "EX13",
            f'{name} is quoted outside a block of code. Fix: write "```{_language(quotation)}" before it '
            'and "```" after it.',
        )
    elif fence:
        title = read_attributes(fence.options).get("title")
        if (
            title
            and re.fullmatch(r"[\w./-]+\.\w+", title)
            and PurePosixPath(title).name != quotation.file.name
        ):
            yield Fault(
                page.name,
                fence.line,
                fence.column,
                "EX11",
                f'the title names another file. Found "{shortened(title)}", expected '
                f'"{quotation.file.name}".',
            )
    if quotation.file.suffix in (".py", ".sql") and not system and not _is_proved(tree, quotation.file):
        span = f":{quotation.lines[0]}-{quotation.lines[-1]}" if quotation.lines else ""
        yield Fault(
            *place,
            "EX04",
            f"{name}{span} is shown but nothing runs it. "
            f"Fix: write test_{quotation.file.stem}.py beside it, or a record whose first line is its "
            "command.",
        )


def _language(quotation: Quotation) -> str:
    return {".py": "python", ".out": "console"}.get(quotation.file.suffix, quotation.file.suffix[1:])


def _is_proved(tree: Tree, file: Path) -> bool:
    """Whether a test, a record or another program of the lesson names the file."""
    if file.name.startswith("test_") or "exercises" in file.parts:
        return True  # it is a test, or the contract of exercises holds it
    word = re.compile(rf"\b{re.escape(file.stem)}\b")
    lesson = tree.examples.joinpath(*file.relative_to(tree.examples).parts[:2])
    for other in tree.under(lesson if lesson != file else tree.examples):
        if other == file or "exercises" in other.parts:
            continue
        if other.suffix == ".py" and word.search(tree.text(other)):
            return True
        if other.suffix in (".out", ".svg") and word.search(tree.text(other).partition("\n")[0]):
            return True
    return False


def check_files(tree: Tree) -> Iterator[Fault]:
    """Faults of the section marks in programs, and of the records' first lines."""
    for path in tree.under(tree.examples):
        if path.suffix in (".py", ".sql", ".yaml", ".toml", ".html", ".js", ".graphql", ".json"):
            yield from _marks(tree, path)
        if path.suffix in (".out", ".svg"):
            tree.counts["records"] += 1
            yield from _record(tree, path)


def _marks(tree: Tree, path: Path) -> Iterator[Fault]:
    name, opened, done = tree.name(path), {}, {}
    if "8<" not in tree.text(path):
        return
    for number, line in enumerate(tree.text(path).split("\n"), start=1):
        match = SECTION.search(line)
        if not match:
            if ALMOST_SECTION.search(line) and re.match(r"\s*(?:#|--|//|<!--)", line):
                yield Fault(
                    name,
                    number,
                    1,
                    "EX09",
                    f'not a section mark the builder can read. Found "{shortened(line)}", expected "# '
                    '--8<-- [start:name]".',
                )
            continue
        section, column = match["name"], match.start() + 1
        if match["escape"]:
            continue
        if match["type"].lower() == "start":
            if section in opened or section in done:
                first = opened.get(section) or done.get(section)
                yield Fault(
                    name,
                    number,
                    column,
                    "EX09",
                    f'section "{section}" starts on line {first} already. Fix: choose another name.',
                )
            opened.setdefault(section, number)
        elif section in opened:
            done[section] = opened.pop(section)
        elif section not in done:
            near = nearest(section, opened)
            hint = f'Did you mean "{near}"?' if near else f"Fix: write a mark [start:{section}] above it."
            yield Fault(name, number, column, "EX09", f'section "{section}" ends and never started. {hint}')
    for section, number in opened.items():
        yield Fault(
            name,
            number,
            0,
            "EX09",
            f'section "{section}" is never closed. Fix: write "[end:{section}]" after its last line.',
        )


def _record(tree: Tree, path: Path) -> Iterator[Fault]:
    name, lines = tree.name(path), tree.text(path).split("\n")
    mark = "<!-- $ " if path.suffix == ".svg" else "$ "
    programs = sorted(
        each.name
        for each in tree.under(path.parent, ".py")
        if each.parent == path.parent and not each.name.startswith("test_")
    )
    stem = path.name.split(".")[0]
    likely = (
        f"{stem}.py"
        if f"{stem}.py" in programs
        else nearest(f"draw_{stem}.py", programs, 0.3) or f"{stem}.py"
    )
    try:
        words = shlex.split(lines[0].removeprefix(mark)) if lines[0].startswith(mark) else []
    except ValueError:
        words = []
    if len(words) < 2 or words[0] != "python":
        yield Fault(
            name,
            1,
            1,
            "REC01",
            f'the first line is not its command. Found "{shortened(lines[0])}", expected "{mark}python '
            f'{likely}".',
        )
    elif words[1] not in programs and path.parent / words[1] not in tree.files:
        near = nearest(words[1], programs)
        hint = f'Did you mean "{near}"?' if near else f"Programs there: {listed(programs)}."
        yield Fault(name, 1, len(mark) + 8, "REC02", f"{words[1]} is not beside the record. {hint}")
    elif not any(line.strip() for line in lines[1:] if line.strip() != "-->"):
        yield Fault(name, 1, 0, "REC03", "nothing is recorded yet. Fix: python3 scripts/test.py --rewrite")
