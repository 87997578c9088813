"""Write a Postman collection for each OpenAPI document: docs/specs/<system>.postman.json

Each request stands with the body and the parameters of the document's examples, and with checks: a documented status,
the documented media type, JSON. Log in first, where there is a log-in: the token that it answers is sent from then on.
"""

import prepare  # first: it checks the version of Python

import json  # isort: skip
import sys
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

SPECS = prepare.ROOT / "docs" / "specs"
BASE_URL = "http://127.0.0.1:8000"
OPTIONS = {
    "folderStrategy": "Tags",
    "parametersResolution": "Example",
    "includeDeprecated": "true",
}
LOG_IN = "logIn"  # the operation whose answer holds a token
KEPT = ("access", "refresh")  # what it answers, and a later request may ask for
NEW_KEY = '"{{$guid}}"'  # names one request for ever, so it is another one each time


def main(arguments: list[str]) -> int:
    if arguments:
        print(__doc__)
        return 0 if arguments[0] in ("-h", "--help") else 2
    prepare.enter()
    for spec in sorted(SPECS.glob("*.yaml")):
        path = spec.with_suffix(".postman.json")
        path.write_text(collection_text(spec), encoding="utf-8", newline="\n")
        print(f"wrote {path.relative_to(prepare.ROOT).as_posix()}")
    return 0


def collection_text(spec: Path) -> str:
    """The collection of one document, the same text for the same document."""
    import yaml

    document = yaml.safe_load(spec.read_text(encoding="utf-8"))
    collection = _converted(spec)
    operations = {
        (method.upper(), path): operation
        for path, item in document["paths"].items()
        for method, operation in item.items()
    }
    made_of = uuid.uuid5(uuid.NAMESPACE_URL, f"tag:nexus.example,2026:{spec.name}")
    items = []
    for place, item in enumerate(_requests(collection["item"])):
        request = item["request"]
        path = "/" + "/".join(
            f"{{{part[1:]}}}" if part.startswith(":") else part for part in request["url"]["path"]
        )
        operation = operations.pop((request["method"], path))
        items.append((operation["operationId"] != LOG_IN, place, operation, item))
    if operations:
        raise ValueError(f"{spec.name}: the converter left out {sorted(operations)}")
    folders: dict[str, list] = {}
    for _, _, operation, item in sorted(items, key=lambda each: each[:2]):
        folders.setdefault(operation["tags"][0], []).append(_request(operation, item, made_of))
    result = {
        "info": {
            "_postman_id": str(made_of),
            "name": document["info"]["title"],
            "description": document["info"]["description"],
            "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json",
        },
        "auth": {"type": "bearer", "bearer": [{"key": "token", "value": "{{access}}", "type": "string"}]},
        "variable": [{"key": "baseUrl", "value": BASE_URL}, *({"key": key, "value": ""} for key in KEPT)],
        "item": [{"name": name, "item": found} for name, found in folders.items()],
    }
    return json.dumps(result, indent=1, ensure_ascii=False) + "\n"


def _converted(spec: Path) -> dict:
    """What openapi-to-postmanv2 makes of a document."""
    import node_tools

    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "collection.json"
        options = ",".join(f"{name}={value}" for name, value in OPTIONS.items())
        converter = node_tools.modules() / "openapi-to-postmanv2" / "bin" / "openapi2postmanv2.js"
        ran = node_tools.node([converter, "--spec", spec, "--output", made, "--options", options])
        if not made.is_file():
            raise ValueError(f"{spec.name} cannot be converted: {ran.stdout}{ran.stderr}")
        return json.loads(made.read_text(encoding="utf-8"))


def _requests(items: list[dict]) -> Iterator[dict]:
    for item in items:
        yield from _requests(item["item"]) if "item" in item else [item]


def _request(operation: dict, item: dict, made_of: uuid.UUID) -> dict:
    """One request as the collection keeps it: without the converter's random values and recorded answers."""
    name, request = operation["operationId"], item["request"]
    parameters = {(each["in"], each["name"]): each for each in operation.get("parameters", ())}
    url = request["url"]
    for place, given in (("path", url["variable"]), ("query", url["query"]), ("header", request["header"])):
        for each in given:
            if parameter := parameters.get((place, each["key"])):
                each["value"] = _value(parameter)
                # It stands there, to be switched on.
                each["disabled"] = not parameter.get("required", False)
    if request.get("body", {}).get("mode") == "raw":
        body = json.loads(request["body"]["raw"])
        sent = {key: f"{{{{{key}}}}}" for key in KEPT if isinstance(body, dict) and key in body}
        request["body"]["raw"] = json.dumps(body | sent if sent else body, indent=2, ensure_ascii=False)
    kept = {key: request[key] for key in ("method", "url", "header", "body") if key in request}
    kept["description"] = operation["description"]
    if "security" not in operation:
        kept["auth"] = {"type": "noauth"}
    return {
        "name": operation["summary"],
        "id": str(uuid.uuid5(made_of, name)),
        "event": [{"listen": "test", "script": {"type": "text/javascript", "exec": _checks(operation)}}],
        "request": kept,
    }


def _value(parameter: dict) -> str:
    """What stands for a parameter: its example, or the first value that its schema names."""
    if parameter["name"] == "Idempotency-Key":
        return NEW_KEY
    schema = parameter["schema"]
    examples = [each["value"] for each in parameter.get("examples", {}).values()]
    choices = [*examples, *schema.get("enum", ()), schema.get("default", schema.get("minimum", ""))]
    return str(choices[0])


def _checks(operation: dict) -> list[str]:
    """JavaScript that holds an answer to the document; a log-in has to succeed, and what it answers is kept."""
    media = {
        int(status): next(iter(answer.get("content", ())), None)
        for status, answer in operation["responses"].items()
    }
    logs_in = operation["operationId"] == LOG_IN
    checks = [
        f"const media = {json.dumps(media)};",
        f"const expected = {[200] if logs_in else list(media)};",
        'pm.test("a documented status", () => pm.expect(expected).to.include(pm.response.code));',
        'pm.test("its media type", () => pm.expect(pm.response.headers.get("Content-Type") || null)',
        "  .to.equal(media[pm.response.code]));",
        "if (/json/.test(media[pm.response.code]))",
        '  pm.test("a body that can be read", () => pm.response.json());',
    ]
    keep = (
        f"for (const name of {json.dumps(KEPT)}) pm.collectionVariables.set(name, pm.response.json()[name]);"
    )
    return [*checks, keep] if logs_in else checks


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
