"""Tests of a system that has settings of its own run in a process of its own."""

import runpy

import pytest
import record

sessions = runpy.run_path(str(record.ROOT / "scripts" / "test.py"))["sessions"]
GATEKEEPER = ["--ds=gatekeeper.settings", "examples/gatekeeper"]
INVOICES = ["--ds=invoices.settings", "examples/invoices"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], [[], GATEKEEPER, INVOICES]),
        (["-k", "race"], [["-k", "race"], ["-k", "race", *GATEKEEPER], ["-k", "race", *INVOICES]]),
        (["examples/shop", "-x"], [["-x", "examples/shop"]]),
        (["examples/invoices", "-x"], [["-x", *INVOICES]]),
        (
            ["scripts/test_check.py", "examples/gatekeeper"],
            [["scripts/test_check.py"], GATEKEEPER],
        ),
    ],
    ids=str,
)
def test_each_run_has_the_settings_of_its_system(arguments: list[str], expected: list[list[str]]):
    assert expected == sessions(arguments)
