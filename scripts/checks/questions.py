"""Questions: a heading `### … { #q-… }` and a list with boxes, as `scripts/questions.py` reads them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from checks.fault import Fault, shortened
from checks.page import INLINE_CODE, Heading, Page
from checks.tree import Tree

ITEM = re.compile(r"^(?P<space> {0,3})[-*+](?P<gap>[ ]*)(?P<rest>.*)$")
BOX = re.compile(r"\[(?P<mark>[ xX])\](?P<text>\s+.*|$)")
ALMOST_BOX = re.compile(r"\[(?P<mark>[^\[\]]{0,3})\](?P<text>.*)$")
FEWEST = 3


@dataclass
class Option:
    """One option: its line, its mark, its text, and the lines of its explanation."""

    line: int
    right: bool
    text: str
    explanation: list[int] = field(default_factory=list)
    code: bool = False


@dataclass
class Question:
    """One question with the options that the site makes of its list."""

    heading: Heading
    options: list[Option] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


def check(page: Page, tree: Tree) -> Iterator[Fault]:
    """Faults of the questions of one page."""
    seen: dict[str, int] = {}
    tests = _tests(page, tree)
    for question in questions_of(page):
        heading = question.heading
        if not question.options:
            if heading.explicit.startswith("q-"):
                yield Fault(
                    page.name,
                    heading.line,
                    1,
                    "QZ10",
                    f'the question "{shortened(heading.text)}" has no options. Fix: write "- [ ] …" and "- '
                    '[x] …" lines below it.',
                )
            continue
        tree.counts["questions"] += 1
        yield from question.faults
        yield from _options(page, question)
        if not heading.explicit.startswith("q-"):
            found = f'Found "#{heading.explicit}"' if heading.explicit else "It has no id"
            name = re.sub(r"^q-?", "", heading.explicit) or "short-name"
            yield Fault(
                page.name,
                heading.line,
                1,
                "QZ06",
                f"a list with boxes is a question, and its heading needs an id that starts with q-. {found}. "
                f'Fix: write "{"#" * heading.level} {shortened(heading.text, 40)} {{ #q-{name} }}".',
            )
            continue
        if heading.explicit in seen:
            yield Fault(
                page.name,
                heading.line,
                1,
                "QZ07",
                f"#{heading.explicit} is the question of line {seen[heading.explicit]} already. Fix: choose "
                "another id.",
            )
        seen.setdefault(heading.explicit, heading.line)
        test = "test_" + re.sub(r"\W", "_", heading.explicit)
        if any(option.code for option in question.options) and not any(
            name.startswith(test) for name in tests
        ):
            where = tree.name(_test_file(page, tree))
            yield Fault(
                page.name,
                heading.line,
                1,
                "QZ09",
                f"its options contain code that nothing runs. Fix: write {test} in {where}, and let it run "
                "every option.",
            )


def questions_of(page: Page) -> list[Question]:
    """Every list with boxes under a heading, and every heading with an id `q-…`."""
    found: list[Question] = []
    headings = {heading.line: heading for heading in page.headings}
    current: Question | None = None
    number = page.front
    orphan = Heading(page.front + 1, 2, "", "", "", True)
    while number < len(page.lines):
        if number + 1 in headings:
            current = Question(headings[number + 1])
            if current.heading.explicit.startswith("q-"):
                found.append(current)
        elif page.kinds[number] == "text" and (item := ITEM.match(page.lines[number])) and _has_box(item):
            target = (
                current
                if current and not current.options
                else Question(current.heading if current else orphan)
            )
            if target not in found:
                found.append(target)
            number = _list(page, number, target, set(headings))
            continue
        number += 1
    return found


def _has_box(item: re.Match[str]) -> bool:
    box = ALMOST_BOX.match(item["rest"])
    if not box or (box["text"][:1] and box["text"][:1] in "(:[^"):
        return False  # a link or a footnote
    return box["mark"].strip().lower() in ("", "x", "*", "v", "✓", "✔", "✗", "y", "o", "-")


def _list(page: Page, number: int, question: Question, headings: set[int]) -> int:
    """Read the options from line `number` (0-based) on; the line after them."""
    option: Option | None = None
    after_blank = False
    while number < len(page.lines) and number + 1 not in headings:
        line = page.lines[number].expandtabs(4)
        item = ITEM.match(line) if page.kinds[number] == "text" else None
        indent = len(line) - len(line.lstrip())
        if not line.strip():
            after_blank = True
        elif item and (item["gap"] or item["rest"].startswith("[")) and indent < 4:
            option = _option(page, number, item, question)
            after_blank = False
        elif indent >= 4 and option:
            if after_blank or option.explanation:
                option.explanation.append(number + 1)
                starts = page.kinds[number] == "fence" and len(option.explanation) == 1
                option.code = option.code or starts
            else:
                option.text += " " + line.strip()
                option.code = option.code or _has_code(line)
            after_blank = False
        elif not after_blank and option and page.kinds[number] == "text":
            option.text += " " + line.strip()  # the builder joins it to the line above
        elif option and 0 < indent < 4 and page.kinds[number] in ("text", "fence"):
            question.faults.append(
                Fault(
                    page.name,
                    number + 1,
                    1,
                    "QZ03",
                    "an explanation is indented by 4 spaces, or it does not belong to its option. Found "
                    f"{indent}, expected 4.",
                )
            )
            option.explanation.append(number + 1)
            after_blank = False
        elif option and _more_options(page, number, headings) and not option.explanation:
            question.faults.append(
                Fault(
                    page.name,
                    number + 1,
                    1,
                    "QZ03",
                    "an explanation is indented by 4 spaces, or it does not belong to its option. Found 0, "
                    "expected 4.",
                )
            )
            option.explanation.append(number + 1)
            after_blank = False
        else:
            break
        number += 1
    return number


def _more_options(page: Page, number: int, headings: set[int]) -> bool:
    for at in range(number + 1, len(page.lines)):
        if at + 1 in headings:
            return False
        if (item := ITEM.match(page.lines[at])) and page.kinds[at] == "text" and _has_box(item):
            return True
    return False


def _option(page: Page, number: int, item: re.Match[str], question: Question) -> Option:
    box = BOX.match(item["rest"])
    near = ALMOST_BOX.match(item["rest"])
    mark = near["mark"].strip().lower() if near else ""
    text = box["text"] if box else near["text"] if near else item["rest"]
    option = Option(number + 1, bool(mark), text.strip())
    option.code = _has_code(text)
    if not (box and item["gap"] and option.text):
        found = shortened(page.lines[number], 40)
        wanted = f"- [{'x' if mark else ' '}] {option.text or 'the option'}"
        what = "an option without words" if box and not option.text else "not a box"
        question.faults.append(
            Fault(
                page.name,
                number + 1,
                1,
                "QZ08",
                f'{what}. Found "{found}", expected "{shortened(wanted, 60)}".',
            )
        )
    question.options.append(option)
    return option


def _has_code(text: str) -> bool:
    return any(re.search(r"[\s(]", match[2].strip()) for match in INLINE_CODE.finditer(text))


def _options(page: Page, question: Question) -> Iterator[Fault]:
    right = [option for option in question.options if option.right]
    first = question.options[0].line
    if not right:
        yield Fault(
            page.name, first, 1, "QZ01", 'no option is marked [x]. Fix: write "- [x]" at the right one.'
        )
    for option in right[1:]:
        yield Fault(
            page.name,
            option.line,
            1,
            "QZ02",
            f'a second right option, first on line {right[0].line}. Fix: write "- [ ]" at one.',
        )
    if len(question.options) < FEWEST:
        yield Fault(
            page.name,
            first,
            1,
            "QZ04",
            f"{len(question.options)} option{'s' * (len(question.options) > 1)}, expected 3 or 4. "
            "Fix: add what readers believe before the lesson.",
        )
    for option in question.options:
        words = [
            number for number in option.explanation
            if page.kinds[number - 1] != "fence" and not page.lines[number - 1].strip().startswith("<!--")
        ]  # fmt: skip
        if not words:
            yield Fault(
                page.name,
                option.line,
                1,
                "QZ05",
                f'no explanation of "{shortened(option.text, 40)}". '
                "Fix: after an empty line, write why it is right or wrong, indented by 4 spaces.",
            )


def _test_file(page: Page, tree: Tree) -> object:
    return tree.example_folder(page) / f"test_questions_{page.path.stem.replace('-', '_')}.py"


def _tests(page: Page, tree: Tree) -> list[str]:
    file = _test_file(page, tree)
    return (
        re.findall(r"^\s*(?:async )?def (test_\w+)", tree.text(file), re.MULTILINE)
        if file in tree.files
        else []
    )
