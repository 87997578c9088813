"""The Content-Security-Policy of the site, written into every page: static hosts let us set no headers."""

import base64
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path

CHARSET = '<meta charset="utf-8">'
RULES = (
    "default-src 'none'; script-src 'self'{wasm}{hashes}; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self'; connect-src 'self'; worker-src 'self' blob:; "
    "manifest-src 'self'; frame-src 'self'; form-action 'none'; base-uri 'none'; object-src 'none'"
)
FRAME_HANDLER = re.compile(r'(<iframe[^>]*\bclass="swagger-ui-iframe"[^>]*?) onload="[^"]*"')
PROGRAMS = ("", "text/javascript", "application/javascript", "module", "importmap")


class PolicyFault(Exception):
    """A page that cannot get its policy; the message says which and why."""


class _InlineScripts(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.found: list[str] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = dict(attrs)
        if tag == "script" and "src" not in names and (names.get("type") or "").lower() in PROGRAMS:
            self._inside = True
            self.found.append("")

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.found[-1] += data

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag != "script"


def inline_scripts(page: str) -> list[str]:
    """The text of each inline script of a page that a browser would run."""
    reader = _InlineScripts()
    reader.feed(page)
    reader.close()
    return reader.found


def hash_of(script: str) -> str:
    """How a policy names an inline script that may run."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def is_frame(page: Path) -> bool:
    """Whether the page is one that mkdocs-swagger-ui-tag made for its frame."""
    return page.name.startswith("swagger-") and page.suffix == ".html"


def sandbox_scripts(folder: Path) -> list[str]:
    """The script of the frame that runs a reader's code: the frame inherits this policy. Raises `PolicyFault`."""
    module = folder / "runner" / "sandbox.js"
    if not module.is_file():
        return []
    found = re.findall(r"BOOTSTRAP ?= ?`([^`$\\]*)`", module.read_text(encoding="utf-8"))
    if len(found) != 1:
        raise PolicyFault("runner/sandbox.js: no BOOTSTRAP between backticks without ${} and backslashes.")
    return found


def write_policy(folder: Path) -> int:
    """Write the policy first into the head of every page in `folder`; returns how many pages there are.

    Pages share one policy with the hashes of all their inline scripts, so that it still holds where navigation
    keeps the first page's. A frame of Swagger UI has a script of its own and shares nothing. Raises `PolicyFault`.
    """
    texts = {page: page.read_text(encoding="utf-8") for page in sorted(folder.rglob("*.html"))}
    shared = {
        hash_of(each) for page, text in texts.items() if not is_frame(page) for each in inline_scripts(text)
    }
    shared |= {hash_of(script) for script in sandbox_scripts(folder)}
    for page, text in texts.items():
        own = {hash_of(each) for each in inline_scripts(text)}
        hashes = own if is_frame(page) else shared
        rules = RULES.format(
            wasm="" if is_frame(page) else " 'wasm-unsafe-eval'",
            hashes="".join(f" {each}" for each in sorted(hashes)),
        )
        page.write_text(_with_policy(text, rules, page.relative_to(folder)), encoding="utf-8")
    return len(texts)


def _with_policy(text: str, rules: str, name: Path) -> str:
    # The plugin's handler shows its frame; docs/assets/specification.js does that, and no policy allows handlers.
    text = FRAME_HANDLER.sub(r"\1", text)
    if "http-equiv" in text.lower():
        raise PolicyFault(f"{name}: has a http-equiv of its own. Fix: leave the policy to scripts/policy.py.")
    if text.count("<head>") != 1:
        raise PolicyFault(f"{name}: {text.count('<head>')} <head> tags, expected one.")
    # The charset must stand in the first 1,024 bytes, and can load nothing: it may come first.
    for written in (CHARSET, '<meta charset="UTF-8"/>', '<meta charset="UTF-8">', '<meta charset="utf-8"/>'):
        text = text.replace(written, "", 1)
    return text.replace(
        "<head>", f'<head>{CHARSET}<meta http-equiv="Content-Security-Policy" content="{rules}">', 1
    )
