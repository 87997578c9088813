"""Files as such: encodings, names, links, conflict markers, secrets."""

import re
from collections.abc import Iterator
from pathlib import Path

from checks.fault import Fault, shortened
from checks.tree import Tree

PAGE_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")
RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.IGNORECASE)
CHECKED = (".md", ".png", ".jpg", ".jpeg", ".gif", ".webp", ".avif", ".svg")
SECRETS = (
    (
        "an AWS key",
        re.compile(r"(?<![A-Z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Z0-9])"),
        "Use AKIAIOSFODNN7EXAMPLE.",
    ),
    (
        "a GitHub token",
        re.compile(r"\bgh[pousr]_[A-Za-z0-9]{36,}\b|\bgithub_pat_\w{60,}"),
        "Use ghp_EXAMPLE.",
    ),
    (
        "a private key",
        re.compile(r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----"),
        "Generate one in the program or the test.",
    ),
    ("a Slack token", re.compile(r"\bxox[abprs]-\d{8,}-[A-Za-z0-9-]{10,}"), "Use xoxb-EXAMPLE."),
    ("a Stripe live key", re.compile(r"\b[rs]k_live_[A-Za-z0-9]{16,}"), "Use sk_test_EXAMPLE."),
    ("a Google API key", re.compile(r"\bAIza[\w-]{35}(?![\w-])"), "Use AIzaEXAMPLE."),
)
SIGNS = (
    "AKIA",
    "ASIA",
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "PRIVATE KEY",
    "xox",
    "k_live_",
    "AIza",
)  # a quick look before the slow one
SAMPLES = ("EXAMPLE",)
CONFLICT = re.compile(r"^(?:<{7}|>{7}|\|{7})(?: |$)")


def check_files(tree: Tree) -> Iterator[Fault]:
    """Faults of every file of the repository."""
    yield from _names(tree)
    for path in tree.texts:
        tree.counts["files"] += 1
        yield from _encoding(tree, path)
        yield from _content(tree, path)


def _names(tree: Tree) -> Iterator[Fault]:
    first: dict[str, str] = {}
    for path in tree.entries:
        name = tree.name(path)
        if path.is_symlink():
            yield Fault(
                name,
                0,
                0,
                "FS04",
                "is a symbolic link, and publishing follows it. Fix: put the file itself here.",
            )
        for folder in [*reversed([each.as_posix() for each in Path(name).parents][:-1]), name]:
            other = first.setdefault(folder.lower(), folder)
            if other != folder and folder == name:
                yield Fault(
                    name, 0, 0, "FS01", f"collides with {other} on Windows and macOS. Fix: rename one."
                )
            elif other != folder:
                yield Fault(
                    name,
                    0,
                    0,
                    "FS01",
                    f"its folder {folder}/ collides with {other}/ on Windows and macOS. Fix: rename one.",
                )
                break
    folders: set[Path] = set()
    for path in tree.under(tree.docs):
        name = tree.name(path)
        if path.name.lower() == "readme.md" and path.parent / "index.md" in tree.files:
            yield Fault(
                name, 0, 0, "FS03", f"same URL as {tree.name(path.parent / 'index.md')}. Fix: git rm {name}"
            )
        elif path.suffix.lower() in CHECKED and (
            path.suffix.lower() != ".md" or path in tree.page_of or path.suffix != ".md"
        ):
            bad = [
                part
                for part in path.relative_to(tree.docs).parts
                if not PAGE_NAME.fullmatch(part) or RESERVED.fullmatch(part)
            ]
            if bad and path.parent / bad[0] not in folders:
                folders.add(path.parent / bad[0])
                right = _plain(path.relative_to(tree.docs).as_posix())
                found = shortened(bad[0])
                yield Fault(
                    name,
                    0,
                    0,
                    "FS02",
                    f'"{found}" makes an address that is hard to write. Expected small letters, digits and '
                    "dashes. "
                    f'Fix: git mv "{name}" docs/{right}',
                )


def _plain(name: str) -> str:
    import unicodedata

    name = re.sub(r"(?:^|(?<=/))README\.md$", "index.md", name)
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    parts = [re.sub(r"[^a-z0-9._]+", "-", part).strip("-._") or "page" for part in plain.split("/")]
    return "/".join(f"{part}-page" if RESERVED.fullmatch(part) else part for part in parts)


def _encoding(tree: Tree, path: Path) -> Iterator[Fault]:
    content, name = path.read_bytes(), tree.name(path)
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        yield Fault(name, 0, 0, "ENC03", "file is UTF-16. Fix: save as UTF-8.")
        return
    if content.startswith(b"\xef\xbb\xbf"):
        yield Fault(
            name, 1, 1, "ENC02", "the file begins with a byte order mark. Fix: save as UTF-8 without BOM."
        )
    if b"\0" in content:
        line, column = _place(content, content.index(b"\0"))
        if content[1::2].count(0) > len(content) // 4 or content[::2].count(0) > len(content) // 4:
            yield Fault(name, 0, 0, "ENC03", "file is UTF-16. Fix: save as UTF-8.")
            return
        yield Fault(
            name,
            line,
            column,
            "ENC04",
            "NUL byte. Fix: delete this character; it is invisible in most editors.",
        )
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        line, column = _place(content, error.start)
        byte = content[error.start]
        likely = bytes([byte]).decode("cp1252", errors="replace")
        hint = f' (looks like Latin-1 "{likely}")' if likely.isprintable() and likely != "\ufffd" else ""
        more = content.decode("utf-8", errors="replace").count("\ufffd")
        also = f" {more - 1} more in this file." if more > 1 else ""
        yield Fault(
            name,
            line,
            column,
            "ENC01",
            f"byte 0x{byte:02X} is not UTF-8{hint}.{also} Fix: type it again and save as UTF-8.",
        )


def _place(content: bytes, offset: int) -> tuple[int, int]:
    start = content.rfind(b"\n", 0, offset) + 1
    return content.count(b"\n", 0, offset) + 1, len(
        content[start:offset].decode("utf-8", errors="replace")
    ) + 1


def _content(tree: Tree, path: Path) -> Iterator[Fault]:
    name, text = tree.name(path), tree.text(path)
    if "<<<<<<<" in text or ">>>>>>>" in text:
        for number, line in enumerate(text.split("\n"), start=1):
            if CONFLICT.match(line):
                yield Fault(
                    name,
                    number,
                    1,
                    "GIT01",
                    f'conflict marker. Found "{shortened(line, 30)}". Fix: keep one of the two versions, '
                    "and delete the marks.",
                )
    if not any(sign in text for sign in SIGNS):
        return
    for what, pattern, fix in SECRETS:
        for match in pattern.finditer(text):
            if any(sample in match[0] for sample in SAMPLES):
                continue
            line = text.count("\n", 0, match.start()) + 1
            column = match.start() - text.rfind("\n", 0, match.start())
            yield Fault(
                name,
                line,
                column,
                "SEC05",
                f"looks like {what}. {fix} If it is a real one, revoke it: deleting is not enough.",
            )
