"""Draw what an input becomes: tokens of the statement, or one value beside it."""

from html import escape

import sqlparse
from sqlparse import tokens as kinds

INPUT = "' OR '1'='1' -- "
BEFORE, AFTER = "SELECT email FROM account WHERE email = '", "' AND password_hash = '4104…'"
BOUND = "SELECT email FROM account WHERE email = ? AND password_hash = ?"
WIDTH, ROW, LEFT, SECOND = 440, 26, 12, 240
NAMES = {
    kinds.Keyword: "keyword",
    kinds.Literal: "text",
    kinds.Comment: "comment",
    kinds.Operator: "operator",
    kinds.Name.Placeholder: "parameter",
    kinds.Name: "name",
}


def tokens(statement: str, start: int, end: int) -> list[tuple[str, str, bool]]:
    """Text, kind, and whether it holds characters of statement[start:end], for each token but spaces."""
    found, place = [], 0
    for token in sqlparse.parse(statement)[0].flatten():
        kind = next((name for type_, name in NAMES.items() if token.ttype in type_), "sign")
        if kind == "keyword" and token.value.islower():  # sqlparse takes "account" for a keyword
            kind = "name"
        if not token.is_whitespace:
            found.append((token.value, kind, place < end and place + len(token.value) > start))
        place += len(token.value)
    return found


def string_built() -> list[tuple[str, str, bool]]:
    return tokens(BEFORE + INPUT + AFTER, len(BEFORE), len(BEFORE + INPUT))


def parameterised() -> list[tuple[str, str, bool]]:
    return tokens(BOUND, 0, 0)


def rows(found: list[tuple[str, str, bool]], top: int) -> list[str]:
    lines = []
    for number, (text, kind, ours) in enumerate(found):
        y = top + number * ROW
        if ours:
            box = f'x="{LEFT - 8}" y="{y - 18}" width="{WIDTH - 2 * (LEFT - 8)}" height="{ROW - 2}" rx="3"'
            lines.append(f'<rect class="c2" fill-opacity="0.28" {box}/>')
        shown = text if len(text) < 24 else text[:23] + "…"
        lines.append(
            f'<text x="{LEFT}" y="{y}" font-size="15" font-family="monospace" fill="currentColor" '
            f'xml:space="preserve">{escape(shown)}</text>'
            f'<text x="{SECOND}" y="{y}" font-size="14" class="muted">{kind}'
            f"{', from the input' if ours else ''}</text>"
        )
    return lines


def heading(text: str, y: int) -> str:
    style = 'font-size="16" font-weight="bold" fill="currentColor"'
    return f'<text x="{LEFT - 8}" y="{y}" {style}>{text}</text>'


def picture() -> str:
    flawed, fixed = string_built(), parameterised()
    ours = sum(from_input for *_, from_input in flawed)
    second = 56 + len(flawed) * ROW + 30
    value = second + 26 + len(fixed) * ROW + 6
    height = value + 64
    lines = [
        f'<svg viewBox="0 0 {WIDTH} {height}" width="100%" role="img" xmlns="http://www.w3.org/2000/svg" '
        'aria-labelledby="tokens-title tokens-desc" font-family="sans-serif">',
        '<title id="tokens-title">The same input, string-built and as a parameter</title>',
        f'<desc id="tokens-desc">Two lists of tokens. String-built: {len(flawed)} tokens, {ours} '
        "of them made from the input, among them the keyword OR and a comment. "
        f"With parameters: {len(fixed)} tokens, none of them made from the input, "
        "which travels beside the statement as one value.</desc>",
        heading(f"String-built: {ours} of {len(flawed)} tokens from the input", 22),
        *rows(flawed, 56),
        heading(f"Parameters: 0 of {len(fixed)} tokens from the input", second),
        *rows(fixed, second + 34),
        f'<rect class="s2" fill="none" stroke-width="2" x="{LEFT - 8}" y="{value + 18}" '
        f'width="{WIDTH - 2 * (LEFT - 8)}" height="34" rx="3"/>',
        f'<text x="{LEFT}" y="{value + 40}" font-size="15" font-family="monospace" fill="currentColor" '
        f'xml:space="preserve">{escape(INPUT)}</text>'
        f'<text x="{SECOND}" y="{value + 40}" font-size="14" class="muted">value 1, sent beside</text>',
        "</svg>",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    print(picture())
