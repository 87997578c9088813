"""The site's configuration, mkdocs.yml: options, plugins, the menu."""

import re
from collections.abc import Iterator
from functools import cache
from importlib.metadata import entry_points
from importlib.util import find_spec

import pathspec
import yaml
from mkdocs.config.defaults import get_schema

from checks import front_matter
from checks.fault import Fault, meant, nearest, shortened
from checks.tree import Tree

OF_VALIDATION = (
    "nav",
    "links",
    "omitted_files",
    "not_found",
    "absolute_links",
    "anchors",
    "unrecognized_links",
)
OF_THE_THEME = (
    "name", "custom_dir", "static_templates", "locale", "language", "direction", "features", "palette",
    "font", "icon", "logo", "favicon", "include_search_page", "search_index_only", "highlightjs", "analytics",
)  # fmt: skip
NESTED = {"validation": OF_VALIDATION, "theme": OF_THE_THEME}


@cache
def installed(group: str) -> frozenset[str]:
    """Names of the plugins of a kind that the environment has."""
    return frozenset(each.name for each in entry_points(group=group))


def check_files(tree: Tree) -> Iterator[Fault]:
    """Faults of mkdocs.yml."""
    name = tree.name(tree.config_path)
    if tree.config_path not in tree.files:
        yield Fault(name, 0, 0, "CFG02", "there is no mkdocs.yml. Fix: git restore mkdocs.yml")
        return
    text = tree.text(tree.config_path)
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, ValueError) as error:
        yield front_matter.broken_yaml(name, text, error, "CFG02", "mkdocs.yml")
        return
    if not isinstance(node, yaml.MappingNode):
        yield Fault(name, 1, 0, "CFG02", 'mkdocs.yml must be "key: value" lines. Fix: git restore mkdocs.yml')
        return
    options = {option for option, _ in get_schema()} | {"INHERIT"}
    yield from _keys(name, node, options)
    for key, value in node.value:
        if key.value in NESTED and isinstance(value, yaml.MappingNode):
            yield from _keys(name, value, NESTED[key.value], f"{key.value}: ")
        elif key.value == "plugins":
            yield from _named(name, value, installed("mkdocs.plugins"), "plugin", "CFG03")
        elif key.value == "markdown_extensions":
            yield from _extensions(name, value)
        elif key.value == "nav":
            yield from _nav(tree, name, value)
    if tree.config.get("strict") is not True:
        line = next((key.start_mark.line + 1 for key, _ in node.value if key.value == "strict"), 1)
        yield Fault(
            name,
            line,
            0,
            "CFG06",
            'without strict mode a broken page is published. Fix: write "strict: true".',
        )
    yield from _omitted(tree, node)


def _keys(name: str, node: yaml.MappingNode, known: object, within: str = "") -> Iterator[Fault]:
    seen: dict[str, int] = {}
    for key, _ in node.value:
        line, column, option = key.start_mark.line + 1, key.start_mark.column + 1, str(key.value)
        if option in seen:
            yield Fault(
                name,
                line,
                column,
                "CFG05",
                f'"{option}" stands on line {seen[option]} already. Fix: join the two.',
            )
        elif option not in known:
            hint = meant(nearest(option, known), "The builder has no such option. Fix: delete it.")
            yield Fault(name, line, column, "CFG01", f'{within}"{option}"{hint}')
        seen.setdefault(option, line)


def _items(node: yaml.Node) -> Iterator[tuple[yaml.Node, yaml.Node | None]]:
    """Names and options of plugins or extensions, as a list or as a mapping."""
    if isinstance(node, yaml.MappingNode):
        yield from node.value
    for item in node.value if isinstance(node, yaml.SequenceNode) else []:
        if isinstance(item, yaml.MappingNode):
            yield from item.value
        elif isinstance(item, yaml.ScalarNode):
            yield item, None


def _named(name: str, node: yaml.Node, known: set[str], what: str, code: str) -> Iterator[Fault]:
    for item, options in _items(node):
        plugin = str(item.value)
        names = known | {each.split("/")[-1] for each in known}
        if plugin not in names:
            hint = meant(
                nearest(plugin, names), "Fix: name it in requirements/site.in, then python3 scripts/lock.py"
            )
            yield Fault(
                name,
                item.start_mark.line + 1,
                item.start_mark.column + 1,
                code,
                f'no {what} "{plugin}"{hint}',
            )
        elif plugin == "swagger-ui-tag" and isinstance(options, yaml.MappingNode):
            plugins = entry_points(group="mkdocs.plugins", name=plugin)
            known_options = {option for each in plugins for option, _ in each.load().config_scheme} | {
                "enabled"
            }
            yield from _keys(name, options, known_options, f"{plugin}: ")


def _extensions(name: str, node: yaml.Node) -> Iterator[Fault]:
    known = installed("markdown.extensions")
    for item, _ in _items(node):
        extension = str(item.value)
        try:
            found = extension in known or find_spec(extension) is not None
        except (ImportError, ValueError):
            found = False
        if not found:
            usual = known | {
                f"pymdownx.{each}"
                for each in (
                    "highlight",
                    "inlinehilite",
                    "snippets",
                    "superfences",
                    "tabbed",
                    "details",
                    "tasklist",
                    "arithmatex",
                )
            }
            hint = meant(
                nearest(extension, usual), "Fix: delete it, or name its package in requirements/site.in"
            )
            yield Fault(
                name,
                item.start_mark.line + 1,
                item.start_mark.column + 1,
                "CFG04",
                f'no Markdown extension "{extension}"{hint}',
            )


def _nav(tree: Tree, name: str, node: yaml.Node) -> Iterator[Fault]:
    names = [each.relative_to(tree.docs).as_posix() for each in tree.under(tree.docs)]
    listed = {str(item.value) for item in _scalars(node)}
    seen: dict[str, int] = {}

    def walk(item: yaml.Node) -> Iterator[Fault]:
        if isinstance(item, yaml.SequenceNode):
            for each in item.value:
                yield from walk(each)
        elif isinstance(item, yaml.MappingNode):
            for _, each in item.value:
                yield from walk(each)
        elif isinstance(item, yaml.ScalarNode):
            yield from entry(item)

    def entry(item: yaml.ScalarNode) -> Iterator[Fault]:
        path, line, column = str(item.value), item.start_mark.line + 1, item.start_mark.column + 1
        if re.match(r"[a-z]+:", path):
            return
        tree.counts["menu entries"] += 1
        if path in seen:
            yield Fault(
                name,
                line,
                column,
                "NAV03",
                f"{path} stands on line {seen[path]} already. Fix: delete one of the two.",
            )
        elif path not in names:
            same = [each for each in names if each.lower() == path.replace("\\", "/").lower()]
            free = [each for each in names if each.endswith(".md") and each not in listed]
            said = "wrong case or slashes" if same else "not found"
            hint = meant(
                same[0] if same else nearest(path, free), f"Fix: write docs/{path}, or delete this line."
            )
            yield Fault(name, line, column, "NAV01", f"{path or 'an empty entry'} {said}{hint}")
        seen.setdefault(path, line)

    yield from walk(node)


def _omitted(tree: Tree, node: yaml.MappingNode) -> Iterator[Fault]:
    nav = next((value for key, value in node.value if key.value == "nav"), None)
    if nav is None:
        yield Fault(
            tree.name(tree.config_path),
            1,
            0,
            "NAV04",
            'there is no menu. Fix: write "nav:" and the pages in their order.',
        )
        return
    hidden = "\n".join(str(tree.config.get(key) or "") for key in ("not_in_nav", "draft_docs"))
    outside = pathspec.GitIgnoreSpec.from_lines(hidden.splitlines())
    lines = {str(item.value): item.start_mark.line + 1 for item in _scalars(nav)}
    for page in tree.pages:
        path = page.path.relative_to(tree.docs).as_posix()
        if path in lines or outside.match_file(path):
            continue
        if any(entry.lower() == path.lower() for entry in lines):
            continue  # said as NAV01
        folder = path.rpartition("/")[0]
        beside = [line for entry, line in lines.items() if entry.rpartition("/")[0] == folder]
        after = max(beside or lines.values(), default=nav.start_mark.line)
        yield Fault(
            page.name,
            0,
            0,
            "NAV02",
            f'page is in no menu. Fix: add "- {shortened(path, 90)}" to mkdocs.yml after line {after}.',
        )


def _scalars(node: yaml.Node) -> Iterator[yaml.ScalarNode]:
    if isinstance(node, yaml.ScalarNode):
        yield node
    elif isinstance(node, yaml.MappingNode):
        for _, value in node.value:
            yield from _scalars(value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _scalars(value)
