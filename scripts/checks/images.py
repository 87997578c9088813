"""Images: the files and the places that show them."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

from checks import links
from checks.fault import Fault, shortened
from checks.page import Page
from checks.tree import Tree

LIMIT_BYTES = 500 * 1024
SUFFIXES = {
    "PNG": (".png",),
    "JPEG": (".jpg", ".jpeg"),
    "GIF": (".gif",),
    "WebP": (".webp",),
    "AVIF": (".avif",),
    "SVG": (".svg",),
    "HTML page": (),
}
EVERY = tuple(suffix for suffixes in SUFFIXES.values() for suffix in suffixes)
SCRIPTED = re.compile(
    r"<(?P<tag>script|foreignObject|iframe)\b|<[^<>]*\s(?P<handler>on\w+)\s*=|(?P<scheme>javascript:)",
    re.IGNORECASE,
)
REMOTE = re.compile(
    r"""(?:href|src)\s*=\s*["'](?P<to>(?:https?:)?//[^"']+)|url\(\s*["']?(?P<url>(?:https?:)?//[^"')]+)""",
    re.IGNORECASE,
)


def check(page: Page, tree: Tree) -> Iterator[Fault]:
    """Faults of the images that one page shows."""
    for link in page.links:
        if not link.image:
            continue
        tree.counts["images"] += 1
        place = (page.name, link.line, link.column)
        if not link.text.strip():
            yield Fault(
                *place,
                "IMG02",
                "no text for those who cannot see it. Fix: write ![what the image "
                f"shows]({shortened(link.to)}).",
            )
        if not link.to.strip() or not link.sound:
            continue
        to = link.to.strip()
        if re.match(r"(?:https?:)?//", to, re.IGNORECASE):
            yield Fault(
                *place,
                "NET01",
                f'third-party image. Found "{shortened(to)}". Fix: put the file in the repository.',
            )
        elif fault := links.foreign(to, place):
            yield fault
        else:
            path = unquote(re.split(r"[?#]", to)[0])
            _, fault = links.resolve(page, tree, path, place, "IMG01")
            if fault:
                yield fault


def check_files(tree: Tree) -> Iterator[Fault]:
    """Faults of the image files themselves."""
    places = "\n".join(
        tree.text(path) for path in tree.texts if path.is_relative_to(tree.docs) or path.parent == tree.root
    )
    for path in tree.under(tree.docs):
        if path.suffix.lower() not in EVERY:
            continue
        name = tree.name(path)
        tree.counts["image files"] += 1
        size = path.stat().st_size
        if size > LIMIT_BYTES:
            shown = f"{size / 2**20:.1f} MB" if size >= 2**20 else f"{size // 1024} KiB"
            yield Fault(
                name,
                0,
                0,
                "IMG03",
                f"{shown}, limit {LIMIT_BYTES // 1024} KiB. Fix: save it smaller, as WebP or with at most "
                "1,600 pixels a side.",
            )
        kind = _kind(path)
        if kind and path.suffix.lower() not in SUFFIXES[kind]:
            right = SUFFIXES[kind][0] if SUFFIXES[kind] else ""
            fix = (
                f"git mv {name} {name.removesuffix(path.suffix)}{right}"
                if right
                else "download the image itself."
            )
            yield Fault(name, 0, 0, "IMG04", f"is {'an' if kind[0] in 'AHS' else 'a'} {kind}. Fix: {fix}")
        elif not kind:
            yield Fault(
                name,
                0,
                0,
                "IMG04",
                f"is no {path.suffix[1:].upper()} image. Fix: save it again, or git rm {name}.",
            )
        if path.name not in places and path.name not in unquote(places):
            yield Fault(name, 0, 0, "IMG06", f"no page uses it. Fix: git rm {name}")
    for path in [*tree.under(tree.docs, ".svg"), *tree.under(tree.examples, ".svg")]:
        yield from _svg(tree, path)


def _kind(path: Path) -> str:
    """What the first bytes of a file say that it is; empty where they say nothing known."""
    with path.open("rb") as file:
        head = file.read(1024)
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "WebP"
    if head[4:12] in (b"ftypavif", b"ftypavis"):
        return "AVIF"
    for magic, kind in ((b"\x89PNG\r\n\x1a\n", "PNG"), (b"\xff\xd8\xff", "JPEG"), (b"GIF8", "GIF")):
        if head.startswith(magic):
            return kind
    text = head.decode("utf-8", errors="replace").lstrip("\ufeff \r\n\t").lower()
    if text.startswith(("<!doctype html", "<html")):
        return "HTML page"
    return "SVG" if "<svg" in text else ""


def _svg(tree: Tree, path: Path) -> Iterator[Fault]:
    text, name = tree.text(path), tree.name(path)
    for match in SCRIPTED.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        found = next(group for group in match.groups() if group)
        yield Fault(name, line, 0, "SEC04", f'"{found}" in a picture could run code. Fix: delete it.')
    for match in REMOTE.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        to = match["to"] or match["url"]
        yield Fault(
            name,
            line,
            0,
            "NET01",
            f'the picture loads from another site. Found "{shortened(to)}". Fix: draw it here.',
        )
    if path.is_relative_to(tree.examples) and "<svg" in text:
        tree.counts["pictures"] += 1
        opening = re.search(r"<svg\b[^>]*>", text)
        lacks = [what for what, there in (
            ('role="img"', opening and re.search(r"role=[\"']img", opening[0])),
            ("viewBox", opening and "viewBox" in opening[0]),
            ("<title>", "<title" in text),
            ("<desc>", "<desc" in text),
        ) if not there]  # fmt: skip
        if lacks:
            yield Fault(
                name,
                0,
                0,
                "IMG07",
                f"the picture lacks {', '.join(lacks)}. Fix: print it in the program that draws it.",
            )
        lines = text.rstrip("\n").split("\n")
        blank = next((number for number, line in enumerate(lines, start=1) if not line.strip()), 0)
        if blank:
            yield Fault(
                name, blank, 0, "IMG08", "a blank line ends the picture on the page. Fix: print none."
            )
