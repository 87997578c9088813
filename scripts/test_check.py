"""Plant every fault in a small valid portal: the check names that fault, at its line, and nothing else."""

import random
import re
import subprocess
import sys
from pathlib import Path

import check
import prepare
import pytest

PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)
CONFIG = """\
site_name: Nexus
site_url: !ENV [SITE_URL, "http://127.0.0.1:8000/"]
nav:
  - index.md
  - Databases:
      - databases/index.md
      - databases/indexes.md
  - API: api.md
strict: true
exclude_docs: |
  theme/
theme:
  name: material
plugins:
  - search
  - swagger-ui-tag:
      filter_files:
        - api.md
markdown_extensions:
  - attr_list
  - footnotes
  - pymdownx.snippets:
      base_path: [examples]
  - questions
"""
FRONT = """\
---
title: {title}
description: A sentence that says in fifty characters what it is for.
---
"""
HOME = (
    FRONT.format(title="Nexus")
    + """\
# Nexus

Start with [indexes](databases/indexes.md) and [the API](api.md#try-it).
![A mug on a table](mug.png)
"""
)
TOPIC = (
    FRONT.format(title="Databases")
    + """\
# Databases

One lesson: [indexes](indexes.md#costs), and [home](../index.md).
"""
)
API = (
    FRONT.format(title="The API")
    + """\
# The API

## Try it

<swagger-ui src="specs/shop.yaml"></swagger-ui>
"""
)
OPTIONS = """\
- [ ] The index is too small.

    The planner has no such limit.

- [x] The range column comes first.

    The rows that match are spread.

- [ ] The table is too small.

    It is not.
"""
LESSON = (
    """\
---
title: B-tree indexes
description: A sentence that says in fifty characters what it is for.
level: 2
minutes: 60
needs:
  - You can read a SELECT
covers: [indexes, query plans]
---
# B-tree indexes

It reads <!--= column_order.out "no index" 1 -->1,064<!--/--> pages, as [the manual](https://example.org/) says[^note].

[^note]: A footnote.

```python title="column_order.py"
--8<-- "databases/indexes/column_order.py:create"
```

```console title="Recorded output"
--8<-- "databases/indexes/column_order.out"
```

<figure>
--8<-- "databases/indexes/pages.svg"
<figcaption>Fewer pages.</figcaption>
</figure>

## What it costs { #costs }

Every index is written too.

## Your turn: cover it

```sql title="covering.sql"
--8<-- "databases/indexes/exercises/covering/covering.sql"
```

## Check yourself

"""
    + "".join(
        f"### Why is it slow, case {name}? {{ #q-{name} }}\n\n{OPTIONS}\n"
        for name in ("one", "two", "three", "four")
    )
    + """\
## References

- [The manual](https://example.org/indexes), on plans.
"""
)
PROGRAM = '''\
"""Show that the order of columns decides."""

# --8<-- [start:create]
def create():
    return 1064
# --8<-- [end:create]


print("no index", create())
'''
SVG = """\
<!-- $ python draw_pages.py
# Python 3.11
-->
<svg viewBox="0 0 400 300" role="img">
<title>Pages</title><desc>Fewer.</desc>
</svg>
"""
SWITCH = 'if os.environ.get("NEXUS_LAB") != "1":\n    raise ImportError\n'
OWN = "examples/databases/indexes"
EXERCISE = f"{OWN}/exercises/covering"
TREE = {
    "mkdocs.yml": CONFIG,
    "docs/index.md": HOME,
    "docs/api.md": API,
    "docs/mug.png": PNG,
    "docs/theme/README.md": "excluded\n",
    "docs/specs/shop.yaml": "openapi: 3.1.0\ninfo: {title: Shop}\npaths: {/orders: {}}\n",
    "docs/databases/index.md": TOPIC,
    "docs/databases/indexes.md": LESSON,
    f"{OWN}/column_order.py": PROGRAM,
    f"{OWN}/test_column_order.py": "import column_order\n",
    f"{OWN}/column_order.out": "$ python column_order.py\n# Python 3.11\nno index 1064\n",
    f"{OWN}/draw_pages.py": '"""Draw the pages."""\n',
    f"{OWN}/pages.svg": SVG,
    f"{EXERCISE}/covering.sql": "-- Write an index.\n",
    f"{EXERCISE}/solution.sql": "CREATE INDEX covering ON orders (id);\n",
    f"{EXERCISE}/test_covering.py": "def test_it(): ...\n",
    f"{EXERCISE}/mistakes/range_first.sql": "-- fails with: the range column\n",
    f"{EXERCISE}/mistakes/no_index.sql": "-- fails with: there is no index\n",
    "examples/shop/__init__.py": "",
    "examples/shop/services.py": '"""Services of the shop."""\n',
}
INDEXES = "docs/databases/indexes.md"
PAGE = "docs/databases/index.md"


def plant(root: Path, files: dict[str, str | bytes | None]) -> Path:
    """Write the valid portal with `files` in place of its own; None deletes one."""
    for name, content in {**TREE, **files}.items():
        path = root / name
        if content is None:
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def faults_of(root: Path) -> list[str]:
    return [str(fault) for fault in check.find_faults(root)[0]]


def line_of(text: str, piece: str) -> int:
    """The 1-based line on which `piece` stands for the first time."""
    return text[: text.index(piece)].count("\n") + 1


def added(text: str, *, name: str = PAGE) -> tuple[dict[str, str], int]:
    """A page with `text` after its own, and the line where it starts."""
    whole = f"{TREE[name]}\n{text}\n"
    return {name: whole}, TREE[name].count("\n") + 2


def changed(name: str, old: str, new: str) -> dict[str, str]:
    """A file with its first `old` replaced."""
    assert old in TREE[name], f"{name} does not contain {old!r}"
    return {name: TREE[name].replace(old, new, 1)}


def test_the_valid_portal_has_no_fault_and_everything_in_it_was_counted(tmp_path: Path):
    faults, tree = check.find_faults(plant(tmp_path, {}))

    assert [] == [str(fault) for fault in faults]
    assert {
        "pages": 4,
        "lessons": 1,
        "questions": 4,
        "quotations": 4,
        "records": 2,
        "exercises": 1,
        "images": 1,
    } == {
        what: tree.counts[what]
        for what in ("pages", "lessons", "questions", "quotations", "records", "exercises", "images")
    }


# What follows a page's own text: (text, line within it, message)
ADDED = [
    # Links
    ("[x](nope.md)", 1, r"LNK01 nope\.md does not exist\. Beside it: index\.md, indexes\.md\."),
    ("[x](indexs.md)", 1, r"LNK01 indexs\.md does not exist\. Nearest: indexes\.md\."),
    ("a\n[x](../nope/indexes.md)", 2, r"LNK01 .* Nearest: indexes\.md"),
    ("[x](../../README.md)", 1, r'LNK01 "\.\./\.\./README\.md" leaves docs/'),
    ("[x](indexes.md#nope)", 1, r"LNK02 indexes\.md has no heading #nope\. .*#costs"),
    ("[x](indexes.md#cost)", 1, r"LNK02 .* Nearest: #costs\."),
    ("[x](#nope)", 1, r"LNK03 no heading #nope on this page"),
    ("[x](/databases/indexes/)", 1, r"LNK04 absolute link breaks under a sub-path\. Fix: indexes\.md"),
    ("[x](//example.org/a)", 1, r"LNK04 .*Fix: https://example\.org/a"),
    ("[x](indexes)", 1, r'LNK05 "indexes" → did you mean indexes\.md\?'),
    ("[x](indexes.html)", 1, r'LNK05 "indexes\.html" → did you mean indexes\.md\?'),
    ("[x](indexes/)", 1, r'LNK05 "indexes/" → did you mean indexes\.md\?'),
    ("[x](..\\index.md)", 1, r"LNK06 Windows path\. .* Fix: \.\./index\.md"),
    ("[x](C:\\docs\\index.md)", 1, r"LNK06 Windows path"),
    ("[x]()", 1, r'LNK07 "x" links to nothing'),
    ("[x](#)", 1, r'LNK07 the link "#" goes nowhere'),
    ("[](indexes.md)", 1, r"LNK07 a link without words"),
    ("[x][nope]", 1, r'LNK08 no line defines the reference "nope"'),
    ("[nope][]", 1, r'LNK08 no line defines the reference "nope"'),
    ("[x][manaul]\n\n[manual]: https://example.org/", 1, r'LNK08 .* Nearest: "manual"'),
    ("[x]: nope.md", 1, r"LNK01 nope\.md does not exist"),
    ("[x](my page.md)", 1, r'LNK09 space in the address "my page\.md"'),
    ("Text[^nope].", 1, r'LNK10 no footnote "nope"'),
    ("[^lone]: A note.", 1, r'LNK10 nothing refers to the footnote "lone"'),
    ("[x](../databases)", 1, r'LNK11 "\.\./databases" is a folder\. Fix: index\.md'),
    ("[x](../specs/)", 1, r'LNK11 "\.\./specs/" is a folder without an index'),
    ("[x](Indexes.md)", 1, r'LNK12 wrong case: .*Found "Indexes\.md", expected "indexes\.md"'),
    ('<a href="indexes.md">x</a>', 1, r"LNK13 a link in HTML .* Fix: write \[words\]\(indexes\.md\)"),
    ('<a href="#nope">x</a>', 1, r"LNK03 no heading #nope"),
    ("[x](inde%78s.md)", 1, r"LNK01 indexs\.md does not exist"),
    # Images
    ("![A mug](nope.png)", 1, r"IMG01 nope\.png not found next to docs/databases/index\.md"),
    ("![A mug](mug.png)", 1, r"IMG01 mug\.png not found .* Nearest: \.\./mug\.png\."),
    ("![](../mug.png)", 1, r"IMG02 no text for those who cannot see it"),
    ("[![](../mug.png)](indexes.md)", 1, r"IMG02 no text"),
    ('<img src="../mug.png" alt="A mug">', 1, r"IMG05 .* Fix: write !\[A mug\]\(\.\./mug\.png\)"),
    ("![A mug](http://example.org/mug.png)", 1, r"NET01 third-party image"),
    ("![A mug](data:image/png;base64,AAAA)", 1, r"SEC02 scheme data: not allowed"),
    ('<iframe src="https://example.org/"></iframe>', 1, r"NET01 <iframe> loads from another site"),
    ('<video poster="//example.org/a.png"></video>', 1, r"NET01 <video> loads from another site"),
    ('<img alt="x" src="https://example.org/a.png">', 1, r"NET01 <img> loads from another site"),
    ('<p style="background: url(https://example.org/a)">x</p>', 1, r"NET01 the style loads"),
    # Scripts
    ('<script src="https://example.org/a.js"></script>', 1, r"SEC01 <script>: scripts are not allowed"),
    ("<form>x</form>", 1, r"SEC01 <form>"),
    ('<iframe srcdoc="x"></iframe>', 1, r"SEC01 srcdoc"),
    ("[x](javascript:alert)", 1, r"SEC02 scheme javascript: not allowed"),
    ("[x](JavaScript:alert)", 1, r"SEC02 scheme javascript: not allowed"),
    ("[x](&#106;avascript:alert)", 1, r"SEC02 scheme javascript: not allowed"),
    ('<a href="data:text/html,x">x</a>', 1, r"SEC02 scheme data: not allowed"),
    ('text\n<p onclick="x()">y</p>', 2, r'SEC03 "onclick" runs a script'),
    # Quotations
    ('```python\n--8<-- "databases/nope.py"\n```', 2, r"EX01 examples/databases/nope\.py not found"),
    (
        '```python\n--8<-- "databases/indexes/column_ordr.py"\n```',
        2,
        r"EX01 .* Nearest: examples/databases/indexes/column_order\.py",
    ),
    ('```python\n--8<-- "column_order.py"\n```', 2, r"EX01 examples/column_order\.py not found"),
    (
        '```python\n--8<-- "databases/indexes/column_order.py:creat"\n```',
        2,
        r'EX02 section "creat" not in examples/.*/column_order\.py; sections: create\. Did you mean "create"',
    ),
    ('```python\n--8<-- "../secrets.py"\n```', 2, r"EX03 path leaves examples/"),
    ('```python\n--8<-- "../../secrets.py"\n```', 2, r"EX03 path leaves the repository"),
    ('```python\n--8<-- "/etc/passwd"\n```', 2, r"EX03 path leaves the repository"),
    ('```python\n--8<-- "databases\\indexes\\column_order.py"\n```', 2, r"EX03 Windows path"),
    ('```python\n--8<-- "databases/indexes/column_order.py:3:7"\n```', 2, r"EX07 lines are quoted by number"),
    (
        "```python\n--8<-- databases/indexes/column_order.py\n```",
        2,
        r"EX07 not a quotation the builder can read",
    ),
    ("```python\n--8<--\ndatabases/indexes/column_order.py\n--8<--\n```", 2, r"EX07 not a quotation"),
    ('```python\n--8< "databases/indexes/column_order.py"\n```', 2, r"EX07 not a quotation"),
    (
        '```python title="other.py"\n--8<-- "databases/indexes/column_order.py"\n```',
        1,
        r'EX11 .*Found "other\.py", expected "column_order\.py"',
    ),
    ('```python\n--8<-- "databases/indexes/Column_order.py"\n```', 2, r"EX12 wrong case"),
    ('--8<-- "databases/indexes/column_order.py"', 1, r"EX13 .* outside a block of code"),
    # Fences and headings
    ("```pyhton\nx\n```", 1, r'EX06 language "pyhton", did you mean "python"\?'),
    ("```zzzzzz\nx\n```", 1, r'EX06 unknown language "zzzzzz"'),
    ('```{ .pyhton title="x" }\nx\n```', 1, r'EX06 language "pyhton"'),
    ('```python titel="x"\nx\n```', 1, r'EX14 .* unknown option "titel", did you mean "title"'),
    ("text\n\n```python\nx = [1](2)", 3, r"MD08 this block of code is never closed"),
    ("```python\nx\n\nSome text.\n\n```sql\nx\n```", 1, r"MD08 .*noticed on line \d+"),
    ("# Another", 1, r"MD02 second H1, first on line 5"),
    ("Another\n=======", 1, r"MD02 second H1, first on line 5"),
    ("### Deep", 1, r'MD03 skipped level\. Found "###" after "#"\. Fix: write "##"'),
    ("- item\n## Heading", 2, r"MD07 without an empty line above it this heading belongs to the list"),
    ("#hash", 1, r"MD04 .* becomes a heading here"),
    ("## A { #same }\n\n## B { #same }", 3, r"MD06 #same is the id of line \d+ already"),
    ("text\n\n<!-- never closed", 3, r"MD09 this comment is never closed"),
    ("<" * 7 + " ours\na\n" + "=" * 7 + "\nb", 1, r"GIT01 conflict marker"),
    ("The key is AKIA" + "ABCDEFGHIJKLMNOP.", 1, r"SEC05 looks like an AWS key\. Use AKIAIOSFODNN7EXAMPLE"),
    ("-----BEGIN RSA " + "PRIVATE KEY-----", 1, r"SEC05 looks like a private key"),
    ("ghp_" + "a1B2" * 9, 1, r"SEC05 looks like a GitHub token"),
    ("sk_live_" + "a1B2" * 6, 1, r"SEC05 looks like a Stripe"),
    ("xoxb-" + "1" * 11 + "-abcdefghijkl", 1, r"SEC05 looks like a Slack"),
    ("a\0b", 1, r"ENC04 NUL byte"),
    ("<!--= column_order.out no-index 1 -->9<!--/-->", 1, r"NUM06 this mark of a number cannot be read"),
    # Specs
    (
        '<swagger-ui src="../specs/shop.yaml"/>',
        1,
        r'API05 nothing shows <swagger-ui> on this page\. Fix: add "- databases/index\.md"',
    ),
    # Questions
    ("## Why? { #q-a }\n\n" + OPTIONS.replace("[x]", "[ ]"), 3, r"QZ01 no option is marked \[x\]"),
    (
        "## Why? { #q-a }\n\n" + OPTIONS.replace("[ ] The table", "[x] The table"),
        11,
        r"QZ02 a second right option, first on line \d+",
    ),
    (
        "## Why? { #q-a }\n\n" + OPTIONS.replace("    The planner", "  The planner"),
        5,
        r"QZ03 .*Found 2, expected 4",
    ),
    (
        "## Why? { #q-a }\n\n" + OPTIONS.replace("    The planner", "The planner"),
        5,
        r"QZ03 .*Found 0, expected 4",
    ),
    (
        "## Why? { #q-a }\n\n" + OPTIONS[: OPTIONS.index("- [ ] The table")],
        3,
        r"QZ04 2 options, expected 3 or 4",
    ),
    (
        "## Why? { #q-a }\n\n" + OPTIONS.replace("    The planner has no such limit.\n", ""),
        3,
        r'QZ05 no explanation of "The index is too small\."',
    ),
    ("## Why?\n\n" + OPTIONS, 1, r'QZ06 .*It has no id\. Fix: write "## Why\? \{ #q-short-name \}"'),
    ("## Why? { #why }\n\n" + OPTIONS, 1, r'QZ06 .*Found "#why"\. Fix: write "## Why\? \{ #q-why \}"'),
    (
        f"## Why? {{ #q-a }}\n\n{OPTIONS}\n## Who? {{ #q-a }}\n\n{OPTIONS}",
        15,
        r"QZ07 #q-a is the question of line \d+ already",
    ),
    (
        "## Why? { #q-a }\n\n" + OPTIONS.replace("[x]", "[X ]"),
        7,
        r'QZ08 not a box\. Found "- \[X \] The range column comes first\.", expected "- \[x\] The range',
    ),
    ("## Why? { #q-a }\n\n" + OPTIONS.replace("- [x]", "-[x]"), 7, r"QZ08 not a box"),
    ("## Why? { #q-a }\n\n" + OPTIONS.replace("[ ] The table", "[] The table"), 11, r"QZ08 not a box"),
    ("## Why? { #q-a }\n\n" + OPTIONS.replace("- [ ] The table", "- The table"), 11, r"QZ08 not a box"),
    (
        "## Why? { #q-a }\n\n" + OPTIONS.replace("The table is", "`run(1)` is"),
        1,
        r"QZ09 .* Fix: write test_q_a in examples/databases/index/test_questions_index\.py",
    ),
    (
        "## Why? { #q-a }\n\n"
        + OPTIONS.replace("too small.\n", "this:\n\n    ```sql\n    SELECT 1;\n    ```\n", 1),
        1,
        r"QZ09",
    ),
    ("## Why? { #q-a }\n\nNo options.", 1, r'QZ10 the question "Why\?" has no options'),
]


@pytest.mark.parametrize(
    ("text", "line", "message"), ADDED, ids=[f"{row[2][:6].strip()}-{at}" for at, row in enumerate(ADDED)]
)
def test_a_fault_in_a_page_is_named_at_its_line_and_nothing_else_is(
    text: str, line: int, message: str, tmp_path: Path
):
    files, start = added(text)

    found = faults_of(plant(tmp_path, files))

    assert 1 == len(found), found
    assert re.match(rf"{re.escape(PAGE)}:{start + line - 1}(:\d+)?: (?:{message})", found[0]), found


def front(old: str, new: str) -> dict[str, str]:
    return changed(INDEXES, old, new)


def question(old: str, new: str) -> dict[str, str]:
    return changed(INDEXES, old, new)


# Files in place of the valid ones: (files, the whole place, message)
CHANGED: list[tuple[dict[str, str | bytes | None], str, str]] = [
    # Front matter
    (
        front("title: B-tree indexes", "title: [x"),
        f"{INDEXES}:2:8",
        r'FM01 .* "\[" is never closed\. Fix: close it or quote the value',
    ),
    (front("title: B-tree indexes", 'title: "x'), f"{INDEXES}:2:8", r"FM01 .* the quote \" is never closed"),
    (
        front("title: B-tree indexes", "title: B-tree: indexes"),
        f"{INDEXES}:2:14",
        r'FM01 .* a second ":" in one value\. Fix: put the whole',
    ),
    (front("level: 2", "level 2"), f"{INDEXES}:4:1", r'FM01 .* a line without ":"\. Fix: write "key: value"'),
    (front("---\ntitle", "---\n- title"), f"{INDEXES}:3:1", r"FM01"),
    (front("  - You can", "\t- You can"), f"{INDEXES}:7:1", r"FM02 tab in YAML\. Fix: use two spaces"),
    (
        {PAGE: TOPIC.replace("---\n#", "#")},
        f"{PAGE}:1:1",
        r"FM03 the front matter is never closed.* after line 3",
    ),
    ({PAGE: "\n" + TOPIC}, f"{PAGE}:2:1", r"FM04 front matter must start on line 1 .* Fix: delete line 1"),
    ({PAGE: "\n\n" + TOPIC}, f"{PAGE}:3:1", r"FM04 .* Fix: delete lines 1 to 2"),
    ({PAGE: " " + TOPIC}, f"{PAGE}:1:1", r"FM04 front matter must start with"),
    (front("title:", "titel:"), f"{INDEXES}:2:1", r'FM05 unknown key "titel", did you mean "title"\?'),
    (
        front("minutes: 60", "minutes: 60\nqwertz: 1"),
        f"{INDEXES}:6:1",
        r'FM05 unknown key "qwertz"\. Fix: delete it',
    ),
    (front("level: 2", "level: 4"), f"{INDEXES}:4:8", r'FM06 "level" .* Found "4", expected 1, 2 or 3'),
    (front("level: 2", 'level: "2"'), f"{INDEXES}:4:8", r'FM06 "level"'),
    (
        front("minutes: 60", "minutes: an hour"),
        f"{INDEXES}:5:10",
        r'FM06 "minutes" .* Found "an hour", expected a number',
    ),
    (front("covers: [indexes, query plans]", "covers: indexes"), f"{INDEXES}:8:9", r'FM06 "covers"'),
    (front("needs:\n  - You can read a SELECT", "needs: a SELECT"), f"{INDEXES}:6:8", r'FM06 "needs"'),
    ({PAGE: TOPIC.replace("title: Databases", "title: yes")}, f"{PAGE}:2:8", r'FM06 "title" .* Found "yes"'),
    ({PAGE: TOPIC.replace("title: Databases", "title:")}, f"{PAGE}:2:7", r'FM06 "title" .* Found "nothing"'),
    (front("level: 2\n", "level: 2\nlevel: 2\n"), f"{INDEXES}:5:1", r'FM08 "level" stands on line 4 already'),
    (front("minutes: 60\n", ""), f"{INDEXES}:1", r'FM07 "minutes" of a lesson is required'),
    (
        {PAGE: re.sub(r"description.*\n", "", TOPIC)},
        f"{PAGE}:1",
        r'FM07 "description" is required \(40-160 characters',
    ),
    (
        {PAGE: re.sub(r"description.*\n", "description: Short.\n", TOPIC)},
        f"{PAGE}:3:14",
        r"FM09 the description has 6 characters",
    ),
    (
        {PAGE: re.sub(r"description.*\n", f"description: {'long ' * 40}\n", TOPIC)},
        f"{PAGE}:3:14",
        r"FM09 the description has 199",
    ),
    (
        front("- You can read a SELECT", "- databases/indxes"),
        f"{INDEXES}:7:5",
        r'FM10 there is no lesson "databases/indxes", did you mean "databases/indexes"',
    ),
    (
        front("- You can read a SELECT", "- databases/indexes"),
        f"{INDEXES}:7:5",
        r"FM11 .* comes later in the menu",
    ),
    # Headings
    (
        {PAGE: TOPIC.replace("# Databases", "## Databases")},
        f"{PAGE}:5",
        r'MD01 the page has no H1\. Fix: begin its text with "# Databases"',
    ),
    (
        {PAGE: TOPIC.replace("# Databases", "# Data")},
        f"{PAGE}:5:1",
        r'MD05 H1 and title differ\. Found "Data", expected "Databases"',
    ),
    # Encodings
    (
        {PAGE: TOPIC.encode() + b"\ncaf\xe9\n"},
        f"{PAGE}:9:4",
        r'ENC01 byte 0xE9 is not UTF-8 \(looks like Latin-1 "é"\)',
    ),
    ({PAGE: b"\xef\xbb\xbf" + TOPIC.encode()}, f"{PAGE}:1:1", r"ENC02 .*byte order mark"),
    ({PAGE: TOPIC.encode("utf-16")}, PAGE, r"ENC03 file is UTF-16\. Fix: save as UTF-8"),
    # Files
    (
        {"docs/Mug.png": PNG, "docs/mug.png": None, "docs/index.md": HOME.replace("mug.png", "Mug.png")},
        "docs/Mug.png",
        r'FS02 "Mug\.png" .*Fix: git mv "docs/Mug\.png" docs/mug\.png',
    ),
    (
        {"docs/databases/README.md": TOPIC, "mkdocs.yml": CONFIG + "not_in_nav: README.md\n"},
        "docs/databases/README.md",
        r"FS03 same URL as docs/databases/index\.md",
    ),
    (
        {
            "docs/my mug.png": PNG,
            "docs/mug.png": None,
            "docs/index.md": HOME.replace("mug.png", "my%20mug.png"),
        },
        "docs/my mug.png",
        r'FS02 "my mug\.png" .* docs/my-mug\.png',
    ),
    (
        {
            "docs/müg.md": FRONT.format(title="Mug") + "# Mug\n",
            "mkdocs.yml": CONFIG.replace("- index.md", "- index.md\n  - müg.md"),
        },
        "docs/müg.md",
        r"FS02 .* docs/mug\.md",
    ),
    (
        {
            "docs/databases/aux.md": TOPIC,
            "mkdocs.yml": CONFIG.replace("- index.md", "- index.md\n  - databases/aux.md"),
        },
        "docs/databases/aux.md",
        r"FS02",
    ),
    (
        {"docs/theme/A.css": "", "docs/theme/a.css": ""},
        "docs/theme/a.css",
        r"FS01 collides with docs/theme/A\.css on Windows and macOS",
    ),
    # Images
    ({"docs/mug.png": PNG + bytes(600 * 1024)}, "docs/mug.png", r"IMG03 600 KiB, limit 500 KiB"),
    (
        {"docs/mug.png": b"\xff\xd8\xff" + bytes(40)},
        "docs/mug.png",
        r"IMG04 is a JPEG\. Fix: git mv docs/mug\.png docs/mug\.jpg",
    ),
    ({"docs/mug.png": b"<!DOCTYPE html><p>404"}, "docs/mug.png", r"IMG04 is an HTML page"),
    ({"docs/mug.png": b"version https://git-lfs"}, "docs/mug.png", r"IMG04 is no PNG image"),
    ({"docs/unused.png": PNG}, "docs/unused.png", r"IMG06 no page uses it\. Fix: git rm docs/unused\.png"),
    (
        {f"{OWN}/pages.svg": SVG.replace(' role="img"', "")},
        f"{OWN}/pages.svg",
        r'IMG07 the picture lacks role="img"',
    ),
    ({f"{OWN}/pages.svg": SVG.replace("<title>", "\n<title>")}, f"{OWN}/pages.svg:5", r"IMG08 a blank line"),
    (
        {f"{OWN}/pages.svg": SVG.replace("</svg>", "<script>x</script></svg>")},
        f"{OWN}/pages.svg:6",
        r'SEC04 "script" in a picture',
    ),
    (
        {f"{OWN}/pages.svg": SVG.replace("</svg>", '<image href="https://example.org/a"/></svg>')},
        f"{OWN}/pages.svg:6",
        r"NET01 the picture loads",
    ),
    # Menu and configuration
    (
        changed("mkdocs.yml", "- API: api.md", "- API: api.md\n  - nope.md"),
        "mkdocs.yml:9:5",
        r"NAV01 nope\.md not found",
    ),
    (
        changed("mkdocs.yml", "- API: api.md", "- API: API.md"),
        "mkdocs.yml:8:10",
        r'NAV01 API\.md wrong case .* did you mean "api\.md"',
    ),
    (
        changed("mkdocs.yml", "  - API: api.md\n", ""),
        "docs/api.md",
        r'NAV02 page is in no menu\. Fix: add "- api\.md" to mkdocs\.yml after line 4',
    ),
    (
        changed("mkdocs.yml", "- API: api.md", "- API: api.md\n  - index.md"),
        "mkdocs.yml:9:5",
        r"NAV03 index\.md stands on line 4 already",
    ),
    (changed("mkdocs.yml", "theme:", "thmee:"), "mkdocs.yml:12:1", r'CFG01 "thmee", did you mean "theme"\?'),
    (
        changed("mkdocs.yml", "  name: material", "  name: material\n  fetaures: []"),
        "mkdocs.yml:14:3",
        r'CFG01 theme: "fetaures", did you mean "features"',
    ),
    (
        changed("mkdocs.yml", "- search", "- saerch"),
        "mkdocs.yml:15:5",
        r'CFG03 no plugin "saerch", did you mean "search"',
    ),
    (
        changed("mkdocs.yml", "- attr_list", "- atr_list"),
        "mkdocs.yml:20:5",
        r'CFG04 no Markdown extension "atr_list", did you mean "attr_list"',
    ),
    (
        changed("mkdocs.yml", "strict: true", "strict: true\nstrict: true"),
        "mkdocs.yml:10:1",
        r'CFG05 "strict" stands on line 9 already',
    ),
    (changed("mkdocs.yml", "strict: true", "strict: false"), "mkdocs.yml:9", r"CFG06 without strict mode"),
    # Specs
    (
        {"docs/api.md": API.replace("shop.yaml", "shop.yml")},
        "docs/api.md:9:1",
        r"API01 specs/shop\.yml not found\. Specs: specs/shop\.yaml\.",
    ),
    (
        {"docs/specs/shop.yaml": "openapi: 3.1.0\ninfo: {a: 1}\n"},
        "docs/specs/shop.yaml:1",
        r'API02 "paths" is missing',
    ),
    (
        {"docs/specs/shop.yaml": "openapi: [\n"},
        "docs/specs/shop.yaml:1:10",
        r'API02 the document is not valid YAML: "\[" is never closed',
    ),
    (
        changed("mkdocs.yml", "- api.md\nmark", "- api.md\n        - index.md\nmark"),
        "mkdocs.yml:19",
        r"API06 filter_files: index\.md has no <swagger-ui>",
    ),
    # Programs
    (
        {f"{OWN}/column_order.py": PROGRAM.replace("# --8<-- [end:create]\n", "")},
        f"{OWN}/column_order.py:3",
        r'EX09 section "create" is never closed',
    ),
    (
        {f"{OWN}/column_order.py": PROGRAM + "# --8<-- [start:create]\n# --8<-- [end:create]\n"},
        f"{OWN}/column_order.py:10:3",
        r'EX09 section "create" starts on line 3 already',
    ),
    (
        {f"{OWN}/column_order.py": PROGRAM + "# --8<-- [end:other]\n"},
        f"{OWN}/column_order.py:10:3",
        r'EX09 section "other" ends and never started',
    ),
    (
        {f"{OWN}/column_order.py": PROGRAM + "# --8< [start:other]\n"},
        f"{OWN}/column_order.py:10:1",
        r"EX09 not a section mark",
    ),
    (
        {
            f"{OWN}/test_column_order.py": None,
            f"{OWN}/column_order.out": None,
            f"{OWN}/draw_pages.py": "x = 1064\n",
            f"{OWN}/pages.out": "$ python draw_pages.py\n# Python\nno index 1064\n",
            INDEXES: LESSON.replace("column_order.out", "pages.out"),
        },
        f"{INDEXES}:{line_of(LESSON, 'column_order.py:create')}",
        r"EX04 examples/databases/indexes/column_order\.py:4-5 is shown but nothing runs it",
    ),
    ({f"{OWN}/queue.py": '"""x"""\n'}, f"{OWN}/queue.py", r'EX10 "queue" is a module of Python'),
    (
        {f"{OWN}/labs/column_order.py": f'"""LAB: deliberately vulnerable."""\n{SWITCH}'},
        f"{OWN}/labs/column_order.py",
        r"EX10 examples/databases/indexes/column_order\.py has the same name",
    ),
    (
        {f"{OWN}/labs/login.py": f'"""Log in."""\n{SWITCH}'},
        f"{OWN}/labs/login.py:1:1",
        r"LAB01 a lab says on its first lines",
    ),
    (
        {f"{OWN}/labs/login.py": '"""Deliberately vulnerable: log in."""\n'},
        f"{OWN}/labs/login.py:1",
        r"LAB02 a lab refuses to be imported",
    ),
    (
        {
            f"{OWN}/labs/login.py": f'"""LAB: deliberately vulnerable."""\n{SWITCH}',
            f"{OWN}/test_login.py": "import login\n",
            **front("Every index", '```python\n--8<-- "databases/indexes/labs/login.py"\n```\n\nEvery index'),
        },
        f"{INDEXES}:{line_of(LESSON, 'Every index') + 1}",
        r"LAB03 examples/databases/indexes/labs/login\.py is shown without a warning",
    ),
    # Records
    (
        {f"{OWN}/column_order.out": "no index 1064\n"},
        f"{OWN}/column_order.out:1:1",
        r'REC01 .* Found "no index 1064", expected "\$ python column_order\.py"',
    ),
    (
        {f"{OWN}/column_order.out": "$ python colum_order.py\n# x\nno index 1064\n"},
        f"{OWN}/column_order.out:1:10",
        r'REC02 .* Did you mean "column_order\.py"',
    ),
    (
        {f"{OWN}/column_order.out": "$ python column_order.py\n"},
        f"{OWN}/column_order.out:1",
        r"REC03 nothing is recorded yet\. Fix: python3 scripts/test\.py --rewrite",
    ),
    (
        {f"{OWN}/pages.svg": SVG.replace("$ python draw_pages.py", "by hand")},
        f"{OWN}/pages.svg:1:1",
        r'REC01 .*expected "<!-- \$ python draw_pages\.py"',
    ),
    # Lessons
    (
        {f"{OWN}/../stock/stock.py": '"""x"""\n'},
        "examples/databases/stock",
        r"LES02 no page belongs to this folder, expected docs/databases/stock\.md",
    ),
    (
        {f"{OWN}/test_x.py": "# write: a test that proves the sentence.\n"},
        f"{OWN}/test_x.py:1:1",
        r"LES11 not written yet: a test that proves the sentence",
    ),
    (
        front("Every index is", "<!-- write: what it costs. -->\nEvery index is"),
        f"{INDEXES}:{line_of(LESSON, 'Every index')}:1",
        r"LES11 not written yet: what it costs\.",
    ),
    (
        front("## References\n\n- [The manual](https://example.org/indexes), on plans.\n", "## References\n"),
        f"{INDEXES}:{line_of(LESSON, '## References')}:1",
        r"LES09 no reference yet",
    ),
    (
        front("## Your turn", "## My turn"),
        f"{INDEXES}:{LESSON.count(chr(10))}",
        r'LES10 the lesson has no section "## Your turn"',
    ),
    (
        front("### Why is it slow, case four? { #q-four }\n\n" + OPTIONS, ""),
        f"{INDEXES}:{LESSON.count(chr(10)) - 2 - OPTIONS.count(chr(10))}",
        r"LES07 3 questions yet, expected 4",
    ),
    (
        front('--8<-- "databases/indexes/pages.svg"\n', ""),
        f"{INDEXES}:{LESSON.count(chr(10)) - 1}",
        r"LES08 the lesson shows no picture",
    ),
    (
        front('--8<-- "databases/indexes/column_order.out"\n', ""),
        f"{INDEXES}:{LESSON.count(chr(10)) - 1}",
        r"LES03 .* Records there: column_order\.out",
    ),
    (
        front('--8<-- "databases/indexes/exercises/covering/covering.sql"\n', ""),
        f"{INDEXES}:{LESSON.count(chr(10)) - 1}",
        r"LES06 the page does not show the exercise covering",
    ),
    (
        {f"{EXERCISE}/solution.sql": None},
        EXERCISE,
        r"LES05 the exercise needs one solution\. Found none, expected solution\.sql",
    ),
    ({f"{EXERCISE}/test_covering.py": None}, EXERCISE, r"LES05 the exercise needs one judge"),
    ({f"{EXERCISE}/covering.py": ""}, EXERCISE, r"LES05 the exercise needs one file that the reader edits"),
    (
        {f"{EXERCISE}/mistakes/range_first.sql": None, f"{EXERCISE}/mistakes/no_index.sql": None},
        EXERCISE,
        r"LES05 the exercise names no common mistake",
    ),
    (
        {f"{EXERCISE}/mistakes/no_index.sql": "SELECT 1;\n"},
        f"{EXERCISE}/mistakes/no_index.sql:1",
        r"LES05 .* Fix: add a line \"-- fails with:",
    ),
    (
        {
            f"{EXERCISE}/mistakes/no_index.sql": "-- fails with: the range column\n",
        },
        f"{EXERCISE}/mistakes/range_first.sql:1:1",
        r"LES05 no_index\.sql fails with the same words",
    ),
    # Numbers
    (
        front("Every index is", "It took 4,711 rows. Every index is"),
        f"{INDEXES}:{line_of(LESSON, 'Every index')}:9",
        r'NUM05 4,711 stands in no program .*<!--= name\.out "start of its line" 1 -->4,711<!--/-->',
    ),
    # Other lessons' programs
    (
        {"docs/api.md": API + '\n```python\n--8<-- "databases/indexes/column_order.py"\n```\n'},
        "docs/api.md:12",
        r"EX08 .* belongs to another lesson",
    ),
]


@pytest.mark.parametrize(
    ("files", "place", "message"),
    CHANGED,
    ids=[f"{row[2][:5].strip()}-{at}" for at, row in enumerate(CHANGED)],
)
def test_a_fault_in_a_file_is_named_at_its_place_and_nothing_else_is(
    files: dict, place: str, message: str, tmp_path: Path
):
    found = faults_of(plant(tmp_path, files))

    assert 1 == len(found), found
    assert re.match(rf"{re.escape(place)}: (?:{message})", found[0]), found


def test_files_that_the_code_host_shows_have_no_broken_link_either(tmp_path: Path):
    text = (
        "# Nexus\n\n[a](docs/index.md) [b](docs) [c](#nexus) [d](docs/indx.md)\n[e](#nope) [f](..\\\\x.md)\n"
    )

    found = faults_of(plant(tmp_path, {"README.md": text}))

    assert [
        "README.md:3:42: LNK01 docs/indx.md does not exist. Nearest: docs/index.md.",
        "README.md:4:1: LNK03 no heading #nope on this page. It has: #nexus.",
    ] == found[:2]
    assert "LNK06" in found[2]


HEADINGS = """\
# Title & more: `code` and *emphasis*

## What `SELECT count(*)` costs, in _words_

## What `SELECT count(*)` costs, in _words_

## A [link](https://example.org/) and **bold** text!

## An id { #given }

## Given

## Ünïcode - and -- dashes __init__

## snake_case_name, `snake_case` & <b>bold</b> &amp; more

Set next
--------

### Closed ###
"""


def test_a_heading_has_the_id_that_the_site_gives_it(tmp_path: Path):
    from checks.page import Page
    from markdown import Markdown

    site = Markdown(extensions=["attr_list", "toc"]).convert(HEADINGS)

    page = Page(tmp_path / "a.md", "a.md", HEADINGS)

    assert re.findall(r'<h\d id="([^"]+)"', site) == [heading.id for heading in page.headings]


def test_every_fault_is_told_at_once_sorted_and_ends_with_status_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    files = {"docs/api.md": API + "\n[x](nope.md)\n", **added("[x](#nope)\n\n# Again\n\n```pyhton\n```")[0]}

    status = check.report(*check.find_faults(plant(tmp_path, files)))

    *faults, last = capsys.readouterr().out.splitlines()
    assert 1 == status
    assert [
        "docs/api.md:11",
        "docs/databases/index.md:9",
        "docs/databases/index.md:11",
        "docs/databases/index.md:13",
    ] == [":".join(fault.split(":")[:2]) for fault in faults]
    assert "4 pages" in last
    assert last.endswith(": 4 faults")


def test_without_a_fault_one_line_counts_what_was_checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    status = check.report(*check.find_faults(plant(tmp_path, {})))

    assert 0 == status
    assert (
        "checked 4 pages, 1 lesson, 6 links, 1 image, 4 quotations, 2 records, 1 exercise, 4 questions, 1 number,"
        in (out := capsys.readouterr().out)
    )
    assert 1 == out.count("\n")


def test_in_a_workflow_a_fault_is_an_annotation_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("GITHUB_ACTIONS", "true")

    check.report(*check.find_faults(plant(tmp_path, added("[100 %](#nope)")[0])))

    assert (
        "::error file=docs/databases/index.md,line=9,col=1::LNK03 no heading #nope" in capsys.readouterr().out
    )


def test_only_faults_of_the_paths_that_were_asked_for_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    files = {"docs/api.md": API + "\n[x](nope.md)\n", **added("[x](#nope)")[0]}
    faults, tree = check.find_faults(plant(tmp_path, files))

    status = check.report(faults, tree, [tmp_path / "docs" / "databases"])

    out = capsys.readouterr().out
    assert 1 == status
    assert "api.md" not in out
    assert out.endswith(": 1 fault in docs/databases\n")


def test_a_portal_in_which_nothing_was_found_is_not_green(tmp_path: Path):
    (tmp_path / "mkdocs.yml").write_text("site_name: Nexus\nnav: []\nstrict: true\n")

    found = faults_of(tmp_path)

    assert [f"mkdocs.yml: CNT01 no {what} found" for what in sorted(check.NEEDED)] == [
        each.partition(" at all")[0] for each in found
    ]


def test_a_folder_of_programs_makes_its_page_a_lesson(tmp_path: Path):
    found = faults_of(plant(tmp_path, {INDEXES: re.sub(r"level: 2[\s\S]*?---\n", "---\n", LESSON)}))

    assert "LES01 examples/databases/indexes/ makes this page a lesson" in found[0]
    assert "CNT01 no lessons" in found[1]
    assert 2 == len(found)


def test_a_lesson_without_programs_is_told_which_folder_it_lacks(tmp_path: Path):
    front_of_a_lesson = TOPIC.replace(
        "---\n#", "level: 1\nminutes: 9\nneeds: [Courage]\ncovers: [indexes]\n---\n#"
    )

    found = faults_of(plant(tmp_path, {PAGE: front_of_a_lesson}))

    assert [
        "docs/databases/index.md:1: LES01 a lesson has its programs in examples/databases/index/, "
        "and there is no such folder. Fix: add it."
    ] == found


def test_a_lesson_without_an_exercise_is_told(tmp_path: Path):
    page = LESSON.replace('--8<-- "databases/indexes/exercises/covering/covering.sql"\n', "")
    gone = {name: None for name in TREE if name.startswith(EXERCISE)}

    found = faults_of(plant(tmp_path, {INDEXES: page, **gone}))

    assert (
        "LES04 the lesson has no exercise. Fix: add a folder to examples/databases/indexes/exercises/."
        in found[0]
    )


def test_without_a_readable_configuration_only_that_is_told(tmp_path: Path):
    found = faults_of(plant(tmp_path, {"mkdocs.yml": CONFIG.replace("nav:", "nav: [")}))

    assert "CFG02 mkdocs.yml is not valid YAML" in found[0]
    assert 1 == len(found), found


def test_without_a_menu_that_is_told(tmp_path: Path):
    found = faults_of(plant(tmp_path, {"mkdocs.yml": CONFIG.replace("nav:", "extra:")}))

    assert [
        "mkdocs.yml: CNT01 no menu entries found",
        'mkdocs.yml:1: NAV04 there is no menu. Fix: write "nav:"',
    ] == [each.partition(" at all")[0].partition(" and the")[0] for each in found]


def test_a_link_of_the_file_system_is_refused(tmp_path: Path):
    plant(tmp_path, {})
    try:
        (tmp_path / "docs/passwords.txt").symlink_to("/etc/passwd")
    except OSError:
        pytest.skip("lacks the right to make symbolic links")

    assert [
        "docs/passwords.txt: FS04 is a symbolic link, and publishing follows it. Fix: put the file itself here."
    ] == faults_of(tmp_path)


def test_windows_line_ends_are_no_fault(tmp_path: Path):
    files = {
        name: text.replace("\n", "\r\n")
        for name, text in TREE.items()
        if name.endswith((".md", ".py", ".yml"))
    }

    assert [] == faults_of(plant(tmp_path, files))


def test_code_and_comments_are_not_taken_for_prose(tmp_path: Path):
    text = """\
`[x](nope.md)` and ``<script>`` and \\[x][nope] and <!-- [x](nope.md) <script> 4711 --> `<!--` text.

<!--
[x](nope.md)
# Not a heading
-->

```markdown
# Not a heading
[x](nope.md) ![](nope.png) <script></script> [^nope] <!-- open
```

````markdown
```pyhton
```
````

    [x](nope.md), code by its indentation

- item

    [x](indexes.md), prose in a list
- [x] [done](indexes.md)"""
    text = text.rpartition("\n")[0]

    assert [] == faults_of(plant(tmp_path, added(text)[0]))


def test_a_program_that_a_page_shows_is_known_by_its_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(prepare, "ROOT", plant(tmp_path, {}))

    (shown, *_) = check.quotations()

    assert (INDEXES, line_of(LESSON, "column_order.py:create"), "create", [4, 5]) == (
        shown.page,
        shown.line,
        shown.section,
        shown.lines,
    )
    assert tmp_path / OWN / "column_order.py" == shown.file


@pytest.mark.parametrize(
    "sentence",
    [
        "RFC 9110, CVE-2024-1234, CWE-89, section 10 and 11, PostgreSQL 18, Python 3.11, in 2017, on 5 May 2027.",
        "It answers 429, returns a 404, HTTP 503; SHA-256, UTF-8, p99, base64, port 5432, 127.0.0.1, level 2, 0 to 9.",
        "It reads 1,064 pages, or 1064; [a page of 4711 words](https://example.org/4711) <b title='4711'>x</b> `4711`.",
    ],
)
def test_a_number_that_names_something_needs_no_record(sentence: str, tmp_path: Path):
    sentence = sentence.replace("a page of 4711 words", "a page")

    assert [] == faults_of(plant(tmp_path, changed(INDEXES, "Every index is", f"{sentence} Every index is")))


@pytest.mark.parametrize("number", ["4,711", "4711", "4711 ms", "47.5", "4711k", "about 4711", "4711 %"])
def test_a_measured_number_without_a_record_is_told(number: str, tmp_path: Path):
    found = faults_of(
        plant(tmp_path, changed(INDEXES, "Every index is", f"It took {number} here. Every index is"))
    )

    assert 1 == len(found), found
    assert "NUM05" in found[0]


PIECES = [
    *"`~#*_[](){}<>!\"'|:\n\t \\-=^&@\0é😀",
    "```",
    "---\n",
    "<!--",
    "-->",
    "--8<-- ",
    "[x]",
    "- [ ] ",
    "](",
    "[^",
    "    ",
    "<a ",
    "&#x0;",
    "&#xffffffff;",
    "%",
    "%ff",
    "{ #q- }",
    "\u2028",
    "\r",
    "://",
    "\ud7ff",
    "!ENV",
    "*a",
    "&a ",
    "? ",
    "9" * 5000,
]


@pytest.mark.parametrize("seed", range(20))
def test_no_damage_to_a_page_breaks_the_check(seed: int, tmp_path: Path):
    chance = random.Random(seed)
    names = [
        INDEXES,
        "docs/index.md",
        "mkdocs.yml",
        f"{OWN}/column_order.py",
        f"{OWN}/column_order.out",
        "docs/specs/shop.yaml",
    ]
    plant(tmp_path, {})

    for _ in range(10):
        name = chance.choice(names)
        content = damaged(TREE[name], chance)
        (tmp_path / name).write_bytes(content)
        found = faults_of(tmp_path)
        (tmp_path / name).write_bytes(TREE[name].encode())

        assert not [fault for fault in found if "CHK01" in fault], content


def damaged(text: str, chance: random.Random) -> bytes:
    """`text` with some of it cut out, doubled, moved, or replaced by signs that mean something."""
    for _ in range(chance.randint(1, 6)):
        start = chance.randrange(len(text) + 1)
        end = min(len(text), start + chance.choice((0, 1, 3, 30, 300)))
        piece = chance.choice((*PIECES, text[start:end] * 2, ""))
        text = text[:start] + piece + text[end:]
    content = text.encode(chance.choice(("utf-8", "utf-8", "utf-8", "utf-16", "latin-1")), errors="replace")
    if chance.random() < 0.2:
        at = chance.randrange(len(content) + 1)
        content = content[:at] + bytes([chance.randrange(256)]) + content[at:]
    return content


def test_a_break_of_the_check_itself_hides_no_other_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from checks import links

    def broken(*_: object) -> list:
        raise RuntimeError("broken")

    monkeypatch.setattr(links, "check", broken)

    found = faults_of(plant(tmp_path, {**added("# Again")[0]}))

    assert any(
        "index.md: CHK01 this file breaks the check itself (test_check: RuntimeError: broken)" in each
        for each in found
    )
    assert any("MD02" in each for each in found)


def test_this_portal_is_checked_whole():
    faults, tree = check.find_faults(prepare.ROOT)

    assert [] == [str(fault) for fault in faults if fault.code in ("CNT01", "CHK01")]
    assert all(tree.counts[what] for what in check.NEEDED)


def test_help_needs_no_set_up():
    ran = subprocess.run(
        [sys.executable, "-S", "scripts/check.py", "--help"], cwd=prepare.ROOT, capture_output=True, text=True
    )

    assert ran.stdout.startswith("Find what is wrong with pages")
    assert 0 == ran.returncode


def test_a_path_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str]):
    assert 2 == check.main(["docs/nope"])
    assert "check.py: docs/nope is not in this repository. Fix:" in capsys.readouterr().err
