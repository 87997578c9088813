"""Real threads and connections: the programs that pages show, run longer than there."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent


def output_of(*command: str) -> str:
    ran = subprocess.run(
        [sys.executable, *command],
        cwd=FOLDER,
        env=os.environ,
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert 0 == ran.returncode, ran.stderr
    return ran.stdout


def sold_and_oversold(output: str) -> dict[str, tuple[int, int]]:
    rows = re.findall(r"^(.+): (\d+) mugs sold, oversold (\d+) times$", output, re.MULTILINE)
    return {name: (int(sold), int(oversold)) for name, sold, oversold in rows}


def test_check_then_save_oversells_and_a_conditional_update_never_does_on_sqlite():
    rows = sold_and_oversold(output_of("oversell.py", "--rounds", "200", "--buyers", "4"))

    assert {"check, then save": (800, 200), "one conditional update": (200, 0)} == rows


@pytest.mark.postgresql
@pytest.mark.usefixtures("postgresql")
def test_check_then_save_oversells_even_in_a_transaction_and_a_conditional_update_never_does():
    rows = sold_and_oversold(output_of("oversell.py", "--postgresql", "--rounds", "100", "--buyers", "4"))

    assert {
        "check, then save": (400, 100),
        "check, then save, in a transaction": (400, 100),
        "one conditional update": (100, 0),
    } == rows


@pytest.mark.postgresql
@pytest.mark.usefixtures("postgresql")
def test_orders_that_take_products_as_listed_deadlock_and_by_id_they_do_not():
    output = output_of("lock_order.py")

    assert "as listed: DeadlockDetected, taken\nby id: taken, taken\n" == output
