"""Headings, fenced blocks, comments: the shape of a page's Markdown."""

import re
from collections.abc import Iterator
from functools import cache

from checks import front_matter
from checks.fault import Fault, listed, meant, nearest, shortened
from checks.page import Page, plain
from checks.tree import Tree

USUAL = (
    "bash",
    "console",
    "css",
    "diff",
    "docker",
    "graphql",
    "html",
    "http",
    "ini",
    "javascript",
    "json",
    "markdown",
    "mermaid",
    "nginx",
    "python",
    "pycon",
    "pytb",
    "sql",
    "text",
    "toml",
    "typescript",
    "xml",
    "yaml",
)
OPTIONS = ("title", "hl_lines", "linenums", "title_mode")
UNFINISHED = re.compile(r"(?:<!--|#|--) write: (?P<what>.*?)(?:\s*-->)?\s*$")


def check(page: Page, tree: Tree) -> Iterator[Fault]:
    """Faults in the headings, fences and comments of one page."""
    tree.counts["headings"] += len(page.headings)
    tree.counts["blocks of code"] += len(page.fences)
    yield from _headings(page)
    yield from _fences(page, tree)
    yield from _comments(page)


def _headings(page: Page) -> Iterator[Fault]:
    first, level, ids = 0, 0, {}
    for heading in page.headings:
        if not heading.spaced:
            yield Fault(
                page.name,
                heading.line,
                1,
                "MD04",
                f'"{shortened(page.lines[heading.line - 1], 30)}" becomes a heading here and nowhere else. '
                'Fix: write a space after "#", or "\\#" if it is no heading.',
            )
            continue
        above = page.lines[heading.line - 2] if heading.line > page.front + 1 else ""
        if re.match(r" {4}|\t| {0,3}(?:[-*+]|\d+\.)\s", above) and page.kinds[heading.line - 2] == "text":
            yield Fault(
                page.name,
                heading.line,
                1,
                "MD07",
                "without an empty line above it this heading belongs to the list. Fix: add one.",
            )
        if heading.level == 1 and first:
            yield Fault(
                page.name, heading.line, 1, "MD02", f'second H1, first on line {first}. Fix: write "##".'
            )
        elif level and heading.level > level + 1:
            yield Fault(
                page.name,
                heading.line,
                1,
                "MD03",
                f'skipped level. Found "{"#" * heading.level}" after "{"#" * level}". Fix: write '
                f'"{"#" * (level + 1)}".',
            )
        if heading.level == 1 and not first:
            first = heading.line
            yield from _title(page, heading)
        level = heading.level
        if heading.explicit:
            if heading.explicit in ids and not heading.explicit.startswith("q-"):
                yield Fault(
                    page.name,
                    heading.line,
                    1,
                    "MD06",
                    f"#{heading.explicit} is the id of line {ids[heading.explicit]} already. Fix: choose "
                    "another.",
                )
            ids.setdefault(heading.explicit, heading.line)
    if not first:
        title = front_matter.values_of(page).get("title", "…")
        yield Fault(
            page.name,
            page.front + 1,
            0,
            "MD01",
            f'the page has no H1. Fix: begin its text with "# {shortened(str(title))}".',
        )


def _title(page: Page, heading: object) -> Iterator[Fault]:
    title = front_matter.values_of(page).get("title")
    if isinstance(title, str) and _words(plain(heading.text)) != _words(plain(title)):
        yield Fault(
            page.name,
            heading.line,
            1,
            "MD05",
            f'H1 and title differ. Found "{shortened(heading.text)}", expected "{shortened(title)}". '
            "Fix: use the same words in both.",
        )


def _words(text: str) -> str:
    return " ".join(text.split())


@cache
def languages() -> frozenset[str]:
    """Every name of a language that Pygments colours, and what the site draws itself."""
    from pygments.lexers import get_all_lexers

    return frozenset(alias for _, aliases, _, _ in get_all_lexers(plugins=False) for alias in aliases) | {
        "mermaid"
    }


def _fences(page: Page, tree: Tree) -> Iterator[Fault]:
    extensions = tree.config.get("markdown_extensions") or []
    superfences = next(
        (
            each["pymdownx.superfences"]
            for each in extensions
            if isinstance(each, dict) and "pymdownx.superfences" in each
        ),
        None,
    )
    custom = superfences.get("custom_fences") if isinstance(superfences, dict) else None
    drawn = {each.get("name") for each in custom or [] if isinstance(each, dict)}
    for fence in page.fences:
        if not fence.end:
            yield Fault(
                page.name,
                fence.line,
                fence.column,
                "MD08",
                f"this block of code is never closed (noticed on line {fence.beside}). "
                f'Fix: write "{_marks(page, fence)}" alone on a line after its last line.',
            )
        language = fence.language
        if language and language.lower() not in languages() and language not in drawn:
            near = nearest(language, USUAL) or nearest(language, languages(), 0.75)
            said = (
                f'language "{language}", did you mean "{near}"?'
                if near
                else f'unknown language "{language}". Fix: use "text", or one of {listed(USUAL, 30)}.'
            )
            yield Fault(page.name, fence.line, fence.column + len(_marks(page, fence)), "EX06", said)
        # Within braces the builder takes every option, as an attribute.
        options = (
            "" if "{" in page.lines[fence.line - 1] else re.sub(r"\"[^\"]*\"|'[^']*'", '""', fence.options)
        )
        for option in re.findall(r"([A-Za-z_][\w-]*)=", options):
            if option not in OPTIONS and not option.startswith("data-"):
                hint = meant(nearest(option, OPTIONS), f"A block may have {listed(OPTIONS)}.")
                yield Fault(
                    page.name,
                    fence.line,
                    fence.column,
                    "EX14",
                    f'this block is not shown as code: unknown option "{option}"{hint}',
                )


def _marks(page: Page, fence: object) -> str:
    return re.match(r"[`~]+", page.lines[fence.line - 1][fence.column - 1 :])[0]


def _comments(page: Page) -> Iterator[Fault]:
    for number, line in enumerate(page.lines, start=1):
        at = line.find("<!--")
        if at < 0 or page.kinds[number - 1] == "fence":
            continue
        offset = page.offset(number) + at
        if "-->" not in page.text[offset:] and page.prose[offset : offset + 4] == "<!--":
            yield Fault(
                page.name,
                number,
                at + 1,
                "MD09",
                'this comment is never closed, and hides the rest of the page. Fix: write "-->" after it.',
            )
            return


def unfinished(name: str, text: str) -> Iterator[Fault]:
    """A fault for every piece of guidance that `scripts/new_lesson.py` left and nobody has replaced yet."""
    for number, line in enumerate(text.split("\n") if " write: " in text else (), start=1):
        if match := UNFINISHED.search(line):
            yield Fault(
                name,
                number,
                match.start() + 1,
                "LES11",
                f"not written yet: {shortened(match['what'], 160)} Fix: write it, and delete this comment.",
            )
