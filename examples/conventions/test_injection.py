"""sqlmap attacks every parameter of every specification: it proves two injections of the lab, and none in a system.

It is no proof that there is none. At its lowest level, which takes half a minute for each system, it misses a third
of the lab, the text that stands between two % of a LIKE; level 2 finds that, in many times the time.
"""

import contextlib
import csv
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from conventions.operations import SPECS

EXAMPLES = Path(__file__).resolve().parents[1]
SYSTEMS = sorted(path.stem for path in SPECS.glob("*.yaml"))
SQLMAP = Path(sys.executable).with_name("sqlmap")
# What its level and risk of 1 are made of, without those that wait (a clock says little on a busy machine) and those
# that guess the number of columns: what can be read by UNION can be told by a condition.
OPTIONS = [
    *("--batch", "--answers", "skip further=N,exploit=N", "--disable-coloring"),
    *("--technique", "BE", "--dbms", "sqlite", "--ignore-code", "*"),
]


def with_each_parameter_once(document: dict) -> tuple[dict, set[tuple[str, str]]]:
    """The fewest operations that have every parameter, without those that delete; and the parameters."""
    paths: dict[str, dict] = {}
    seen: set[tuple[str, str]] = set()
    for path, item in document["paths"].items():
        for method, operation in item.items():
            sent = [each for each in operation.get("parameters", ()) if each["in"] in ("path", "query")]
            names = {(each["in"], each["name"]) for each in sent}
            for content in operation.get("requestBody", {}).get("content", {}).values():
                names |= {("body", name) for name in members(content["schema"], document)}
            if method != "delete" and names - seen:
                seen |= names
                paths.setdefault(path, {})[method] = operation | {"parameters": sent}
    return document | {"paths": paths}, seen


def members(schema: dict, document: dict) -> list[str]:
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return list(schema.get("properties", ()))


def attack(document: dict, server: dict, folder: Path) -> tuple[set[tuple[str, str]], int, str]:
    """What is proven to be open, as path and parameter; how many requests have been made; and the log."""
    spec, results = folder / "spec.json", folder / "results.csv"
    spec.write_text(json.dumps(document | {"servers": [{"url": server["url"]}]}), encoding="utf-8")
    command = [
        sys.executable,
        SQLMAP,
        "--openapi",
        spec,
        "--results-file",
        results,
        "--output-dir",
        folder / "out",
    ]
    headers = [f"--header={name}: {value}" for name, value in server["headers"].items()]
    ran = subprocess.run(
        [*command, *headers, *OPTIONS],
        cwd=folder,
        env=os.environ | {"HOME": str(folder)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=600,
    )
    # The exit status is 0 in either case.
    with results.open(encoding="utf-8", newline="") as file:
        found = {(urlsplit(row["Target URL"]).path, row["Parameter"]) for row in csv.DictReader(file)}
    return found, len(re.findall(r"INFO\] testing URL ", ran.stdout)), ran.stdout


@contextlib.contextmanager
def running(*command: str, **variables: str) -> Iterator[dict]:
    """What a server prints first: its `url`, and `headers` to send; it ends with its input."""
    with subprocess.Popen(
        [sys.executable, *command],
        cwd=EXAMPLES,
        env=os.environ | variables,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as server:
        yield json.loads(server.stdout.readline())


@pytest.mark.parametrize("system", SYSTEMS)
def test_no_parameter_of_a_system_is_open_to_sql(system: str, tmp_path: Path):
    whole = yaml.safe_load((SPECS / f"{system}.yaml").read_text(encoding="utf-8"))
    document, parameters = with_each_parameter_once(whole)
    operations = sum(map(len, document["paths"].values()))

    with running("-m", "conventions.live", system) as server:
        found, attacked, log = attack(document, server, tmp_path)

    refuted = len(re.findall(r"parameter '.+' does not seem to be injectable", log))
    print(
        f"{system}: {operations} operations with {len(parameters)} parameters, {refuted} times nothing was proven"
    )
    assert set() == found
    assert operations == attacked, log[-3000:]
    assert refuted >= len(parameters)


LAB = """
import json, os, sys
from wsgiref.simple_server import WSGIRequestHandler, make_server
from threading import Thread
from urllib.parse import parse_qs

sys.path[:0] = [sys.argv[1], sys.argv[1] + "/labs"]
import string_built
import shop_tables
import sqlite3

connect = sqlite3.connect
sqlite3.connect = lambda *_, **options: connect(":memory:", check_same_thread=False, **options)
shop = shop_tables.new_shop()


class Quiet(WSGIRequestHandler):
    def log_message(self, *_): pass


def application(environ, start):
    sent = {name: values[0] for name, values in parse_qs(environ["QUERY_STRING"]).items()}
    status, answer = "200 OK", None
    try:
        if environ["PATH_INFO"] == "/log-in":
            body = json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
            answer = string_built.log_in(shop, str(body["email"]), "battery staple")
        elif environ["PATH_INFO"] == "/stock":
            answer = string_built.in_stock(shop, sent.get("product_id", "1"))
        else:
            answer = shop.execute("SELECT name FROM product WHERE price < ?", [sent.get("below", "0")]).fetchall()
    except (sqlite3.Error, ValueError, KeyError):
        status, answer = "500 Internal Server Error", "Something failed here."
    start(status, [("Content-Type", "application/json")])
    return [json.dumps(answer).encode()]


server = make_server("127.0.0.1", 0, application, handler_class=Quiet)
Thread(target=server.serve_forever, daemon=True).start()
print(json.dumps({"url": f"http://127.0.0.1:{server.server_port}", "headers": {}}), flush=True)
sys.stdin.read()
"""


def reads(name: str, example: object) -> dict:
    """An operation with one query parameter."""
    schema = {"type": "integer" if isinstance(example, int) else "string", "example": example}
    return {
        "get": {"parameters": [{"in": "query", "name": name, "schema": schema}], "responses": {"200": {}}}
    }


def test_the_injections_of_the_lab_are_found_and_the_safe_statement_is_not(tmp_path: Path):
    body = {"type": "object", "properties": {"email": {"type": "string", "example": "lena@shop.example"}}}
    paths = {
        "/log-in": {
            "post": {
                "requestBody": {"content": {"application/json": {"schema": body}}},
                "responses": {"200": {}},
            }
        },
        "/stock": reads("product_id", 1),
        "/cheap": reads("below", 1000),
    }
    document = {"openapi": "3.1.1", "info": {"title": "Lab", "version": "1"}, "paths": paths}
    (tmp_path / "serve_lab.py").write_text(LAB, encoding="utf-8")

    lab = str(EXAMPLES / "security" / "sql-injection")
    with running(str(tmp_path / "serve_lab.py"), lab, NEXUS_LAB="1") as server:
        found, attacked, log = attack(document, server, tmp_path)

    assert {("/log-in", "JSON email"), ("/stock", "product_id")} == found, log[-3000:]
    assert 3 == attacked


def test_one_operation_for_each_parameter_is_enough():
    document = {"paths": {"/a": reads("text", "x"), "/b": reads("text", "x"), "/c": reads("page", 1)}}

    chosen, parameters = with_each_parameter_once(document)

    assert ["/a", "/c"] == list(chosen["paths"])
    assert {("query", "text"), ("query", "page")} == parameters
