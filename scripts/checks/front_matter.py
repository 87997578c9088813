"""Front matter: the lines between `---` and `---` on top of a page."""

import re
from collections.abc import Iterator
from functools import cache

import yaml

from checks.fault import Fault, listed, meant, nearest, shortened
from checks.page import Page
from checks.tree import Tree

REQUIRED = {"title": "the words of the heading", "description": "40-160 characters, for search results"}
OF_A_LESSON = {
    "level": "1, 2 or 3",
    "minutes": "how long it takes, as in 60",
    "needs": "a list of what the reader must know",
    "covers": "a list of short phrases",
}
OF_THE_THEME = ("hide", "icon", "search", "status", "tags", "template")
KNOWN = (*REQUIRED, *OF_A_LESSON, *OF_THE_THEME)
DESCRIPTION = range(40, 161)
LESSON_PATH = re.compile(r"[a-z0-9-]+/[a-z0-9-]+")


def check(page: Page, tree: Tree) -> Iterator[Fault]:
    """Faults of one page's front matter."""
    if not page.front:
        yield from _without(page)
        return
    lines = page.lines[: page.front]
    if lines[-1].rstrip() not in ("---", "...") or page.front == 1:
        yield Fault(
            page.name,
            1,
            1,
            "FM03",
            "the front matter is never closed, so all of it is shown as text. "
            f'Fix: write "---" on a line of its own after line {page.front}.',
        )
        lines = [*lines, "---"]
    tabs = [number for number, line in enumerate(lines, start=1) if re.match(r" *\t", line)]
    for number in tabs:
        yield Fault(page.name, number, 1, "FM02", "tab in YAML. Fix: use two spaces.")
    text = "\n" + "\n".join(lines[1:-1]).replace("\t", "  ") + "\n"
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        values = yaml.load(text, Loader=yaml.SafeLoader) or {}
    except (yaml.YAMLError, ValueError, TypeError, AttributeError) as error:
        yield broken_yaml(page.name, text, error, "FM01", "front matter")
        return
    if not isinstance(node, yaml.MappingNode) or not isinstance(values, dict):
        yield Fault(
            page.name, 1, 1, "FM01", 'front matter must be "key: value" lines. Fix: write "title: …".'
        )
        return
    yield from _keys(page, node)
    yield from _values(page, tree, node, values)


def values_of(page: Page) -> dict:
    """The values of a page's front matter; empty where it cannot be read."""
    return _values_of("\n".join(page.lines[1 : page.front - 1]))


@cache
def _values_of(text: str) -> dict:
    try:
        values = yaml.load(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, ValueError, TypeError, AttributeError):
        return {}
    return values if isinstance(values, dict) else {}


def is_lesson(page: Page) -> bool:
    """Whether the page's front matter has a key that only lessons have."""
    return any(re.match(rf"(?:{'|'.join(OF_A_LESSON)})\s*:", line) for line in page.lines[: page.front])


def broken_yaml(name: str, text: str, error: Exception, code: str, what: str) -> Fault:
    """A fault that says in plain words what a YAML reader stopped at."""
    mark = getattr(error, "problem_mark", None)
    problem = str(getattr(error, "problem", None) or error)
    context = str(getattr(error, "context", None) or "")
    opened = getattr(error, "context_mark", None)
    if "flow " in context and (mark is None or mark.index >= len(text.rstrip()) or "node" not in context):
        start = opened.index if "node" not in context else max(text.rfind("["), text.rfind("{"))
        sign, before = text[start], text[:start]
        return Fault(
            name,
            before.count("\n") + 1,
            start - before.rfind("\n"),
            code,
            f'{what} is not valid YAML: "{sign}" is never closed. Fix: close it or quote the value.',
        )
    if "quoted scalar" in context:
        quote = text.splitlines()[opened.line][opened.column]
        return Fault(
            name,
            opened.line + 1,
            opened.column + 1,
            code,
            f"{what} is not valid YAML: the quote {quote} is never closed. Fix: write {quote} at the end of "
            "the value.",
        )
    fix = "Fix: put the value in double quotes."
    if "mapping values" in problem:
        problem, fix = 'a second ":" in one value', "Fix: put the whole value in double quotes."
    elif "could not find expected ':'" in problem:
        problem, fix = 'a line without ":"', 'Fix: write "key: value".'
        mark = opened or mark
    elif "expected <block end>" in problem:
        problem, fix = "this line is not indented like the lines above it", "Fix: indent it as they are."
    elif "cannot start any token" in problem:
        problem = f"{problem.split(chr(39))[1]!r} cannot begin a value" if "'" in problem else problem
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    return Fault(name, line, column, code, f"{what} is not valid YAML: {shortened(problem, 100)}. {fix}")


def _without(page: Page) -> Iterator[Fault]:
    for number, line in enumerate(page.lines[:5], start=1):
        if (
            line.strip() == "---"
            and number > 1
            and not any(each.strip() for each in page.lines[: number - 1])
        ):
            which = "line 1" if number == 2 else f"lines 1 to {number - 1}"
            yield Fault(
                page.name,
                number,
                1,
                "FM04",
                f"front matter must start on line 1 (it is shown as text now). Fix: delete {which}.",
            )
            return
    indented = page.lines[0].strip() == "---"
    if indented:
        yield Fault(page.name, 1, 1, "FM04", 'front matter must start with "---" without a space before it.')
        return
    for key, meaning in REQUIRED.items():
        yield Fault(
            page.name,
            1,
            0,
            "FM07",
            f'"{key}" is required ({meaning}). Fix: begin the page with "---", "{key}: …" and "---", a line '
            "each.",
        )


def _keys(page: Page, node: yaml.MappingNode) -> Iterator[Fault]:
    first: dict[str, int] = {}
    for key, _ in node.value:
        line, column, name = key.start_mark.line + 1, key.start_mark.column + 1, str(key.value)
        if name in first:
            yield Fault(
                page.name,
                line,
                column,
                "FM08",
                f'"{name}" stands on line {first[name]} already. Fix: delete one of the two.',
            )
        elif name not in KNOWN:
            near = nearest(name, KNOWN)
            yield Fault(
                page.name,
                line,
                column,
                "FM05",
                f'unknown key "{name}", did you mean "{near}"?'
                if near
                else f'unknown key "{name}". Fix: delete it; a page may have {listed(KNOWN)}.',
            )
        first.setdefault(name, line)
    lesson = OF_A_LESSON if any(key in first for key in OF_A_LESSON) else {}
    # A misspelt key is one fault, not also a missing one.
    meant = {nearest(name, KNOWN) for name in first if name not in KNOWN}
    for key, meaning in (REQUIRED | lesson).items():
        if key not in first and key not in meant:
            of = " of a lesson" if key in OF_A_LESSON else ""
            yield Fault(
                page.name, 1, 0, "FM07", f'"{key}"{of} is required ({meaning}). Fix: add a line "{key}: …".'
            )


def _values(page: Page, tree: Tree, node: yaml.MappingNode, values: dict) -> Iterator[Fault]:
    for key, value_node in node.value:
        name, value = str(key.value), values.get(key.value)
        line, column = value_node.start_mark.line + 1, value_node.start_mark.column + 1
        found = shortened(
            "\n".join(page.lines[line - 1 : value_node.end_mark.line + 1])[column - 1 :] or "nothing"
        )
        expected = _expected(name, value)
        if expected:
            yield Fault(
                page.name,
                line,
                column,
                "FM06",
                f'"{name}" has a wrong value. Found "{found}", expected {expected}.',
            )
        elif name == "description" and len(value) not in DESCRIPTION:
            yield Fault(
                page.name,
                line,
                column,
                "FM09",
                f"the description has {len(value)} characters. Fix: make it {DESCRIPTION[0]} to "
                f"{DESCRIPTION[-1]}.",
            )
        elif name == "needs":
            yield from _needs(page, tree, value_node)


def _expected(key: str, value: object) -> str:
    """What a value should have been; empty where it is right."""
    words = (
        isinstance(value, list) and value and all(isinstance(each, str) and each.strip() for each in value)
    )
    number = isinstance(value, int) and not isinstance(value, bool)
    wrong = {
        "title": (
            not (isinstance(value, str) and value.strip()),
            "words (in double quotes where YAML reads them otherwise)",
        ),
        "description": (not (isinstance(value, str) and value.strip()), "a sentence of 40 to 160 characters"),
        "level": (not (number and value in (1, 2, 3)), "1, 2 or 3"),
        "minutes": (not (number and 1 <= value <= 600), "a number of minutes from 1 to 600"),
        "needs": (not words, 'a list of sentences, each on a line "  - …"'),
        "covers": (not words, "a list of phrases, as in [indexes, query plans]"),
        "hide": (not words, "a list, as in [toc]"),
    }
    is_wrong, expected = wrong.get(key, (False, ""))
    return expected if is_wrong else ""


def _needs(page: Page, tree: Tree, node: yaml.Node) -> Iterator[Fault]:
    order = tree.nav_order
    for need in node.value if isinstance(node, yaml.SequenceNode) else []:
        path = str(need.value).strip()
        if not LESSON_PATH.fullmatch(path):
            continue
        line, column = need.start_mark.line + 1, need.start_mark.column + 1
        wanted = f"{path}.md"
        if tree.docs / wanted not in tree.page_of:
            lessons = [
                each.path.relative_to(tree.docs).with_suffix("").as_posix()
                for each in tree.pages
                if is_lesson(each)
            ]
            hint = meant(nearest(path, lessons), f"Lessons: {listed(lessons)}.")
            yield Fault(page.name, line, column, "FM10", f'there is no lesson "{path}"{hint}')
        else:
            own = page.path.relative_to(tree.docs).as_posix()
            if wanted in order and own in order and order.index(wanted) >= order.index(own):
                yield Fault(
                    page.name,
                    line,
                    column,
                    "FM11",
                    f'"{path}" comes later in the menu than this page. Fix: move one of them in mkdocs.yml, '
                    "or need another.",
                )
