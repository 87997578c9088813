"""Numbers in the prose of a lesson: each is taken from a record, or stands in a program of the lesson."""

import re
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

import record

from checks import front_matter, quotations
from checks.fault import Fault, shortened
from checks.page import Page
from checks.tree import Tree

SMALLEST = 10
DASH, MINUS = "\N{EN DASH}", "\N{MINUS SIGN}"
NUMBER = re.compile(
    rf"(?<![\w.,:/#&@-])(?P<sign>[-{MINUS}+]?)"
    r"(?P<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)*)(?P<after>\w*)"
)
UNITS = re.compile(r"(?:ms|s|kB|KB|KiB|MB|MiB|GB|GiB|k|x|ns|us|µs|min|h)")
# After one of these words a number is a name or a place in a text, and measures nothing.
NAMES = (
    "RFC", "CVE", "CWE", "ISO", "IEC", "ECMA", "PEP", "FIPS", "SP", "NIST", "BCP", "STD", "OWASP",
    "ASVS", "SQLSTATE", "HTTP", "HTTPS", "TLS", "UTF", "SHA", "AES", "port", "ports", "status", "code",
    "codes", "error", "errno", "level", "step", "version", "versions", "release", "chapter", "section",
    "sections", "part", "item", "figure", "table", "line", "lines", "question", "issue", "ticket",
    "PostgreSQL", "Postgres", "Python", "Django", "Redis", "RabbitMQ", "MariaDB", "MySQL", "SQLite",
    "Celery", "Debian", "Ubuntu", "Windows", "macOS", "Chrome", "Chromium", "Firefox", "Safari",
    "PGlite", "Pyodide", "Node", "v",
)  # fmt: skip
NAMED = re.compile(
    rf"(?:(?<![A-Za-z])(?:{'|'.join(NAMES)})|§+)[\s\u00a0(#-]*(?:[\d.]+\s*(?:and|or|to|,|{DASH})\s*)*$",
    re.IGNORECASE,
)
ANSWERED = re.compile(
    r"\b(?:answer\w*|return\w*|gets?|respon\w*|fails? at once with|with|an?)\s+(?:an?\s+|with\s+)?$"
)
STATUSES = {str(status.value) for status in HTTPStatus}
MONTH = r"(?:January|February|March|April|May|June|July|August|September|October|November|December)"


def check(page: Page, tree: Tree) -> Iterator[Fault]:
    """Numbers of one lesson that nothing in its folder shows, and marks that cannot be read."""
    tree.counts["numbers"] += len(record.MARKED.findall(page.text))
    yield from _marks(page)
    folder = tree.example_folder(page)
    if not front_matter.is_lesson(page) or folder not in tree.lesson_folders:
        return
    known = _known(page, tree, folder)
    text = _prose(page)
    for match in NUMBER.finditer(text):
        tree.counts["numbers"] += 1
        value = _value(match["number"])
        if value < SMALLEST or _is_name(text, match) or value in known:
            continue
        line, column = page.place(match.start("number"))
        found = page.text[match.start() : match.end()]
        yield Fault(
            page.name,
            line,
            column,
            "NUM05",
            f"{shortened(found)} stands in no program and no record of {tree.name(folder)}/. "
            f'Fix: take it from a record by writing <!--= name.out "start of its line" 1 -->{found}<!--/-->, '
            "let a program print it, or leave it out.",
        )


def _marks(page: Page) -> Iterator[Fault]:
    for match in re.finditer(r"<!--=", page.text):
        line, column = page.place(match.start())
        if page.kinds[line - 1] in ("fence", "code") or _is_code(page, match.start()):
            continue
        if not record.MARKED.match(page.text, match.start()):
            yield Fault(
                page.name,
                line,
                column,
                "NUM06",
                'this mark of a number cannot be read. Expected "<!--= name.out "start of its line" 1 '
                '-->1,064<!--/-->" on one line.',
            )


def _is_code(page: Page, offset: int) -> bool:
    start = page.text.rfind("\n", 0, offset) + 1
    return page.text[start:offset].count("`") % 2 == 1


def _prose(page: Page) -> str:
    """The page's prose with marked numbers, links' addresses, tags and headings' ids blanked out."""

    def blank(match: re.Match[str]) -> str:
        return re.sub(r"[^\n]", " ", match[0])

    text = list(page.prose)
    for match in record.MARKED.finditer(page.text):
        text[match.start() : match.end()] = re.sub(r"[^\n]", " ", match[0])
    joined = "".join(text)
    for pattern in (
        r"\]\([^)\n]*\)",
        r"^ {0,3}\[[^\]\n]+\]:.*$",
        r"https?://\S+",
        r"<[^<>\n]*>",
        r"\{[^{}\n]*\}",
        r"&#?\w+;",
        r"\[\^[^\]]*\]:?",
    ):
        joined = re.sub(pattern, blank, joined, flags=re.MULTILINE)
    references = next((each for each in page.headings if each.level == 2 and each.text == "References"), None)
    if references:  # titles of books, standards and articles
        lines = joined.split("\n")
        joined = "\n".join(lines[: references.line] + [" " * len(line) for line in lines[references.line :]])
    return joined


def _known(page: Page, tree: Tree, folder: Path) -> set[float]:
    """Every number in the lesson's own programs and records, in what the page quotes, and in its code."""
    files = {
        path
        for path in tree.under(folder)
        if path.suffix in (".py", ".sql", ".out", ".svg", ".yaml", ".toml", ".txt")
    }
    files |= {each.file for each in quotations.quotations_of(page, tree)}
    # Of a picture only its words count: its coordinates are numbers of every size.
    texts = [
        re.sub(r"<[^>]*>", " ", tree.text(path)) if path.suffix == ".svg" else tree.text(path)
        for path in files
    ]
    texts += [line for line, kind in zip(page.lines, page.kinds, strict=True) if kind in ("fence", "code")]
    texts += re.findall(r"`[^`\n]+`", page.with_code)
    found: set[float] = set()
    for text in texts:
        # 10_000, 10,000 and 10000 are one number; so are 0.25 and 25 %.
        for number in re.findall(r"\d[\d_,]*(?:\.\d+)?", text):
            digits = number.replace("_", "").replace(",", "")
            found |= {float(digits), round(float(digits) * 100, 6) if "." in digits else float(digits)}
            if "," in number:
                found |= {float(each) for each in number.replace("_", "").split(",") if each}
        for base, power in re.findall(r"\b(\d{1,3})\s*\*\*\s*(\d{1,2})\b", text):
            found.add(float(int(base) ** int(power)))
    return found


def _value(number: str) -> float:
    return float(".".join(number.replace(",", "").split(".")[:2]))


def _is_name(text: str, match: re.Match[str]) -> bool:
    """Whether the number is a year, a version, a status, a place in a text, or part of a word."""
    number, after = match["number"], match["after"]
    before = text[max(0, match.start() - 40) : match.start()]
    following = text[match.end() : match.end() + 14]
    if number.count(".") > 1 or (after and not UNITS.fullmatch(after)):
        return True
    if re.fullmatch(r"(?:19|20)\d\d", number) and not re.match(r"\s*(?:%|ms|rows|pages|requests)", following):
        return True
    if re.match(rf"\s+{MONTH}", following) or re.search(rf"{MONTH}\s+$", before):
        return True
    if re.match(rf"[-{DASH}]\d\d|[-:/]\w|°", following) and not re.match(
        r"-(?:fold|second|minute|hour|row|page|way)", following
    ):
        return True
    return bool(NAMED.search(before)) or (number in STATUSES and bool(ANSWERED.search(before)))
