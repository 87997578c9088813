"""The specification on the site is the application's, whole, and its examples fit."""

import jsonschema
import openapi_spec_validator
import pytest
import yaml
from conventions.management.commands.export_spec import SPECS, spec_text

SPEC = SPECS / "invoices.yaml"


def document() -> dict:
    return yaml.safe_load(SPEC.read_text(encoding="utf-8"))


OPERATIONS = [
    (f"{method} {path}", operation)
    for path, item in document()["paths"].items()
    for method, operation in item.items()
]


def test_the_specification_on_the_site_is_the_applications():
    message = "Fix: python3 scripts/run.py invoices/manage.py export_spec"

    assert SPEC.read_text(encoding="utf-8") == spec_text(), message


def test_the_specification_is_valid_openapi_3_1():
    assert document()["openapi"].startswith("3.1.")
    openapi_spec_validator.validate(document())


@pytest.mark.parametrize(("name", "operation"), OPERATIONS, ids=[name for name, _ in OPERATIONS])
def test_every_operation_is_described_whole_and_its_examples_fit(name: str, operation: dict):
    assert all(operation[key] for key in ("operationId", "summary", "description", "tags"))
    components = {"components": document()["components"]}
    for parameter in operation.get("parameters", ()):
        assert parameter["description"]
    for status, answer in [("", operation.get("requestBody")), *operation["responses"].items()]:
        for media_type, content in (answer or {}).get("content", {}).items():
            validator = jsonschema.Draft202012Validator(
                content["schema"] | components, format_checker=jsonschema.FormatChecker()
            )
            assert content.get("examples") or media_type == "application/pdf", (name, status)
            for example in content.get("examples", {}).values():
                validator.validate(example["value"])
            assert status < "400" or media_type == "application/problem+json"
    assert all(answer["description"] for answer in operation["responses"].values())
