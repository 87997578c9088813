"""Answer a request that a page shows, by a system with the data that everybody begins with."""

import json
import re
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

from conventions.throwaway import throwaway


def show(system: str, begin: Callable[[], str]) -> None:
    """Send the request in the file that the command line names; print its status, media type and document.

    The file has the request's line, its headers, an empty line and its body.

    Args:
        system: `shop`, `gatekeeper` or `invoices`.
        begin: fills the database; returns the access token that is sent.
    """
    text = Path(sys.argv[0]).with_name(sys.argv[1]).read_text(encoding="utf-8").strip()
    head, _, body = text.partition("\n\n")
    line, *fields = head.splitlines()
    method, path = line.split()
    headers = dict(field.split(": ", 1) for field in fields)
    with throwaway(system):
        from django.test import Client

        headers["Authorization"] = f"Bearer {begin()}"
        client = Client(SERVER_NAME="localhost")
        answer = client.generic(method, path, body, "application/json", headers=headers)
    print(f"{answer.status_code} {answer.headers['Content-Type']}\n{shown(answer.json())}")


def shown(document: object) -> str:
    """JSON on a few lines; what differs from run to run is shortened."""
    text = json.dumps(document, ensure_ascii=False)
    text = re.sub(r'"eyJ[\w.-]+"', '"eyJ…"', text)
    text = re.sub(r'"next_cursor": "[^"]+"', '"next_cursor": "…"', text)
    text = re.sub(r'"\d{4}-\d\d-\d\dT[\d:.]+Z"', '"…Z"', text)
    return textwrap.fill(text, 76, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
