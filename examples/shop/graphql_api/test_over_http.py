"""The endpoint keeps to GraphQL over HTTP: all the rules of the audit suite of graphql-http."""

import node_tools
import pytest
from conventions.fuzzing import live_server


@pytest.fixture
def findings() -> list[str]:
    modules = node_tools.modules()

    with live_server() as url:
        ran = node_tools.node(["examples/shop/graphql_api/audit.mjs", modules, f"{url}/graphql/"])

    assert 0 == ran.returncode, ran.stderr
    return ran.stdout.splitlines()


def test_every_rule_of_the_audit_is_kept(findings: list[str]):
    assert ["61 of 61"] == findings
