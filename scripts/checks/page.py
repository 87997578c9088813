"""A Markdown page taken apart: front matter, text, fences, headings, links, tags; each with its place.

It reads lines, as a person does, and blanks out what is no prose (code, comments) without moving anything,
so that every offset in `prose` is an offset in the file.
"""

import bisect
import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from markdown.extensions.toc import slugify, unique

FENCE = re.compile(r"^(?P<indent>[ \t>]*)(?P<fence>~{3,}|`{3,})(?P<info>[^`\n]*)$")
HEADING = re.compile(r"^(?P<level>#{1,6})(?P<space>[ \t]*)(?P<text>.*?)[ \t]*#*[ \t]*$")
ATTRIBUTES = re.compile(r"(?:^|[ ]+)\{:?[ ]*(?P<list>[^}\n]*)\}[ ]*$")
IDENTIFIER = re.compile(r"#([\w:.-]+)")
INLINE_CODE = re.compile(r"(?<!`)(`+)(?!`)((?:(?!\n[ \t]*\n)[\s\S])+?)(?<!`)\1(?!`)")
ESCAPED = re.compile(r"\\[\\\[\]()!<>`*_]")
BRACKETS = r"(?:[^\[\]]|\[(?:[^\[\]]|\[[^\[\]]*\])*\])*"
ADDRESS = r"(?P<to><[^<>\n]*>|[^\s()<>]*(?:\([^\s()]*\)[^\s()]*)*)"
TITLE = r"""(?:\s+(?:"[^"]*"|'[^']*'))?"""
INLINE_LINK = re.compile(rf"(?P<image>!?)\[(?P<text>{BRACKETS})\]\([ ]*{ADDRESS}{TITLE}\s*\)")
BAD_LINK = re.compile(rf"(?P<image>!?)\[(?P<text>{BRACKETS})\]\((?P<to>[^()\n]*)\)")
REFERENCE_LINK = re.compile(rf"(?P<image>!?)\[(?P<text>{BRACKETS})\][ ]?\[(?P<reference>[^\[\]]*)\]")
DEFINITION = re.compile(
    r"^ {0,3}\[(?P<reference>[^\]^\n][^\]\n]*)\]:[ \t]*\n?[ \t]*<?(?P<to>[^\s>]+)>?", re.MULTILINE
)
FOOTNOTE = re.compile(r"\[\^(?P<name>[^\]\s]+)\](?P<colon>:?)")
TAG = re.compile(r"""<(?P<name>[a-zA-Z][\w-]*)(?P<attributes>(?:\s+(?:[^<>"']|"[^"]*"|'[^']*')*)?)/?>""")
ATTRIBUTE = re.compile(r"""(?P<key>[\w:@.-]+)(?:\s*=\s*(?P<value>"[^"]*"|'[^']*'|[^\s"'>]+))?""")


@dataclass(frozen=True)
class Fence:
    """A fenced block: the lines of its opening and its end (0 where it is never closed), 1-based."""

    line: int
    end: int
    column: int
    language: str
    options: str
    beside: int  # the line where an unclosed fence was noticed


@dataclass(frozen=True)
class Heading:
    """A heading; `explicit` is the id that the author gave, `id` the one it has on the site."""

    line: int
    level: int
    text: str
    explicit: str
    id: str
    spaced: bool


@dataclass(frozen=True)
class Link:
    """A link or an image written in Markdown."""

    line: int
    column: int
    text: str
    to: str
    image: bool
    sound: bool  # False: the address cannot be read, as with a space in it


@dataclass(frozen=True)
class Tag:
    """A raw HTML tag."""

    line: int
    column: int
    name: str
    attributes: dict[str, str]


class Page:
    """One Markdown file."""

    def __init__(self, path: Path, name: str, text: str) -> None:
        self.path = path
        self.name = name
        self.text = text
        self.lines = text.split("\n")
        self._starts = [0]
        for line in self.lines:
            self._starts.append(self._starts[-1] + len(line) + 1)
        self.fences: list[Fence] = []
        self.front = _front_lines(self.lines)  # how many lines the front matter takes, with its rules
        self.kinds = self._kinds()

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, both 1-based."""
        line = bisect.bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def offset(self, line: int) -> int:
        """Where a line starts."""
        return self._starts[line - 1]

    def _kinds(self) -> list[str]:
        """What each line is: front, fence, comment, code (indented) or text."""
        kinds = ["front"] * self.front
        number = self.front
        container, blank = False, True
        while number < len(self.lines):
            line = self.lines[number]
            opening = FENCE.match(line)
            if opening:
                last, closed, noticed = self._end_of_fence(number, opening)
                self.fences.append(_fence(number, last, closed, noticed, opening))
                kinds += ["fence"] * (last - number + 1)
                number, blank = last + 1, False
                continue
            if (comment := re.match(r"^\s*<!--", line)) and "-->" not in line[comment.end() :]:
                last = next(
                    (at for at in range(number + 1, len(self.lines)) if "-->" in self.lines[at]), None
                )
                if last is not None:
                    kinds += ["comment"] * (last - number + 1)
                    number = last + 1
                    continue
            if not line.strip():
                kinds.append("text")
                blank = True
            else:
                indented = line.startswith(("    ", "\t"))
                if not indented and blank:
                    container = False
                if re.match(r"^ {0,3}(?:[-*+]\s|\d+[.)]\s|!!!|\?\?\?|===|:\s|\[\^[^\]]+\]:)", line):
                    container = True
                kinds.append("code" if indented and blank and not container else "text")
                blank = kinds[-1] == "code"
            number += 1
        return kinds

    def _end_of_fence(self, start: int, opening: re.Match[str]) -> tuple[int, bool, int]:
        """The last line of a fence (0-based), whether it is closed, and where that was noticed."""
        fence = opening["fence"]
        for number in range(start + 1, len(self.lines)):
            inside = self.lines[number].lstrip(" \t>")
            if inside.rstrip() == fence:
                return number, True, number
            other = FENCE.match(self.lines[number])
            if other and other["fence"] == fence and other["info"].strip():
                return self._paragraph_end(start, number), False, number
        return self._paragraph_end(start, len(self.lines)), False, len(self.lines) - 1

    def _paragraph_end(self, start: int, limit: int) -> int:
        # Without its end nobody knows where the code stops; the next blank line is the best guess.
        for number in range(start + 1, limit):
            if not self.lines[number].strip():
                return number - 1
        return limit - 1

    @cached_property
    def with_code(self) -> str:
        """The text with front matter, blocks of code and comments blanked out; inline code is left."""
        lines = [
            line if kind == "text" else " " * len(line)
            for line, kind in zip(self.lines, self.kinds, strict=True)
        ]
        text = "\n".join(lines)
        code = [match.span() for match in INLINE_CODE.finditer(text)]

        def blank(comment: re.Match[str]) -> str:
            quoted = any(start <= comment.start() < end for start, end in code)
            return comment[0] if quoted else _blank(comment[0])

        return re.sub(r"<!--[\s\S]*?-->", blank, text)

    @cached_property
    def prose(self) -> str:
        """The text with everything blanked out that is no prose: front matter, code, comments, escapes."""
        text = ESCAPED.sub("  ", self.with_code)
        return INLINE_CODE.sub(lambda code: _blank(code[0]), text)

    @cached_property
    def headings(self) -> list[Heading]:
        """Every heading, with the id that the site gives it."""
        found: list[tuple[int, int, str, str, bool]] = []
        for number, (line, kind) in enumerate(zip(self.lines, self.kinds, strict=True)):
            if kind != "text":
                continue
            following = self.lines[number + 1] if number + 1 < len(self.lines) else ""
            alone = number == self.front or not self.lines[number - 1].strip()
            if match := HEADING.match(line):
                level, text, spaced = (
                    len(match["level"]),
                    match["text"],
                    bool(match["space"]) or not match["text"],
                )
            elif (
                alone and line.strip() and re.fullmatch(r"(=+|-+) *", following) and line[:1] not in "-*+>|<"
            ):
                level, text, spaced = 1 if following[0] == "=" else 2, line.strip(), True
            else:
                continue
            explicit = ""
            if attributes := ATTRIBUTES.search(text):
                text = text[: attributes.start()]
                explicit = "".join(IDENTIFIER.findall(attributes["list"])[:1])
            found.append((number + 1, level, text.strip(), explicit, spaced))
        taken = {explicit for *_, explicit, _ in found if explicit}
        return [
            Heading(line, level, text, explicit, explicit or unique(slugify(plain(text), "-"), taken), spaced)
            for line, level, text, explicit, spaced in found
        ]

    @cached_property
    def ids(self) -> set[str]:
        """Every id that a link can point at."""
        found = {heading.id for heading in self.headings}
        found |= {tag.attributes[key] for tag in self.tags for key in ("id", "name") if key in tag.attributes}
        for attributes in re.finditer(r"\{:?[ ]*([^{}\n]*#[^{}\n]*)\}", self.prose):
            found.update(IDENTIFIER.findall(attributes[1]))
        found |= {f"fn:{match['name']}" for match in FOOTNOTE.finditer(self.prose) if match["colon"]}
        return found

    @cached_property
    def links(self) -> list[Link]:
        """Links and images in Markdown with an address in parentheses, and definitions of references."""
        found = []
        for start, block in self._blocks():
            seen = set()
            for pattern in (INLINE_LINK, BAD_LINK):
                for match in _overlapping(pattern, block):
                    if match.start() in seen:
                        continue
                    seen.add(match.start())
                    line, column = self.place(start + match.start())
                    text = self.text[start + match.start("text") : start + match.end("text")]
                    to = self.text[start + match.start("to") : start + match.end("to")]
                    bare = to[1:-1] if to.startswith("<") and to.endswith(">") else to
                    found.append(Link(line, column, text, bare, bool(match["image"]), pattern is INLINE_LINK))
        for match in DEFINITION.finditer(self.prose):
            line, column = self.place(match.start("to"))
            found.append(Link(line, column, match["reference"], match["to"], False, True))
        return sorted(found, key=lambda link: (link.line, link.column))

    @cached_property
    def references(self) -> list[tuple[int, int, str]]:
        """Line, column and name of every `[text][name]`."""
        found = []
        for start, block in self._blocks():
            for match in _overlapping(REFERENCE_LINK, block):
                if match["text"].startswith("^") or match["reference"].startswith("^"):
                    continue
                box = match["text"] in (" ", "x", "X") and re.search(
                    r"^\s*[-*+] $", block[: match.start()], re.MULTILINE
                )
                if box or block[match.end() : match.end() + 1] == "(":
                    continue  # a box before a link
                name = (match["reference"] or match["text"]).strip()
                found.append((*self.place(start + match.start()), name))
        return found

    @cached_property
    def definitions(self) -> set[str]:
        """Names of references that are defined, in lower case."""
        return {" ".join(match["reference"].lower().split()) for match in DEFINITION.finditer(self.prose)}

    @cached_property
    def tags(self) -> list[Tag]:
        """Opening tags of raw HTML."""
        found = []
        for match in TAG.finditer(self.prose):
            line, column = self.place(match.start())
            attributes = self.text[match.start("attributes") : match.end("attributes")]
            found.append(Tag(line, column, match["name"].lower(), read_attributes(attributes)))
        return found

    def _blocks(self) -> Iterator[tuple[int, str]]:
        """Paragraphs with their offsets: no link spans a blank line."""
        for match in re.finditer(r"(?:[^\n]*\S[^\n]*(?:\n|$))+", self.prose):
            if "[" in match[0]:
                yield match.start(), match[0]


def read_attributes(text: str) -> dict[str, str]:
    """Names (in lower case) and values of the attributes of a tag; the first of two wins, as in a browser."""
    found: dict[str, str] = {}
    for match in ATTRIBUTE.finditer(text):
        found.setdefault(match["key"].lower(), html.unescape((match["value"] or "").strip("\"'")))
    return found


def plain(heading: str) -> str:
    """The words of a heading without Markdown, as the site takes them for its id."""
    heading = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", heading)
    words, end = "", 0
    for code in INLINE_CODE.finditer(heading):
        words += _unmarked(heading[end : code.start()]) + code[2]
        end = code.end()
    return words + _unmarked(heading[end:])


def _unmarked(text: str) -> str:
    """Text without emphasis and tags."""
    text = re.sub(r"__([^_\s](?:[^_]*[^_\s])?)__", r"\1", text)
    text = re.sub(r"(?<!\w)_([^_\s](?:[^_]*[^_\s])?)_(?!\w)", r"\1", text)
    return html.unescape(re.sub(r"<[^<>]*>", "", text))


def _overlapping(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """Matches that start at each bracket: an image inside a link is found as well as the link."""
    for bracket in re.finditer(r"!?\[", text):
        if match := pattern.match(text, bracket.start()):
            yield match


def _front_lines(lines: list[str]) -> int:
    if lines[0].rstrip() != "---":
        return 0
    for number, line in enumerate(lines[1:], start=1):
        if line.rstrip() in ("---", "..."):
            return number + 1
    # Never closed: what looks like keys and values is what was meant.
    for number, line in enumerate(lines[1:], start=1):
        if not re.match(r"^(?:[\w-]+\s*:|\s+\S|- )", line):
            return number
    return len(lines)


def _fence(number: int, last: int, closed: bool, noticed: int, opening: re.Match[str]) -> Fence:
    info = opening["info"].strip()
    if braced := re.match(r"\{([^}]*)\}", info):
        language = "".join(re.findall(r"(?:^|\s)\.([\w#.+-]+)", braced[1])[:1])
        options = braced[1]
    else:
        words = re.match(r"\.?([\w#.+-]*)(.*)", info)
        language, options = (words[1], words[2]) if words else ("", info)
        if options[:1] == "=":  # `title="x"` without a language
            language, options = "", info
    column = opening.start("fence") + 1
    return Fence(number + 1, last + 1 if closed else 0, column, language, options, noticed + 1)


def _blank(text: str) -> str:
    return re.sub(r"[^\n]", " ", text)
