"""Make the built site lighter without changing what a reader sees.

Material's stylesheet serves every feature it has; a rule whose class stands on no page and in no script can
never match, so it goes. Templates leave blank lines and indentation behind; outside of `<pre>` they go too.
Our own modules lose their comments and their indentation, and keep every name.
"""

import os
import re
from pathlib import Path

KEPT_AS_IS = re.compile(r"(<(pre|script|style|textarea)\b.*?</\2>)", re.DOTALL | re.IGNORECASE)
CLASS_NAME = re.compile(r"\.((?:[\w-]|\\.)+)")
# Tokens that have the colour of plain code: names, operators, punctuation, space, output.
PLAIN_TOKEN = re.compile(r'<span class="(?:n|o|p|w|go)">([^<]*)</span>|(?<=<pre>)<span></span>')
# Parts of Material that this site does not use; one whose name stands on a page keeps its rules all the same.
SWITCHED_OFF = (
    "annotat",
    "consent",
    "critic",
    "feedback",
    "glightbox",
    "md-author",
    "md-banner",
    "md-post",
    "md-progress",
    "md-select",
    "md-source",
    "md-status",
    "md-tag",
    "md-version",
    "mermaid",
    "tabbed",
    "tippy",
)
PROPERTY = re.compile(r"(?P<name>--[\w-]+):(?:\"[^\"]*\"|url\(\"[^\"]*\"\)|[^;{}\"])*;?")


def slim(folder: Path) -> None:
    """Slim every page and Material's stylesheet in `folder`, in place."""
    pages = sorted(folder.rglob("*.html"))
    for page in pages:
        text = without_indentation(page.read_text(encoding="utf-8"))
        page.write_text(PLAIN_TOKEN.sub(r"\1", text), encoding="utf-8")
    own = sorted(folder.glob("assets/*.css"))
    for sheet in own:
        sheet.write_text(without_comments(sheet.read_text(encoding="utf-8")), encoding="utf-8")
    without_words(
        [*sorted(folder.glob("runner/*.js")), *sorted(folder.glob("assets/*.js")), *folder.glob("sw.js")]
    )
    shown = _texts(pages)
    scripts = _texts([path for path in sorted(folder.rglob("*.js")) if "lunr" not in path.parts])
    for sheet in folder.glob("assets/stylesheets/main.*.css"):
        text = sheet.read_text(encoding="utf-8").split("/*# sourceMappingURL")[0]
        sheet.write_text(without_unused(text, shown, scripts, _texts(own)), encoding="utf-8")


def _texts(paths: list[Path]) -> str:
    return " ".join(path.read_text(encoding="utf-8") for path in paths if "swagger" not in path.name)


def without_words(modules: list[Path]) -> None:
    """Take comments and indentation out of modules of ours, in place. Raises `CalledProcessError`."""
    import pack

    names = [str(path.resolve()) for path in modules]
    if names:
        base = os.path.commonpath([path.resolve().parent for path in modules])
        options = ["--minify-whitespace", "--charset=utf8", "--allow-overwrite"]
        pack.esbuild([*names, *options, f"--outbase={base}", f"--outdir={base}"])


def without_comments(css: str) -> str:
    """A stylesheet of ours without comments and indentation."""
    return re.sub(r"\s*([{};,])\s*", r"\1", re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)).strip()


def without_indentation(page: str) -> str:
    """The page with each run of white space that holds a line break made one line break."""
    parts = KEPT_AS_IS.split(page)
    # split() gives text, block, the block's tag, text, …
    kept = [
        part if place % 3 == 1 else re.sub(r"\s*\n\s*", "\n", part)
        for place, part in enumerate(parts)
        if place % 3 < 2
    ]
    return "".join(kept)


def without_unused(css: str, pages: str, scripts: str, own_sheets: str = "") -> str:
    """`css` without rules that need a class nobody names, and without custom properties nobody reads.

    A class counts as named where its name stands anywhere in `pages` or `scripts`, in any context: what is left may
    be too much, never too little. Of the parts in `SWITCHED_OFF` only `pages` is asked.
    """
    off = [part for part in SWITCHED_OFF if part not in pages]

    def named(name: str) -> bool:
        return name in pages or (name in scripts and not any(part in name for part in off))

    css = _prune(css, named)
    # A property may be read by one that nobody reads: three rounds reach the end of such chains.
    for _ in range(3):
        read = set(re.findall(r"--[\w-]+", PROPERTY.sub(lambda match: match[0].split(":", 1)[1], css)))
        read |= set(re.findall(r"--[\w-]+", pages + scripts + own_sheets))
        css = PROPERTY.sub(lambda match, read=read: match[0] if match["name"] in read else "", css)
    return css


def _prune(css: str, named) -> str:
    kept = []
    for head, body in _rules(css):
        if head.startswith(("@media", "@supports", "@container")):
            inside = _prune(body, named)
            kept.append(f"{head}{{{inside}}}" if inside else "")
        elif head.startswith("@"):
            kept.append(f"{head}{{{body}}}")
        else:
            selectors = [each for each in _selectors(head) if _can_match(each, named)]
            kept.append(f"{','.join(selectors)}{{{body}}}" if selectors else "")
    return "".join(kept)


def _rules(css: str) -> list[tuple[str, str]]:
    """Head and body of each rule at the top level of `css`."""
    rules, start = [], 0
    while (opened := css.find("{", start)) >= 0:
        depth, at, quote = 1, opened + 1, ""
        while depth:
            sign = css[at]
            if quote:
                quote = "" if sign == quote and css[at - 1] != "\\" else quote
            elif sign in "\"'":
                quote = sign
            else:
                depth += {"{": 1, "}": -1}.get(sign, 0)
            at += 1
        rules.append((css[start:opened].strip(), css[opened + 1 : at - 1]))
        start = at
    return rules


def _selectors(head: str) -> list[str]:
    """The selectors of a list, split at commas that are in no parentheses or brackets."""
    found, depth = [""], 0
    for sign in head:
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(sign, 0)
        if sign == "," and not depth:
            found.append("")
        else:
            found[-1] += sign
    return found


def _can_match(selector: str, named) -> bool:
    if "[dir=rtl]" in selector:
        return False
    # Classes in :not() and :is() need not be there; strings in attribute selectors hold none.
    plain = re.sub(r':(?:not|is|where|has)\([^)]*\)|"[^"]*"', "", selector)
    return all(named(name.replace("\\", "")) for name in CLASS_NAME.findall(plain))
