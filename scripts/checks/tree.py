"""The files of the portal, each read once."""

import bisect
import os
from collections import Counter
from functools import cached_property
from pathlib import Path

import pathspec
import yaml

from checks.page import Page

KEPT = (".github", ".ci", ".devcontainer")  # of the folders whose names begin with a dot
NEVER = ("node_modules", "__pycache__", "site")
TEXT = {
    ".cfg", ".css", ".graphql", ".html", ".in", ".ini", ".js", ".json", ".jsonc", ".md", ".mjs", ".out",
    ".py", ".sh", ".sql", ".svg", ".toml", ".ts", ".txt", ".xml", ".yaml", ".yml",
}  # fmt: skip
LARGEST_TEXT_BYTES = 2**20


class Tree:
    """A checkout at `root`: its files, pages and configuration, and what was counted in them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._start = f"{root}{os.sep}"
        self.docs = root / "docs"
        self.examples = root / "examples"
        self.counts: Counter[str] = Counter()
        self.quoted: dict[str, list] = {}  # what checks.quotations found on each page
        self._texts: dict[Path, str] = {}

    def name(self, path: Path) -> str:
        """`path` relative to the root, with slashes on every system."""
        whole = str(path)
        if not whole.startswith(self._start):
            return path.relative_to(self.root).as_posix()
        return whole[len(self._start) :].replace(os.sep, "/")

    @cached_property
    def entries(self) -> list[Path]:
        """Every file and every link that is not ignored by git, sorted; links are not followed."""
        ignored = self._spec(self._read(self.root / ".gitignore"))
        found: list[Path] = []

        def walk(folder: Path) -> None:
            for entry in os.scandir(folder):
                path = Path(entry.path)
                is_folder = entry.is_dir(follow_symlinks=False)
                if ignored.match_file(self.name(path) + "/" * is_folder):
                    continue
                if not is_folder:
                    found.append(path)
                elif entry.name not in NEVER and (entry.name in KEPT or not entry.name.startswith(".")):
                    walk(path)

        walk(self.root)
        return sorted(found, key=self.name)

    @cached_property
    def files(self) -> set[Path]:
        """The entries that are files."""
        return {path for path in self.entries if not path.is_symlink()}

    @cached_property
    def texts(self) -> list[Path]:
        """Files that people edit as text."""
        return [
            path
            for path in self.entries
            if path in self.files
            and (path.suffix.lower() in TEXT or not path.suffix)
            and path.stat().st_size <= LARGEST_TEXT_BYTES
        ]

    @cached_property
    def _named(self) -> tuple[list[str], list[Path]]:
        found = [(self.name(path), path) for path in self.entries if path in self.files]
        return [name for name, _ in found], [path for _, path in found]

    def under(self, folder: Path, suffix: str = "") -> list[Path]:
        """Files somewhere in `folder` whose names end with `suffix`, sorted."""
        names, paths = self._named
        start = f"{self.name(folder)}/" if folder != self.root else ""
        first, last = bisect.bisect_left(names, start), bisect.bisect_left(names, f"{start}\U0010ffff")
        return [path for path in paths[first:last] if path.name.endswith(suffix)]

    def text(self, path: Path) -> str:
        """The text of a file with Unix line ends; bytes that are no UTF-8 become replacement characters."""
        if path not in self._texts:
            self._texts[path] = self._read(path)
        return self._texts[path]

    def _read(self, path: Path) -> str:
        try:
            content = path.read_bytes()
        except OSError:
            return ""
        wide = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}.get(content[:2], "utf-8")
        text = content.decode(wide, errors="replace").removeprefix("\ufeff")
        return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", " ")

    @cached_property
    def pages(self) -> list[Page]:
        """Every Markdown file under docs/ that is built, sorted."""
        excluded = self._spec(str(self.config.get("exclude_docs") or "") if self.config else "theme/")
        return [
            Page(path, self.name(path), self.text(path))
            for path in self.under(self.docs, ".md")
            if not excluded.match_file(path.relative_to(self.docs).as_posix())
        ]

    @cached_property
    def page_of(self) -> dict[Path, Page]:
        """Each page by its path."""
        return {page.path: page for page in self.pages}

    @cached_property
    def config_path(self) -> Path:
        """Path of the site's configuration."""
        return self.root / "mkdocs.yml"

    @cached_property
    def config_node(self) -> yaml.MappingNode | None:
        """The configuration with its lines; None where it is no valid YAML mapping."""
        try:
            node = yaml.compose(self.text(self.config_path), Loader=yaml.SafeLoader)
        except (yaml.YAMLError, ValueError):
            return None
        return node if isinstance(node, yaml.MappingNode) else None

    @cached_property
    def config(self) -> dict:
        """The values of the configuration; empty where it cannot be read."""
        try:
            value = yaml.load(self.text(self.config_path), Loader=_Loader)  # noqa: S506 - a subclass of SafeLoader
        except (yaml.YAMLError, ValueError, TypeError):
            return {}
        return value if isinstance(value, dict) else {}

    def plugin(self, name: str) -> dict | None:
        """Options of a plugin of mkdocs.yml; None where it is not used."""
        for plugin in self.config.get("plugins") or []:
            if plugin == name:
                return {}
            if isinstance(plugin, dict) and name in plugin:
                return plugin[name] if isinstance(plugin[name], dict) else {}
        return None

    @cached_property
    def nav_order(self) -> list[str]:
        """Pages of the menu in their order, relative to docs/."""
        found: list[str] = []

        def walk(item: object) -> None:
            if isinstance(item, str):
                found.append(item)
            elif isinstance(item, list):
                for each in item:
                    walk(each)
            elif isinstance(item, dict):
                for each in item.values():
                    walk(each)

        walk(self.config.get("nav"))
        return found

    @cached_property
    def systems(self) -> list[Path]:
        """Folders of examples/ that hold a whole system, such as examples/shop: any page may quote them."""
        packages = {
            path.parent for path in self.files if path.name in ("__init__.py", "settings.py", "manage.py")
        }
        return sorted(folder for folder in packages if folder.parent == self.examples)

    @cached_property
    def lesson_folders(self) -> list[Path]:
        """Folders examples/<topic>/<lesson> that hold at least one file."""
        found = set()
        for path in self.under(self.examples):
            parts = path.relative_to(self.examples).parts
            if len(parts) > 2 and self.examples / parts[0] not in self.systems:
                found.add(self.examples / parts[0] / parts[1])
        return sorted(found)

    def example_folder(self, page: Page) -> Path:
        """The folder that mirrors a page, whether or not it exists."""
        return self.examples / page.path.relative_to(self.docs).with_suffix("")

    def _spec(self, patterns: str) -> pathspec.GitIgnoreSpec:
        try:
            return pathspec.GitIgnoreSpec.from_lines(patterns.splitlines())
        except ValueError:
            return pathspec.GitIgnoreSpec.from_lines([])


class _Loader(yaml.SafeLoader):
    """Reads mkdocs.yml; of `!ENV [NAME, default]` it keeps the default, of other tags nothing."""


def _tagged(loader: yaml.SafeLoader, _suffix: str, node: yaml.Node) -> object:
    if isinstance(node, yaml.SequenceNode) and node.value:
        return loader.construct_object(node.value[-1], deep=True)
    return node.value if isinstance(node, yaml.ScalarNode) else None


_Loader.add_multi_constructor("!", _tagged)
_Loader.add_multi_constructor("tag:yaml.org,2002:python/", _tagged)
