"""The specification on the site is the application's, valid, and kept by its answers."""

import os
import re
import subprocess
import sys
from pathlib import Path

import jsonschema
import openapi_spec_validator
import pytest
import yaml
from conventions.management.commands.export_spec import SPECS, spec_text

SPEC = SPECS / "gatekeeper.yaml"
COMMAND = "python3 scripts/run.py gatekeeper/manage.py export_spec"
OPERATIONS = 10


def document() -> dict:
    return yaml.safe_load(SPEC.read_text(encoding="utf-8"))


def operations() -> list[tuple[str, dict]]:
    return [
        (f"{method} {path}", operation)
        for path, item in document()["paths"].items()
        for method, operation in item.items()
    ]


def test_the_specification_on_the_site_is_the_applications():
    written = SPEC.read_text(encoding="utf-8")

    assert written == spec_text(), (
        f"specs/gatekeeper.yaml: API03 differs from the generated one. Fix: {COMMAND}"
    )


def test_the_specification_is_valid_openapi_3_1():
    assert document()["openapi"].startswith("3.1.")
    openapi_spec_validator.validate(document())


def test_every_operation_is_described_whole_and_its_examples_fit():
    assert OPERATIONS == len(operations())
    components = {"components": document()["components"]}
    checked = 0
    for name, operation in operations():
        assert all(operation[key] for key in ("operationId", "summary", "description", "tags")), name
        assert {"401", "403", "406", "429"} <= set(operation["responses"]), name
        for status, answer in operation["responses"].items():
            expected = "application/json" if int(status) < 400 else "application/problem+json"
            assert [expected] == list(answer.get("content", [expected])), (name, status)
        for body in (operation.get("requestBody"), *operation["responses"].values()):
            for content in body.get("content", {}).values() if body else ():
                validator = jsonschema.Draft202012Validator(
                    content["schema"] | components, format_checker=jsonschema.FormatChecker()
                )
                for example in content["examples"].values():
                    validator.validate(example["value"])
                    checked += 1
    assert checked > 60


@pytest.mark.parametrize(
    "options",
    [("1", "2", "3"), pytest.param(("4", "--postgresql"), marks=pytest.mark.postgresql)],
    ids=" ".join,
)
def test_no_seed_finds_an_answer_that_the_specification_does_not_allow(options: tuple[str, ...]):
    seeds = [option for option in options if option.isdigit()]
    ran = subprocess.run(
        [
            sys.executable,
            "fuzz_api.py",
            "--examples=10",
            *(f"--seed={option}" if option in seeds else option for option in options),
        ],
        cwd=Path(__file__).parent,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parent.parent)},
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
    )

    assert 0 == ran.returncode, ran.stdout + ran.stderr
    requests = re.findall(r"^seed \d: (\d+) requests, 0 failures$", ran.stdout, re.MULTILINE)
    assert len(seeds) == len(requests)
    assert min(map(int, requests)) > 200, "a run that asks little proves little"
    reports = re.findall(r"^  (?:GET|POST|PATCH|DELETE) (\S+): (.+)$", ran.stdout, re.MULTILINE)
    assert len(seeds) * OPERATIONS == len(reports)
    for path, answers in reports:
        statuses = {int(status) for _, status in re.findall(r"(\d+) x (\d+)", answers)}
        assert any(200 <= status < 300 for status in statuses), f"{path} never succeeded: {answers}"
        assert any(status >= 400 for status in statuses), f"{path} never refused anything: {answers}"
