"""Links between pages: what the site's builder lets pass, and what breaks under a sub-path."""

import html
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from checks.fault import Fault, listed, nearest, shortened
from checks.page import FOOTNOTE, Page
from checks.tree import Tree

SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
ALLOWED = ("http", "https", "mailto")
Place = tuple[str, int, int]
IMAGES = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".avif", ".svg")


def check(page: Page, tree: Tree) -> Iterator[Fault]:
    """Faults of the links, references and footnotes of one page."""
    for link in page.links:
        tree.counts["links"] += not link.image
        place = (page.name, link.line, link.column)
        if not link.image and not link.text.strip():
            yield Fault(
                *place,
                "LNK07",
                f"a link without words cannot be seen. Fix: write [words]({shortened(link.to)}).",
            )
        if not link.to.strip():
            yield Fault(
                *place,
                "LNK07",
                f'"{shortened(link.text)}" links to nothing. Fix: write an address in the parentheses.',
            )
        elif not link.sound and re.search(r"\s", link.to.strip()):
            yield Fault(
                *place,
                "LNK09",
                f'space in the address "{shortened(link.to)}". Fix: write %20 for it, or rename the file '
                "with dashes.",
            )
        elif not link.image:
            yield from address(page, tree, link.to, place)
    yield from _references(page, tree)
    yield from _footnotes(page)
    for tag in page.tags:
        if tag.name in ("a", "area") and "href" in tag.attributes:
            tree.counts["links"] += 1
            yield from _raw(page, tag.attributes["href"], (page.name, tag.line, tag.column))


def check_files(tree: Tree) -> Iterator[Fault]:
    """Faults of links between the files of the repository: README.md and its like are read on the code host."""
    places = (tree.root, tree.root / ".github")
    names = {tree.name(path) for path in tree.files}
    folders = {parent.as_posix() for name in names for parent in PurePosixPath(name).parents}
    for path in tree.under(tree.root, ".md"):
        if path.parent not in places:
            continue
        page = Page(path, tree.name(path), tree.text(path))
        for link in page.links:
            tree.counts["links"] += 1
            place = (page.name, link.line, link.column)
            to, _, fragment = link.to.strip().partition("#")
            if fault := foreign(link.to.strip(), place):
                yield fault
            elif SCHEME.match(to) or to.startswith("/") or not link.sound:
                continue
            elif not to and fragment and fragment not in page.ids:
                near = nearest(fragment, page.ids)
                hint = (
                    f"Nearest: #{near}."
                    if near
                    else f"It has: {listed(f'#{each.id}' for each in page.headings)}."
                )
                yield Fault(*place, "LNK03", f"no heading #{fragment} on this page. {hint}")
            elif to:
                target, inside = _inside(PurePosixPath(page.name).parent, unquote(to))
                # Above the root are pages of the code host itself, as in ../../issues.
                if inside and target not in names | folders and not (tree.root / target).exists():
                    near = _named_alike(target, sorted(names))
                    hint = f"Nearest: {near}." if near else "Fix: correct the path."
                    yield Fault(*place, "LNK01", f"{to} does not exist. {hint}")


def address(page: Page, tree: Tree, to: str, place: Place) -> Iterator[Fault]:
    """Faults of one address as it stands in a Markdown link."""
    to = to.strip()
    if fault := foreign(to, place):
        yield fault
        return
    if SCHEME.match(to):
        return
    path, _, fragment = to.partition("#")
    path = unquote(path.partition("?")[0])
    if not path:
        yield from _anchor(page, page, unquote(fragment), place, to)
        return
    target, fault = resolve(page, tree, path, place)
    if fault:
        yield fault
    elif fragment and target in tree.page_of:
        yield from _anchor(page, tree.page_of[target], unquote(fragment), place, to)


def foreign(to: str, place: Place) -> Fault | None:
    """The fault of an address that is wrong whatever files there are."""
    # Browsers skip control characters and spaces inside a scheme: "java\nscript:".
    bare = re.sub(r"[\x00-\x20]", "", html.unescape(to))
    if "\\" in to or re.match(r"[A-Za-z]:[/\\]", to):
        fixed = re.sub(r"^[A-Za-z]:", "", to).replace("\\", "/").lstrip("/")
        return Fault(*place, "LNK06", f'Windows path. Found "{shortened(to)}". Fix: {fixed}')
    scheme = SCHEME.match(bare)
    if scheme and scheme[1].lower() not in ALLOWED:
        return Fault(
            *place,
            "SEC02",
            f"scheme {scheme[1].lower()}: not allowed. Fix: link to a page, or to https, http or mailto.",
        )
    if to.startswith("//"):
        return Fault(*place, "LNK04", f'the link has no scheme. Found "{shortened(to)}". Fix: https:{to}')
    return None


def resolve(
    page: Page, tree: Tree, path: str, place: Place, missing: str = "LNK01"
) -> tuple[Path, Fault | None]:
    """The file that a relative path names, and its fault; `missing` is the code where there is no file."""
    own = PurePosixPath(page.path.relative_to(tree.docs).as_posix())
    absolute = path.startswith("/")
    target, inside = _inside(PurePosixPath() if absolute else own.parent, path.lstrip("/"))
    file = tree.docs / target
    if absolute:
        pages = (target, f"{target}.md", f"{target}/index.md".lstrip("/"))
        meant = next((each for each in pages if tree.docs / each in tree.files), target)
        code, said = "LNK04", f"absolute link breaks under a sub-path. Fix: {relative_path(own, meant)}"
    elif not inside:
        fix = "Fix: quote the file, or name it in `backticks`."
        code, said = missing, f'"{shortened(path)}" leaves docs/, and only docs/ is on the site. {fix}'
    elif file in tree.files:
        return file, None
    else:
        names = {each.relative_to(tree.docs).as_posix() for each in tree.under(tree.docs)}
        code, said = _misspelt(own, target, path, names, is_page=missing == "LNK01")
        if not code:
            code, said = missing, _missing(own, target, path, names, is_page=missing == "LNK01")
    return file, Fault(*place, code, said)


def _misspelt(
    own: PurePosixPath, target: str, path: str, names: set[str], *, is_page: bool
) -> tuple[str, str]:
    """Code and message for a path that says in another way where a file is."""
    if same := next((name for name in sorted(names) if name.lower() == target.lower()), None):
        expected = f'Found "{path}", expected "{relative_path(own, same)}".'
        return "LNK12", f"wrong case: works on Windows and macOS only. {expected}"
    is_folder = not target or any(name.startswith(f"{target}/") for name in names)
    bare = re.sub(r"\.html?$", "", target).removesuffix("/index")
    pages = (f"{bare}.md", f"{bare}/index.md".lstrip("/")) if is_page else ()
    if page := next((each for each in pages if each in names), None):
        fixed = relative_path(own, page)
        if is_folder:
            return "LNK11", f'"{path}" is a folder. Fix: {fixed}'
        return "LNK05", f'"{path}" → did you mean {fixed}?'
    if is_folder:
        return "LNK11", f'"{path}" is a folder without an index.md. Fix: link to one of its pages.'
    return "", ""


def _missing(own: PurePosixPath, target: str, path: str, names: set[str], *, is_page: bool) -> str:
    """The message for a path to a file that is nowhere."""
    suffixes = (PurePosixPath(target).suffix or ".md",) if is_page else IMAGES
    kind = sorted(name for name in names if name.endswith(suffixes))
    near = _named_alike(target, kind)
    beside = [name for name in kind if PurePosixPath(name).parent == PurePosixPath(target).parent]
    hint = "Fix: correct the path." if is_page else "Fix: add the file, or delete the image."
    if near:
        hint = f"Nearest: {relative_path(own, near)}."
    elif is_page and beside:
        hint = f"Beside it: {listed(relative_path(own, name) for name in beside)}."
    return f"{path} does not exist. {hint}" if is_page else f"{path} not found next to docs/{own}. {hint}"


def _named_alike(target: str, names: list[str]) -> str:
    """A file of the same name in another folder; else one of nearly the same name in the same folder."""
    wanted = PurePosixPath(target)
    same = sorted(
        name for name in names if PurePosixPath(name).name == wanted.name and wanted.stem != "index"
    )
    beside = {PurePosixPath(name).stem: name for name in names if PurePosixPath(name).parent == wanted.parent}
    return same[0] if same else beside.get(nearest(wanted.stem, beside), "")


def _inside(folder: PurePosixPath, path: str) -> tuple[str, bool]:
    parts: list[str] = list(folder.parts)
    for part in path.split("/"):
        if part == "..":
            if not parts:
                return "", False
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts), True


def relative_path(own: PurePosixPath, target: str) -> str:
    here, there = list(own.parent.parts), target.split("/")
    while here and len(there) > 1 and here[0] == there[0]:
        here, there = here[1:], there[1:]
    return "/".join([".."] * len(here) + there)


def _anchor(page: Page, target: Page, fragment: str, place: Place, to: str) -> Iterator[Fault]:
    if not fragment:
        if to == "#":
            yield Fault(*place, "LNK07", 'the link "#" goes nowhere. Fix: name a heading, as in #costs.')
        return
    # A page of references made from docstrings has ids that only the build knows; the build checks those.
    generated = any(re.match(r"^\s*::: \S", line) for line in target.lines)
    if fragment in target.ids or (generated and "." in fragment) or fragment.startswith("__"):
        return
    ids = [heading.id for heading in target.headings]
    near = nearest(fragment, ids)
    hint = f"Nearest: #{near}." if near else f"It has: {listed(f'#{each}' for each in ids)}."
    if target is page:
        yield Fault(*place, "LNK03", f"no heading #{fragment} on this page. {hint}")
    else:
        yield Fault(*place, "LNK02", f"{target.path.name} has no heading #{fragment}. {hint}")


def _references(page: Page, tree: Tree) -> Iterator[Fault]:
    systems = [system.name for system in tree.systems]
    for line, column, name in page.references:
        if " ".join(name.lower().split()) in page.definitions:
            continue
        if re.fullmatch(rf"(?:{'|'.join(map(re.escape, systems))})(?:\.\w+)+", name) and systems:
            continue  # a name in the reference of a system: the build checks it
        near = nearest(name, page.definitions)
        hint = (
            f'Nearest: "{near}".'
            if near
            else f'Fix: add a line "[{shortened(name, 30)}]: https://…", or put it in `backticks`.'
        )
        yield Fault(
            page.name, line, column, "LNK08", f'no line defines the reference "{shortened(name, 30)}". {hint}'
        )


def _footnotes(page: Page) -> Iterator[Fault]:
    found = [
        (match["name"], bool(match["colon"]), *page.place(match.start()))
        for match in FOOTNOTE.finditer(page.prose)
    ]
    defined = {name for name, colon, _, column in found if colon and column <= 4}
    used = {name for name, colon, _, column in found if not (colon and column <= 4)}
    for name, colon, line, column in found:
        if name not in defined:
            yield Fault(
                page.name, line, column, "LNK10", f'no footnote "{name}". Fix: add a line "[^{name}]: …".'
            )
        elif colon and column <= 4 and name not in used:
            yield Fault(
                page.name,
                line,
                column,
                "LNK10",
                f'nothing refers to the footnote "{name}". Fix: write [^{name}] or delete it.',
            )


def _raw(page: Page, to: str, place: Place) -> Iterator[Fault]:
    to = to.strip()
    if fault := foreign(to, place):
        yield fault
    elif not to:
        yield Fault(*place, "LNK07", "the link goes nowhere. Fix: write an address in href.")
    elif to.startswith("#"):
        yield from _anchor(page, page, unquote(to[1:]), place, to)
    elif not SCHEME.match(to):
        yield Fault(
            *place,
            "LNK13",
            f'a link in HTML is not followed to its page by the builder. Found "{shortened(to)}". Fix: '
            f"write [words]({shortened(to)}).",
        )


def relative(page: Page, tree: Tree, name: str) -> str:
    """The way from a page to a file whose path under docs/ is `name`."""
    return relative_path(PurePosixPath(page.path.relative_to(tree.docs).as_posix()), name)
