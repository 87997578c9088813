"""Write the start of a lesson: its page, its programs and tests, its exercise, and its line in the menu.

  python3 scripts/new_lesson.py databases/partial-indexes "Partial indexes: index the rows you ask for"

What it writes builds and passes its tests; then `python3 scripts/check.py` names each part that you write.
"""

import prepare  # first: it checks the version of Python

import re  # isort: skip
import shutil
import sys
import tempfile
from pathlib import Path

NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


class Refused(Exception):
    """The lesson cannot be started; the message says why and what to do. Nothing was written."""


def main(arguments: list[str]) -> int:
    if not arguments or "-h" in arguments or "--help" in arguments:
        print(__doc__)
        return 0 if arguments else 2
    if len(arguments) > 2:
        print('new_lesson.py: write the title in quotes, as in "Partial indexes"', file=sys.stderr)
        return 2
    prepare.enter("site")
    try:
        written = start_lesson(prepare.ROOT, *arguments)
    except Refused as problem:
        print(f"new_lesson.py: {problem}", file=sys.stderr)
        return 2
    print(*(f"wrote {name}" for name in written), sep="\n")
    print(f"next: python3 scripts/check.py {written[0]} {written[1]}")
    return 0


def start_lesson(root: Path, path: str, title: str = "") -> list[str]:
    """Write the start of the lesson `<topic>/<lesson>` under `root`, all or nothing; return what was written.

    Raises `Refused` with a remedy.
    """
    topic, lesson = _checked(root, path)
    title = " ".join(title.split()) or lesson.replace("-", " ").capitalize()
    if any(sign in title for sign in "<>[]{}|`\\"):
        raise Refused(f'a title is plain words. Found "{title}". Fix: leave out < > [ ] {{ }} | ` \\')
    menu = _menu_with(root, topic, lesson)
    folder = root / "examples" / topic / lesson
    try:
        with tempfile.TemporaryDirectory(dir=root / "examples", prefix=".new-") as scratch:
            made = Path(scratch) / lesson
            for name, text in programs(lesson).items():
                file = made / name
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text, encoding="utf-8", newline="\n")
            page = Path(scratch) / "page.md"
            page.write_text(page_text(topic, lesson, title), encoding="utf-8", newline="\n")
            config = Path(scratch) / "mkdocs.yml"
            config.write_text(menu, encoding="utf-8", newline="\n")
            # Everything is on the disk now; three renames put it in place.
            folder.parent.mkdir(exist_ok=True)
            made.rename(folder)
            page.rename(root / "docs" / topic / f"{lesson}.md")
            config.replace(root / "mkdocs.yml")
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        (root / "docs" / topic / f"{lesson}.md").unlink(missing_ok=True)
        raise Refused(f"{error.strerror}: {error.filename}. Nothing was written.") from error
    return [f"docs/{topic}/{lesson}.md", f"examples/{topic}/{lesson}", "mkdocs.yml"]


def _checked(root: Path, path: str) -> tuple[str, str]:
    """Topic and lesson of a path that can be used."""
    parts = path.replace("\\", "/").removeprefix("docs/").removesuffix(".md").strip("/").split("/")
    topics = sorted(page.parent.name for page in (root / "docs").glob("*/index.md"))
    if len(parts) != 2:
        raise Refused(
            f'"{path}" is no lesson. Expected <topic>/<lesson>, with a topic of: {", ".join(topics)}'
        )
    topic, lesson = parts
    if topic not in topics:
        raise Refused(
            f'there is no topic "{topic}". Topics: {", ".join(topics)}. '
            f"Fix: take one, or write docs/{topic}/index.md"
        )
    if not NAME.fullmatch(lesson):
        better = re.sub(r"[^a-z0-9]+", "-", lesson.lower()).strip("-") or "partial-indexes"
        raise Refused(
            f'"{lesson}" becomes an address: small letters, digits and dashes. Fix: {topic}/{better}'
        )
    if lesson == "index":
        raise Refused(
            f"{topic}/index is the page of the topic itself. Fix: name the lesson after its subject"
        )
    for made in (root / "docs" / topic / f"{lesson}.md", root / "examples" / topic / lesson):
        if made.exists():
            raise Refused(
                f"{made.relative_to(root).as_posix()} exists already. Fix: choose another name, or delete it"
            )
    stem = lesson.replace("-", "_")
    taken = {file.stem: file for file in (root / "examples").rglob("*.py") if "exercises" not in file.parts}
    taken |= {file.stem: file for file in (root / "scripts").glob("*.py")}
    for name in (stem, f"draw_{stem}"):
        if name in taken:
            other = taken[name].relative_to(root).as_posix()
            raise Refused(
                f"{other} has the name of a program that this lesson needs. Fix: {topic}/{lesson}-in-practice"
            )
    if stem in sys.stdlib_module_names or stem[0].isdigit():
        raise Refused(
            f'a program cannot be named "{stem}": Python would not find it. Fix: {topic}/about-{lesson}'
        )
    return topic, lesson


def _menu_with(root: Path, topic: str, lesson: str) -> str:
    """The text of mkdocs.yml with one more line, after the last lesson of the topic."""
    lines = (root / "mkdocs.yml").read_text(encoding="utf-8").split("\n")
    entry = re.compile(
        rf"^(?P<space>\s*)-\s+(?:[^#]*:\s*)?[\"']?{re.escape(topic)}/[\w-]+\.md[\"']?\s*(?:#.*)?$"
    )
    start = next((number for number, line in enumerate(lines) if re.match(r"nav\s*:", line)), None)
    if start is None:
        raise Refused('mkdocs.yml has no menu. Fix: write "nav:" and the pages in their order')
    end = next((at for at in range(start + 1, len(lines)) if re.match(r"[^\s#-]", lines[at])), len(lines))
    found = [(at, match) for at in range(start, end) if (match := entry.match(lines[at]))]
    if not found:
        raise Refused(
            f"no page of {topic}/ is in the menu of mkdocs.yml. Fix: add its section with {topic}/index.md"
        )
    at, match = found[-1]
    return "\n".join([*lines[: at + 1], f"{match['space']}- {topic}/{lesson}.md", *lines[at + 1 :]])


def page_text(topic: str, lesson: str, title: str) -> str:
    """The page: its whole front matter, every section, and in each a comment that says what to write."""
    stem = lesson.replace("-", "_")
    quoted = title.replace('"', '\\"')
    own = f"{topic}/{lesson}"
    return f"""\
---
title: "{quoted}"
description: One sentence that says what the reader can do after this lesson.
level: 1
minutes: 60
needs:
  - You can read a function in Python
covers: [{lesson.replace("-", " ")}]
---

# {title}

<!-- write: a description of 40 to 160 characters, level, minutes, needs and covers, in the lines above. -->
<!-- write: two or three sentences about a situation that a backend developer has been in. -->
<!-- write: what the reader shall predict before the run. -->

## The smallest program that shows it

<!-- write: what to look at in the program. -->

```python title="{stem}.py"
--8<-- "{own}/{stem}.py:sell"
```

## What it printed

<!-- write: what the recorded run shows, with its numbers taken from the record. -->

```console title="Recorded output"
--8<-- "{own}/{stem}.out"
```

<figure>
--8<-- "{own}/{stem}.svg"
<figcaption>The stock after each order.</figcaption>
</figure>

## Why

<!-- write: the reason, with links to its primary sources. -->

## What it costs {"{ #costs }"}

<!-- write: what you gain and what you pay, in a table. -->
<!-- write: what this lesson leaves out. -->

## Your turn: refuse what is not there

<!-- write: the task of the exercise. -->

Run the judge: `python3 scripts/test.py examples/{own}/exercises/refuse_{stem}`

```python title="refuse_{stem}.py"
--8<-- "{own}/exercises/refuse_{stem}/refuse_{stem}.py"
```

<details markdown="1">
<summary>A solution, and why</summary>

<!-- write: why this solution is right. -->

```python title="solution.py"
--8<-- "{own}/exercises/refuse_{stem}/solution.py"
```

</details>

## Check yourself

<!-- write: four questions; the wrong options are what readers believe before the lesson. -->

## Read next

<!-- write: which lesson comes next, and why. -->

## References

<!-- write: the primary sources, each with what it is good for. -->
"""


def programs(lesson: str) -> dict[str, str]:
    """The files of the example folder by their names: they run, and their tests pass."""
    stem = lesson.replace("-", "_")
    version = "# Python {}.{}".format(*sys.version_info)
    exercise = f"exercises/refuse_{stem}"
    return {
        f"{stem}.py": '''\
"""Sell from the stock, and say what is left."""

# write: the smallest program that shows the lesson's idea, in place of this one.


# --8<-- [start:sell]
def sell(stock: int, *, quantity: int) -> int:
    """Return the stock that is left; it never falls below zero."""
    return max(stock - quantity, 0)


# --8<-- [end:sell]


def stocks(stock: int, quantities: list[int]) -> list[int]:
    """Return the stock before the first order and after each."""
    found = [stock]
    for quantity in quantities:
        found.append(sell(found[-1], quantity=quantity))
    return found


if __name__ == "__main__":
    for order, left in enumerate(stocks(3, [1, 2, 1])):
        print(f"order {order}  stock {left}")
''',
        f"test_{stem}.py": f"""\
import {stem}

# write: a test for every sentence that the page proves, in place of this one.


def test_an_order_larger_than_the_stock_leaves_nothing():
    left = {stem}.sell(3, quantity=5)

    assert 0 == left


def test_each_order_starts_from_what_the_last_one_left():
    assert [3, 2, 0, 0] == {stem}.stocks(3, [1, 2, 1])
""",
        f"{stem}.out": f"$ python {stem}.py\n{version}\n{_OUTPUT}",
        f"draw_{stem}.py": f'''\
"""Draw the stock after each order."""

from {stem} import stocks

# write: the picture that is faster to read than words, in place of this one.
WIDTH, ROW = 420, 40


def picture(quantities: list[int]) -> str:
    """Return the picture: a bar for each stock."""
    rows = stocks(3, quantities)
    lines = [
        f'<svg viewBox="0 0 {{WIDTH}} {{ROW * len(rows)}}" width="100%" role="img" '
        'aria-labelledby="{stem}-title">',
        '<title id="{stem}-title">Stock after each order</title>',
        f"<desc>The stock is {{', then '.join(map(str, rows))}}.</desc>",
    ]
    for row, left in enumerate(rows):
        top = ROW * row
        lines += [
            f'<text x="0" y="{{top + 25}}" font-size="16" fill="currentColor">order {{row}}: {{left}}</text>',
            f'<rect class="c1" x="110" y="{{top + 8}}" width="{{100 * left}}" height="24"/>',
        ]
    return "\\n".join([*lines, "</svg>"])


if __name__ == "__main__":
    print(picture([1, 2, 1]))
''',
        f"test_draw_{stem}.py": f"""\
import draw_{stem}


def test_the_picture_has_a_bar_for_each_stock():
    assert 4 == draw_{stem}.picture([1, 2, 1]).count("<rect")
""",
        f"{stem}.svg": f"<!-- $ python draw_{stem}.py\n{version}\n-->\n{_picture(stem)}",
        f"test_questions_{stem}.py": '''\
"""Run the code that the options of the questions contain: test_q_… for the question #q-…."""

# write: a test for each question whose options contain code; without one, delete this file.
''',
        f"{exercise}/refuse_{stem}.py": '''\
"""Refuse an order that is larger than the stock: raise OutOfStock, and change nothing."""

# write: the task, and what the reader starts from, in place of this one.


class OutOfStock(Exception):
    """There is less in the stock than was ordered."""


def sell(stock: int, *, quantity: int) -> int:
    return stock - quantity
''',
        f"{exercise}/test_refuse_{stem}.py": f"""\
import pytest
from refuse_{stem} import OutOfStock, sell

# write: one test a step, from easy to hard, in place of these.


@pytest.mark.parametrize("quantity", [1, 3])
def test_an_order_within_the_stock_is_sold(quantity: int):
    assert 3 - quantity == sell(3, quantity=quantity), "an order of all there is can be served"


def test_an_order_larger_than_the_stock_is_refused():
    try:
        left = sell(3, quantity=4)
    except OutOfStock:
        return

    assert left < 0, "the order is cut to what is there, and the customer is not told"
    raise AssertionError("the stock falls below zero: compare before you subtract")
""",
        f"{exercise}/solution.py": _SOLUTION.format(
            condition="quantity > stock", otherwise="raise OutOfStock(quantity)", head=""
        ),
        f"{exercise}/mistakes/refuse_the_last.py": _SOLUTION.format(
            condition="quantity >= stock",
            otherwise="raise OutOfStock(quantity)",
            head="# fails with: OutOfStock: 3\n",
        ),
        f"{exercise}/mistakes/sell_what_is_there.py": _SOLUTION.format(
            condition="quantity > stock",
            otherwise="return 0",
            head="# fails with: the order is cut to what is there\n",
        ),
        f"{exercise}/mistakes/no_check.py": _SOLUTION.format(
            condition="stock < 0",
            otherwise="raise OutOfStock(quantity)",
            head="# fails with: the stock falls below zero\n",
        ),
    }


_OUTPUT = "order 0  stock 3\norder 1  stock 2\norder 2  stock 0\norder 3  stock 0\n"
_SOLUTION = '''\
{head}"""Refuse an order that is larger than the stock: raise OutOfStock, and change nothing."""


class OutOfStock(Exception):
    """There is less in the stock than was ordered."""


def sell(stock: int, *, quantity: int) -> int:
    if {condition}:
        {otherwise}
    return stock - quantity
'''


def _picture(stem: str) -> str:
    rows = [3, 2, 0, 0]
    lines = [
        f'<svg viewBox="0 0 420 160" width="100%" role="img" aria-labelledby="{stem}-title">',
        f'<title id="{stem}-title">Stock after each order</title>',
        "<desc>The stock is 3, then 2, then 0, then 0.</desc>",
    ]
    for row, left in enumerate(rows):
        lines += [
            f'<text x="0" y="{40 * row + 25}" font-size="16" fill="currentColor">order {row}: {left}</text>',
            f'<rect class="c1" x="110" y="{40 * row + 8}" width="{100 * left}" height="24"/>',
        ]
    return "\n".join([*lines, "</svg>\n"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
