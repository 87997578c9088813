import copy
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from django.core.management import CommandError, call_command

from conventions.compatibility import breaking_changes, check, earlier
from conventions.operations import SPECS

MUG = {
    "type": "object",
    "required": ["id", "name", "state"],
    "properties": {
        "id": {"type": "integer", "minimum": 1},
        "name": {"type": "string", "maxLength": 80},
        "stock": {"type": "integer"},
        "state": {"enum": ["for sale", "sold out"]},
        "made_at": {"type": "string", "format": "date-time"},
        "parts": {"type": "array", "items": {"$ref": "#/components/schemas/Mug"}},
    },
}
ORDER = {
    "type": "object",
    "required": ["mug"],
    "additionalProperties": False,
    "properties": {
        "mug": {"type": "integer", "minimum": 1},
        "note": {"type": "string", "maxLength": 200},
        "wrap": {"enum": ["none", "paper", "box"]},
        "to": {"oneOf": [{"type": "string"}, {"type": "null"}]},
    },
}
DOCUMENT = {
    "openapi": "3.1.1",
    "info": {"title": "Mugs", "version": "1.4.2"},
    "paths": {
        "/mugs/{id}/": {
            "get": {
                "operationId": "readMug",
                "parameters": [
                    {"in": "path", "name": "id", "required": True, "schema": {"type": "integer"}},
                    {"in": "query", "name": "lang", "schema": {"type": "string", "enum": ["en", "fr"]}},
                ],
                "responses": {
                    "200": {
                        "headers": {"ETag": {"schema": {"type": "string"}}},
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Mug"}}},
                    },
                    "404": {},
                },
            }
        },
        "/orders/": {
            "post": {
                "operationId": "placeOrder",
                "requestBody": {
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Order"}}}
                },
                "responses": {"201": {}, "202": {}},
            },
            "delete": {"operationId": "forget", "security": [{"token": []}], "responses": {"204": {}}},
        },
    },
    "components": {"schemas": {"Mug": MUG, "Order": ORDER}},
}


def changed(change: str) -> dict:
    """The document after the statement `change`, which knows its operations and schemas by short names."""
    document = copy.deepcopy(DOCUMENT)
    paths, schemas = document["paths"], document["components"]["schemas"]
    names = {
        "paths": paths,
        "read": paths["/mugs/{id}/"]["get"],
        "place": paths["/orders/"]["post"],
        "mug": schemas["Mug"],
        "order": schemas["Order"],
        "made": schemas["Mug"]["properties"],
        "asked": schemas["Order"]["properties"],
    }
    exec(change, names)  # noqa: S102 - the lines of the tables below
    return document


# The four of every list of breaking changes, and what else takes something from a client.
BREAKS = {
    "del paths['/orders/']['delete']": "DELETE /orders/: removed",
    "del made['stock']": "GET /mugs/{id}/ 200.stock: removed",
    "made['id'] = {'type': 'string'}": "GET /mugs/{id}/ 200.id: may be string now",
    "order['required'].append('note')": "POST /orders/ body.note: required now",
    "del paths['/orders/']; 1": "POST /orders/: removed",
    "read['operationId'] = 'getMug'": "GET /mugs/{id}/ operationId: was readMug, which generated clients call it by",
    "place['security'] = [{'token': []}]": "POST /orders/ security: needs a token now",
    "del read['parameters'][1]": "GET /mugs/{id}/ query lang: removed",
    "read['parameters'][1]['required'] = True": "GET /mugs/{id}/ query lang: required now",
    "read['parameters'].append({'in': 'header', 'name': 'Key', 'required': True, 'schema': {}})": (
        "GET /mugs/{id}/ header Key: required now"
    ),
    "read['parameters'][1]['schema']['enum'].pop()": "GET /mugs/{id}/ query lang: may not be fr now",
    "place['requestBody']['required'] = True": "POST /orders/ body: required now",
    "place['requestBody']['content'] = {'text/csv': {}}": (
        "POST /orders/ body: application/json is not read any more"
    ),
    "del place['responses']['202']": "POST /orders/ 202: removed",
    "del read['responses']['200']['headers']": "GET /mugs/{id}/ 200 header ETag: removed",
    "read['responses']['200']['content'] = {'text/csv': {}}": (
        "GET /mugs/{id}/ 200: not sent as application/json any more"
    ),
    "mug['required'].remove('name')": "GET /mugs/{id}/ 200.name: not always there any more",
    "made['name']['type'] = ['string', 'null']": "GET /mugs/{id}/ 200.name: may be null now",
    "made['state']['enum'].append('secret')": "GET /mugs/{id}/ 200.state: may be secret now",
    "made['name']['maxLength'] = 90": "GET /mugs/{id}/ 200.name: maxLength was 80, is 90",
    "del made['id']['minimum']": "GET /mugs/{id}/ 200.id: minimum was 1, is free",
    "del made['made_at']['format']": "GET /mugs/{id}/ 200.made_at: format was date-time, is free",
    "made['parts']['items'] = {'type': 'string'}": "GET /mugs/{id}/ 200.parts[]: may be string now",
    "del asked['note']": "POST /orders/ body.note: removed",
    "asked['wrap']['enum'].remove('box')": "POST /orders/ body.wrap: may not be box now",
    "asked['note']['maxLength'] = 100": "POST /orders/ body.note: maxLength was 200, is 100",
    "asked['note']['pattern'] = '^[a-z]+$'": "POST /orders/ body.note: pattern was free, is ^[a-z]+$",
    "asked['mug']['minimum'] = 2": "POST /orders/ body.mug: minimum was 1, is 2",
    "asked['to'] = {'type': 'string'}": "POST /orders/ body.to: may not be null now",
}
HARMLESS = (
    "paths['/cups/'] = {'get': {'operationId': 'listCups', 'responses': {'200': {}}}}",
    "paths['/mugs/{mug_id}/'] = paths.pop('/mugs/{id}/')",
    "read['parameters'].append({'in': 'query', 'name': 'size', 'schema': {'type': 'integer'}})",
    "read['parameters'][1]['schema']['enum'].append('de')",
    "read['responses']['406'] = {}; del read['responses']['404']",
    "read['summary'] = 'Read a mug'; read['deprecated'] = True",
    "made['colour'] = {'type': 'string'}; mug['required'].append('colour')",
    "made['state']['enum'].remove('sold out')",
    "made['name']['maxLength'] = 70; made['id'] = {'type': 'integer', 'minimum': 5}",
    "asked['gift'] = {'type': 'boolean'}",
    "asked['note']['maxLength'] = 400; asked['mug'] = {'type': 'number'}; order['required'] = []",
    "asked['to']['oneOf'].append({'type': 'integer'})",
    "del paths['/orders/']['delete']['security']",
)


@pytest.mark.parametrize(("change", "message"), BREAKS.items())
def test_a_change_that_breaks_a_client_is_named_with_its_place(change: str, message: str):
    assert message in breaking_changes(DOCUMENT, changed(change))


@pytest.mark.parametrize("change", HARMLESS)
def test_a_change_that_breaks_nobody_is_not_reported(change: str):
    assert DOCUMENT != changed(change)
    assert [] == breaking_changes(DOCUMENT, changed(change))


def test_the_message_says_how_to_mend_it_and_a_new_major_version_mends_it():
    after = changed("del made['stock']")

    assert [
        "mugs.yaml: API04 GET /mugs/{id}/ 200.stock: removed. Fix: restore it, or raise info.version "
        "from 1.4.2 to 2.0.0 (VERSION in settings.py)."
    ] == check(DOCUMENT, after, "mugs.yaml")
    assert check(DOCUMENT, after | {"info": {"version": "1.5.0"}}, "mugs.yaml")
    assert [] == check(DOCUMENT, after | {"info": {"version": "2.0.0"}}, "mugs.yaml")


@pytest.mark.parametrize("spec", sorted(SPECS.glob("*.yaml")), ids=lambda path: path.stem)
def test_each_operation_and_each_property_of_a_real_specification_is_held(spec: Path):
    document = yaml.safe_load(spec.read_text(encoding="utf-8"))
    assert [] == breaking_changes(document, document)
    asked = 0

    for path, item in document["paths"].items():
        for method in item:
            after = copy.deepcopy(document)
            del after["paths"][path][method]
            assert [f"{method.upper()} {path}: removed"] == breaking_changes(document, after)
            asked += 1

    assert asked > 5


@pytest.mark.parametrize("spec", sorted(SPECS.glob("*.yaml")), ids=lambda path: path.stem)
def test_no_specification_broke_its_clients_without_a_new_major_version(spec: Path):
    text = spec.read_text(encoding="utf-8")
    before = earlier(spec, text)

    faults = check(before, yaml.safe_load(text), spec.name) if before else []

    assert not faults, "\n".join(faults)


@pytest.fixture
def repository(tmp_path: Path) -> Callable[..., None]:
    """A repository in `tmp_path`, and what runs git in it."""

    def git(*arguments: str) -> None:
        identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "commit.gpgsign=false")
        subprocess.run(["git", *identity, *arguments], cwd=tmp_path, check=True, capture_output=True)

    git("init")
    return git


def test_the_earlier_document_is_the_last_committed_one_that_differs(
    repository: Callable[..., None], tmp_path: Path
):
    spec = tmp_path / "mugs.yaml"
    for version in ("1.0.0", "1.1.0"):
        spec.write_text(f"info: {{version: {version}}}\n")
        repository("add", ".")
        repository("commit", "--message", version)

    assert {"info": {"version": "1.0.0"}} == earlier(spec, spec.read_text())
    assert {"info": {"version": "1.1.0"}} == earlier(spec, "info: {version: 1.2.0}\n")
    assert earlier(tmp_path / "cups.yaml", "") is None


def test_export_refuses_to_break_clients_and_leaves_the_file_as_it_was(
    repository: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    from conventions.management.commands import export_spec

    monkeypatch.setattr(export_spec, "SPECS", tmp_path)
    call_command("export_spec", verbosity=0)
    written = (tmp_path / "shop.yaml").read_text(encoding="utf-8")
    promised = re.sub(r"\bname:\n( +)type: string", r"label:\n\1type: string", written)
    assert promised != written
    (tmp_path / "shop.yaml").write_text(promised, encoding="utf-8")
    repository("add", ".")
    repository("commit", "--message", "promised")

    with pytest.raises(
        CommandError, match=r"shop\.yaml: API04 GET .+label: removed\. Fix: restore it, or raise"
    ):
        call_command("export_spec")

    assert promised == (tmp_path / "shop.yaml").read_text(encoding="utf-8")
