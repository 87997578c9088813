"""Redocly finds nothing in the specifications, and finds what is planted."""

import copy
import json
from collections.abc import Callable
from pathlib import Path

import node_tools
import pytest
import yaml

from conventions.operations import SPECS

DOCUMENTS = sorted(SPECS.glob("*.yaml"))
RULES = Path(__file__).with_name("redocly.yaml")


def lint(spec: Path) -> list[tuple[str, str]]:
    """Each rule that a document breaks, and where."""
    program = node_tools.modules() / "@redocly" / "cli" / "bin" / "cli.js"
    ran = node_tools.node([program, "lint", "--format", "json", "--config", RULES, spec])
    report = json.loads(ran.stdout)
    found = [(each["ruleId"], each["location"][0].get("pointer", "")) for each in report["problems"]]
    assert bool(found) == (ran.returncode == 1), ran.stderr
    return found


@pytest.mark.parametrize("spec", DOCUMENTS, ids=lambda path: path.stem)
def test_a_specification_breaks_no_rule(spec: Path):
    assert [] == lint(spec)


def first(document: dict) -> dict:
    """Some operation that reads a thing by its number."""
    return next(item["get"] for path, item in document["paths"].items() if "get" in item and "{" in path)


@pytest.mark.parametrize(
    ("plant", "rule"),
    [
        (lambda document: first(document).pop("operationId"), "operation-operationId"),
        (lambda document: first(document).pop("summary"), "operation-summary"),
        (lambda document: first(document)["parameters"].pop(0), "path-parameters-defined"),
        (lambda document: first(document)["tags"].append("nowhere"), "operation-tag-defined"),
        (lambda document: document["info"].pop("license"), "info-license"),
        (
            lambda document: document["components"]["schemas"].update(Lost={"type": "string"}),
            "no-unused-components",
        ),
        (lambda document: document["components"]["schemas"].pop("ProblemOut"), "no-unresolved-refs"),
        (
            lambda document: document["paths"].update({"/Bad_Path/": {"get": first(document)}}),
            "paths-kebab-case",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_planted_fault_is_found(plant: Callable[[dict], object], rule: str, tmp_path: Path):
    document = copy.deepcopy(yaml.safe_load(DOCUMENTS[0].read_text(encoding="utf-8")))
    plant(document)
    (tmp_path / "spec.yaml").write_text(yaml.safe_dump(document))

    assert rule in {found for found, _ in lint(tmp_path / "spec.yaml")}
