"""Recorded outputs: what a page shows of a run, and the numbers its prose takes from there.

A record is a file beside the program that made it. Its first line is its command, its second the versions:

    $ python column_order.py
    # Python 3.11, PostgreSQL 18.4
    ...what the program printed

`column_order.postgresql-15.out` is a record of one major version of a server: it is replayed only there.
A picture, `pages.svg`, carries the same two lines in a comment.
Prose takes a number from a record by naming the line and which number of it:

    reads <!--= column_order.out "no index" 2 -->1,064<!--/--> pages

Where lines of several paragraphs begin alike, the start of the paragraph stands before: "by its number / Buffers".

`scripts/test.py` replays every record and compares every number; with --rewrite it writes them anew.
"""

import ast
import os
import re
import shlex
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "examples"
DOCS = ROOT / "docs"
PIN = re.compile(r"\.(postgresql|redis|rabbitmq|mariadb)-(\d+)\.out$")
NUMBER = re.compile(r"(?<![\w.])-?\d[\d,]*(?:\.\d+)?")
MARKED = re.compile(r'<!--= (?P<record>\S+) "(?P<line>[^"]+)" (?P<nth>\d+) -->(?P<shown>.*?)<!--/-->')


@dataclass(frozen=True)
class Record:
    """One recorded run: its file, its command, the versions it names and what was printed."""

    path: Path
    command: str
    versions: str
    body: str

    @property
    def pin(self) -> tuple[str, int] | None:
        """("postgresql", 15) where the file's name says that the record is for that major version only."""
        match = PIN.search(self.path.name)
        return (match[1], int(match[2])) if match else None

    def text(self) -> str:
        """The whole content of the file."""
        head = f"$ {self.command}\n# {self.versions}\n"
        return f"<!-- {head}-->\n{self.body}" if self.path.suffix == ".svg" else head + self.body


class RecordFault(Exception):
    """A record or a marked number that cannot be read; the message is `path:line: fault. Fix: remedy`."""


def find_records() -> list[Path]:
    """Every record under examples/."""
    return sorted(path for path in EXAMPLES.rglob("*") if path.suffix in (".out", ".svg"))


def read_record(path: Path) -> Record:
    """Read one record. Raises `RecordFault` where its first line is no command that can be replayed."""
    text = path.read_text(encoding="utf-8")
    where = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
    match = re.match(r"(?:<!-- )?\$ (.+)\n(?:# (.*)\n)?(?:-->\n)?", text)
    if not match:
        raise RecordFault(
            f'{where}:1: the first line is not its command. Fix: write "$ python {path.stem}.py" there.'
        )
    words = shlex.split(match[1])
    if words[0] != "python" or not (path.parent / words[1]).is_file():
        raise RecordFault(
            f'{where}:1: "{match[1]}" cannot be replayed: '
            f'expected "python" and a program of this folder. Fix: name one of '
            f"{', '.join(sorted(each.name for each in path.parent.glob('*.py')))}."
        )
    return Record(path, match[1], match[2] or "", text[match.end() :])


def run_again(record: Record, environment: dict[str, str] | None = None) -> Record:
    """Run the record's command where the record lies, and return what a rewrite would write.

    Raises `ServerMissing` where the program asked for a server that cannot be had, and
    `subprocess.CalledProcessError` where it fails. A program may end with a status the page wants to show:
    then its record ends with the line `exit status N`.
    """
    from servers import ServerMissing

    with tempfile.TemporaryDirectory() as folder:
        used = Path(folder) / "used"
        ran = subprocess.run(
            [sys.executable, *shlex.split(record.command)[1:]],
            cwd=record.path.parent,
            env={**os.environ, "PYTHONWARNINGS": "default", **(environment or {}), "SERVERS_USED": str(used)},
            capture_output=True,
            encoding="utf-8",
            timeout=600,
        )
        names = list(dict.fromkeys(used.read_text(encoding="utf-8").splitlines())) if used.exists() else []
    _tell_parent(names)
    if ran.returncode:
        last = (ran.stderr.strip().splitlines() or [""])[-1]
        if lack := re.match(r"servers\.ServerMissing: no (\w+)", last):
            raise ServerMissing(lack[1], "its variable", last)
        raise subprocess.CalledProcessError(ran.returncode, record.command, ran.stdout, ran.stderr)
    if ran.stderr:
        raise subprocess.CalledProcessError(0, record.command, ran.stdout, ran.stderr)
    return Record(record.path, record.command, _versions(record, names), ran.stdout)


def _tell_parent(names: list[str]) -> None:
    if names and "SERVERS_USED" in os.environ:
        with Path(os.environ["SERVERS_USED"]).open("a", encoding="utf-8") as used:
            used.writelines(f"{name}\n" for name in names)


def _versions(record: Record, servers_used: list[str]) -> str:
    """Python's, of the frameworks that the folder's programs import, and of the servers it really used."""
    program = record.path.parent / shlex.split(record.command)[1]
    imported = _imports(program, set())
    names = ["Python {}.{}".format(*sys.version_info)]
    names += [f"{name} {_short(name)}" for name in ("Django", "celery") if name.lower() in imported]
    return ", ".join(name[0].upper() + name[1:] for name in [*names, *servers_used])


def _short(distribution: str) -> str:
    return ".".join(version(distribution).split(".")[:2])


def _imports(program: Path, seen: set[Path]) -> set[str]:
    """Top-level packages that `program`, and the programs beside it that it imports, import."""
    seen.add(program)
    names: set[str] = set()
    for node in ast.walk(ast.parse(program.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    for name in sorted(names):
        for near in (program.parent / f"{name}.py", EXAMPLES / name / "__init__.py"):
            if near.is_file() and near not in seen:
                names |= _imports(near, seen) | ({"django"} if name in ("shop", "conventions") else set())
    return names


def take_number(page: Path, marked: re.Match[str]) -> str:
    """The number that a marked place in `page` must show, with thousands separated by commas.

    Raises `RecordFault` where the record, the line or the number is not there.
    """
    # The page of a lesson has a folder; the pages of a system share the system's.
    folders = [page.parent] if page.name == "index.md" else [page.with_suffix(""), page.parent]
    places = [EXAMPLES / folder.relative_to(DOCS) / marked["record"] for folder in folders]
    record = next((place for place in places if place.is_file()), places[0])
    text = page.read_text(encoding="utf-8")
    where = f"{page.relative_to(ROOT)}:{text[: marked.start()].count(chr(10)) + 1}"
    if not record.is_file():
        near = ", ".join(sorted(path.name for path in record.parent.glob("*.out"))) or "none"
        raise RecordFault(f"{where}: NUM01 no record {record.relative_to(ROOT)}. Records there: {near}.")
    paragraph, _, start = marked["line"].rpartition(" / ")
    paragraphs = record.read_text(encoding="utf-8").split("\n\n")
    lines = {
        line.lstrip()
        for text in paragraphs
        for line in text.splitlines()
        if text.startswith(paragraph) and line.lstrip().startswith(start)
    }
    if len(lines) != 1:
        raise RecordFault(
            f'{where}: NUM02 {len(lines)} different lines of {record.name} start with "{marked["line"]}", '
            'expected one. Fix: quote more of the line, or put the start of its paragraph before: "… / …".'
        )
    numbers = NUMBER.findall(lines.pop()[len(start) :])
    nth = int(marked["nth"])
    if not 1 <= nth <= len(numbers):
        raise RecordFault(
            f'{where}: NUM03 after "{marked["line"]}" stand {len(numbers)} numbers, not {nth}: {", ".join(numbers)}.'
        )
    number = re.sub(r"\.0+$", "", numbers[nth - 1].replace(",", ""))
    return f"{int(number):,}" if "." not in number and abs(int(number)) >= 1000 else number


def numbers_of(page: Path) -> tuple[str, list[str]]:
    """The page's text with every marked number taken anew, and a fault for each that is out of date."""
    text, faults = page.read_text(encoding="utf-8"), []

    def anew(marked: re.Match[str]) -> str:
        number = take_number(page, marked)
        if number != marked["shown"]:
            line = text[: marked.start()].count("\n") + 1
            faults.append(
                f'{page.relative_to(ROOT)}:{line}: NUM04 shown "{marked["shown"]}", recorded "{number}". '
                "Fix: python3 scripts/test.py --rewrite"
            )
        return (
            text[marked.start() : marked.start("shown")] + number + text[marked.end("shown") : marked.end()]
        )

    return MARKED.sub(anew, text), faults
