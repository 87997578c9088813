"""Raw HTML in pages: what the site's content policy would block, and what loads from elsewhere."""

import re
from collections.abc import Iterator

from checks.fault import Fault, shortened
from checks.page import Page
from checks.tree import Tree

FORBIDDEN = {
    "script": "scripts are not allowed in pages (the content policy would block them)",
    "style": "styles are not allowed in pages",
    "base": "it would change every link of the page",
    "meta": "the builder writes the head of a page",
    "form": "a page has nowhere to send a form",
    "object": "plugins are not allowed in pages",
    "embed": "plugins are not allowed in pages",
    "link": "the builder writes the head of a page",
}
LOADING = ("src", "srcset", "poster", "data", "background", "xlink:href")


def check(page: Page, tree: Tree) -> Iterator[Fault]:
    """Faults of the raw HTML of one page."""
    tree.counts["tags"] += len(page.tags)
    for tag in page.tags:
        place = (page.name, tag.line, tag.column)
        if tag.name in FORBIDDEN:
            yield Fault(*place, "SEC01", f"<{tag.name}>: {FORBIDDEN[tag.name]}. Fix: delete it.")
            continue
        for key, value in tag.attributes.items():
            if re.fullmatch(r"on[a-z]+", key):
                yield Fault(*place, "SEC03", f'"{key}" runs a script, and pages have none. Fix: delete it.')
            elif key in LOADING and re.match(r"(?:https?:)?//", value.strip(), re.IGNORECASE):
                yield Fault(
                    *place,
                    "NET01",
                    f'<{tag.name}> loads from another site. Found "{shortened(value)}". '
                    "Fix: put the file in the repository, or link to it.",
                )
            elif key == "style" and re.search(r"url\(\s*['\"]?(?:https?:)?//", value, re.IGNORECASE):
                yield Fault(
                    *place, "NET01", "the style loads from another site. Fix: put the file in the repository."
                )
            elif key in ("action", "formaction", *LOADING) and re.match(
                r"\s*(?:javascript|data|vbscript):", value, re.IGNORECASE
            ):
                yield Fault(
                    *place,
                    "SEC02",
                    f"scheme {value.split(':')[0].strip().lower()}: not allowed. Fix: use a file.",
                )
        if "srcdoc" in tag.attributes:
            yield Fault(
                *place, "SEC01", "srcdoc: a page holds no other page. Fix: delete it, or show it as code."
            )
        if tag.name == "img":
            yield from _image(tag, place)


def _image(tag: object, place: tuple[str, int, int]) -> Iterator[Fault]:
    src = tag.attributes.get("src", "")
    if re.match(r"(?:https?:)?//|\s*(?:data|javascript):", src, re.IGNORECASE):
        return  # said already
    yield Fault(
        *place,
        "IMG05",
        "an image in HTML is not found by the builder. Fix: write "
        f"![{tag.attributes.get('alt') or 'what it shows'}]({shortened(src)}).",
    )
