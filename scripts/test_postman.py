"""Each collection is made from its document, and each of its requests is answered as the document says."""

import contextlib
import functools
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import node_tools
import postman
import prepare
import pytest

DOCUMENTS = sorted(postman.SPECS.glob("*.yaml"))
collection_text = functools.cache(postman.collection_text)


def requests_in(collection: str) -> list[dict]:
    return [request for folder in json.loads(collection)["item"] for request in folder["item"]]


@pytest.mark.parametrize("spec", DOCUMENTS, ids=lambda path: path.stem)
def test_the_collection_is_made_from_the_document(spec: Path):
    path = spec.with_suffix(".postman.json")

    made = collection_text(spec)

    assert path.is_file(), f"{path.name} is missing. Fix: python3 scripts/postman.py"
    assert path.read_text(encoding="utf-8") == made, (
        f"{path.name} is out of date. Fix: python3 scripts/postman.py"
    )
    assert len(re.findall(r"^      operationId:", spec.read_text(encoding="utf-8"), re.MULTILINE)) == len(
        {request["id"] for request in requests_in(made)}
    )


def test_a_changed_document_makes_another_collection(tmp_path: Path):
    text = DOCUMENTS[0].read_text(encoding="utf-8")
    (tmp_path / DOCUMENTS[0].name).write_text(text.replace("  title: ", "  title: Changed ", 1))

    assert collection_text(DOCUMENTS[0]) != collection_text(tmp_path / DOCUMENTS[0].name)


@contextlib.contextmanager
def live(system: str) -> Iterator[dict]:
    """The URL of a system that is served with data of its own, and the headers of whoever may do everything."""
    command = [sys.executable, "-m", "conventions.live", system]
    examples = prepare.ROOT / "examples"
    with subprocess.Popen(command, cwd=examples, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        yield json.loads(server.stdout.readline())


def newman(collection: Path, url: str, headers: dict[str, str]) -> tuple[int, str]:
    """Send every request of a collection; the exit status and the report."""
    program = node_tools.modules() / "newman" / "bin" / "newman.js"
    access = headers["Authorization"].partition(" ")[2]
    variables = ("--env-var", f"baseUrl={url}", "--env-var", f"access={access}")
    quiet = {**os.environ, "NODE_OPTIONS": "--no-deprecation"}
    ran = node_tools.node([program, "run", collection, *variables, "--color", "off"], environment=quiet)
    return ran.returncode, ran.stdout


@pytest.mark.parametrize("spec", DOCUMENTS, ids=lambda path: path.stem)
def test_every_request_of_the_collection_is_answered_as_documented(spec: Path, tmp_path: Path):
    path = spec.with_suffix(".postman.json")
    planted = tmp_path / "planted.json"
    planted.write_text(re.sub(r'(\\"20\d\\": \\")application/json', r"\1text/html", path.read_text()))

    with live(spec.stem) as server:
        status, report = newman(path, **server)
        caught, _ = newman(planted, **server)

    asked = len(requests_in(path.read_text(encoding="utf-8")))
    counts = {name: tuple(map(int, found)) for name, *found in COUNTED.findall(report)}
    print(spec.stem, counts)
    assert 0 == status, report
    assert (asked, 0) == counts["requests"]
    assert counts["assertions"][0] > 2 * asked
    assert 0 == counts["assertions"][1]
    assert len(re.findall(r"\[20\d ", report)) >= asked / 2, "most requests were refused, which proves little"
    assert 1 == caught


COUNTED = re.compile(r"│\s+(requests|assertions) │\s+(\d+) │\s+(\d+) │")
