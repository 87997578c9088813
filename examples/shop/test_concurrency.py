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


@pytest.mark.parametrize(
    "server",
    [
        pytest.param("postgresql", marks=pytest.mark.postgresql),
        pytest.param("mariadb", marks=pytest.mark.mariadb),
    ],
)
def test_check_then_save_oversells_even_in_a_transaction_and_a_conditional_update_never_does(server: str):
    rows = sold_and_oversold(output_of("oversell.py", f"--{server}", "--rounds", "200", "--buyers", "4"))

    assert {
        "check, then save": (800, 200),
        "check, then save, in a transaction": (800, 200),
        "one conditional update": (200, 0),
    } == rows


@pytest.mark.parametrize("options", [(), pytest.param(("--postgresql",), marks=pytest.mark.postgresql)])
def test_an_order_sent_eight_times_at_once_is_placed_once_with_a_key_and_eight_times_without(
    options: tuple[str, ...],
):
    _, without, with_key = output_of("retries.py", *options).splitlines()

    assert "8 x 201, orders 8, mugs sold 8, different answers 8, replayed 0" in without
    assert "8 x 201, orders 1, mugs sold 1, different answers 1, replayed 7" in with_key


@pytest.mark.postgresql
@pytest.mark.usefixtures("postgresql")
def test_orders_that_take_products_as_listed_deadlock_and_by_id_they_do_not():
    output = output_of("lock_order.py")

    assert "as listed: DeadlockDetected, taken\nby id: taken, taken\n" == output
