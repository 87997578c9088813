import copy
import difflib
import functools
import re
from pathlib import Path

import jsonschema
import openapi_spec_validator
import pytest
import yaml
from conventions.management.commands import export_spec
from conventions.management.commands.export_spec import SPECS, spec_text
from django.core.management import call_command
from openapi_spec_validator.validation.exceptions import OpenAPIValidationError

SPEC = SPECS / "shop.yaml"
WITHOUT_A_BODY = (204, 302, 304)
COMMAND = "python3 scripts/run.py shop/manage.py export_spec"


def drift(written: str, generated: str) -> str:
    """What to tell a person where the file and the application differ; empty where they agree."""
    lines = list(
        difflib.unified_diff(written.splitlines(), generated.splitlines(), "file", "application", lineterm="")
    )
    changed = [line for line in lines if line[:1] in "+-" and line[:3] not in ("+++", "---")]
    if not changed:
        return ""
    name = SPEC.relative_to(SPEC.parents[1]).as_posix()
    message = f"{name}: API03 differs from the generated one ({len(changed)} lines). Fix: {COMMAND}"
    return "\n".join([message, *lines[:40]])


@functools.cache
def document() -> dict:
    """The specification on the site; reading it takes longer than all that is asked of it."""
    return yaml.safe_load(SPEC.read_text(encoding="utf-8"))


def operations() -> list[tuple[str, dict]]:
    paths = document()["paths"]
    return [
        (f"{method} {path}", operation) for path, item in paths.items() for method, operation in item.items()
    ]


def test_the_specification_on_the_site_is_the_applications():
    fault = drift(SPEC.read_text(encoding="utf-8"), spec_text())

    assert not fault, fault


def test_every_type_of_problem_in_the_specification_stands_in_the_table_of_the_page():
    types = set(re.findall(r"tag:shop\.example,2026:([a-z-]+)", SPEC.read_text(encoding="utf-8")))
    page = (SPEC.parents[1] / "shop" / "index.md").read_text(encoding="utf-8")

    missing = sorted(name for name in types if f"| `{name}`" not in page and f", `{name}` |" not in page)

    assert types
    assert not missing, f"docs/shop/index.md: add a row under Read an error for {', '.join(missing)}"


def test_a_specification_that_drifted_is_found_with_the_command_that_mends_it():
    written = SPEC.read_text(encoding="utf-8")

    fault = drift(written.replace("operationId: placeOrder", "operationId: order"), written)

    assert fault.startswith(
        f"specs/shop.yaml: API03 differs from the generated one (2 lines). Fix: {COMMAND}\n"
    )


def test_the_specification_is_valid_openapi_3_1():
    assert document()["openapi"].startswith("3.1.")
    openapi_spec_validator.validate(document())


def test_the_validator_finds_a_planted_fault():
    planted = copy.deepcopy(document())
    del planted["paths"]["/api/v1/orders/"]["post"]["responses"]["201"]["description"]

    with pytest.raises(OpenAPIValidationError):
        openapi_spec_validator.validate(planted)


def test_the_five_endpoints_and_those_around_them_are_there():
    assert {
        "post /api/v1/users/register/",
        "post /api/v1/users/login/",
        "post /api/v1/users/refresh/",
        "get /api/v1/categories/",
        "get /api/v1/products/",
        "get /api/v1/products/{product_id}/",
        "post /api/v1/orders/",
        "get /api/v1/orders/{order_id}/",
    } <= {name for name, _ in operations()}


@pytest.mark.parametrize(
    ("name", "operation"), operations(), ids=lambda value: value if isinstance(value, str) else ""
)
def test_every_operation_is_described_whole(name: str, operation: dict):
    assert all(operation[key] for key in ("operationId", "summary", "description", "tags"))
    for body in (operation.get("requestBody"), *operation["responses"].values()):
        for media_type, content in body.get("content", {}).items() if body else ():
            assert content["schema"], (name, media_type)
            assert content["examples"], (name, media_type)
    for status, answer in operation["responses"].items():
        assert answer["description"]
        expected = "application/json" if int(status) < 400 else "application/problem+json"
        assert ([] if int(status) in WITHOUT_A_BODY else [expected]) == list(answer.get("content", {}))
    for parameter in operation.get("parameters", ()):
        assert parameter["description"]


@pytest.mark.parametrize(
    ("name", "operation"), operations(), ids=lambda value: value if isinstance(value, str) else ""
)
def test_every_example_fits_its_schema(name: str, operation: dict):
    checked = 0
    for body in (operation.get("requestBody"), *operation["responses"].values()):
        for content in body.get("content", {}).values() if body else ():
            schema = content["schema"] | {"components": document()["components"]}
            validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
            for example in content["examples"].values():
                validator.validate(example["value"])
                checked += 1
    assert checked, name


def test_exporting_twice_writes_the_same_file():
    assert spec_text() == spec_text()


def test_one_command_writes_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
):
    monkeypatch.setattr(export_spec, "SPECS", tmp_path / "docs" / "specs")

    call_command("export_spec")

    assert spec_text() == (tmp_path / "docs" / "specs" / "shop.yaml").read_text(encoding="utf-8")
    assert "wrote docs/specs/shop.yaml\n" == capsys.readouterr().out
