"""OpenAPI documents under docs/specs/ and the tags `<swagger-ui>` that show them."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import yaml

from checks import front_matter, links
from checks.fault import Fault, listed
from checks.page import Page
from checks.tree import Tree

Reader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def specs(tree: Tree) -> list[Path]:
    """Every OpenAPI document of the site; what lies beside one for Postman is made from it."""
    found = tree.under(tree.docs / "specs")
    return [
        path
        for path in found
        if path.suffix in (".yaml", ".yml", ".json") and not path.name.endswith(".postman.json")
    ]


def check(page: Page, tree: Tree) -> Iterator[Fault]:
    """Faults of the embedded documents of one page."""
    embedded = [tag for tag in page.tags if tag.name == "swagger-ui"]
    options = tree.plugin("swagger-ui-tag")
    own = page.path.relative_to(tree.docs).as_posix()
    config = tree.name(tree.config_path)
    listed_files = (options or {}).get("filter_files") or []
    for tag in embedded:
        tree.counts["embedded specs"] += 1
        place = (page.name, tag.line, tag.column)
        src = tag.attributes.get("src", "")
        names = [path.relative_to(tree.docs).as_posix() for path in specs(tree)]
        if not src and "grouped" not in tag.attributes:
            yield Fault(*place, "API01", f'<swagger-ui> needs src="…". Specs: {listed(names)}.')
        elif src and not re.match(r"(?:https?:)?//", src):
            target, fault = links.resolve(page, tree, src, place)
            if fault:
                shown = [links.relative(page, tree, name) for name in names]
                yield Fault(*place, "API01", f"{src} not found. Specs: {listed(shown)}.")
            elif target not in specs(tree):
                yield Fault(*place, "API01", f"{src} is no OpenAPI document. Specs: {listed(names)}.")
        if options is None and tree.config:
            yield Fault(
                *place,
                "API05",
                f'nothing shows <swagger-ui>. Fix: add "swagger-ui-tag" to plugins of {config}.',
            )
        elif listed_files and own not in listed_files:
            yield Fault(
                *place,
                "API05",
                f'nothing shows <swagger-ui> on this page. Fix: add "- {own}" to filter_files in {config}.',
            )


def check_files(tree: Tree) -> Iterator[Fault]:
    """Faults of the documents themselves, and of the list of pages that show them."""
    for path in specs(tree):
        tree.counts["specs"] += 1
        yield from _document(tree, path)
    config = tree.name(tree.config_path)
    for own in (tree.plugin("swagger-ui-tag") or {}).get("filter_files") or []:
        page = tree.page_of.get(tree.docs / str(own))
        if page is None or not any(tag.name == "swagger-ui" for tag in page.tags):
            lines = tree.text(tree.config_path).split("\n")
            inside = next((number for number, line in enumerate(lines, 1) if "filter_files" in line), 1)
            line = next(
                (number for number, line in enumerate(lines, 1) if number > inside and str(own) in line),
                inside,
            )
            why = "has no <swagger-ui>" if page else "not found"
            yield Fault(
                config,
                line,
                0,
                "API06",
                f"filter_files: {own} {why}. Fix: delete this line, or mend the page.",
            )


def _document(tree: Tree, path: Path) -> Iterator[Fault]:
    name, text = tree.name(path), tree.text(path)
    try:
        document = json.loads(text) if path.suffix == ".json" else yaml.load(text, Loader=Reader)  # noqa: S506 - both are safe
    except json.JSONDecodeError as error:
        yield Fault(
            name,
            error.lineno,
            error.colno,
            "API02",
            f"not valid JSON: {error.msg}. Fix: export the document again.",
        )
        return
    except (yaml.YAMLError, ValueError, TypeError):
        try:  # the slow reader says more clearly what it stopped at
            yaml.load(text, Loader=yaml.SafeLoader)
        except (yaml.YAMLError, ValueError, TypeError) as clearer:
            error = clearer
        yield front_matter.broken_yaml(name, text, error, "API02", "the document")
        return
    for key in ("openapi", "info", "paths"):
        if not isinstance(document, dict) or not document.get(key):
            yield Fault(
                name,
                1,
                0,
                "API02",
                f'"{key}" is missing, so this is no OpenAPI document. Fix: export it again.',
            )
            if not isinstance(document, dict):
                return
