import itertools
import re
from pathlib import Path

import crash_points
import pytest
from crash_points import WORD, Cell, cells, counts

HERE = Path(__file__).parent


def killed_for_real(broker: str) -> dict[str, str]:
    """The effects of each cell, by the beginning of its line, as the kills of real workers left them."""
    record = (HERE / f"kill_matrix_{broker}.out").read_text(encoding="utf-8")
    rows = re.findall(r"^((?:early|late) .{23}) *(\d+  \w+ +\w+)$", record, re.MULTILINE)
    return {where.strip(): " ".join(effects.split()) for where, effects in rows}


@pytest.mark.parametrize("broker", ["rabbitmq", "redis"])
def test_the_simulator_says_of_every_cell_what_the_real_kill_left(broker):
    simulated = {}
    for cell in cells():
        counted = counts(cell, broker)
        where = f"{cell.ack:7}{cell.dies + '*' * cell.requeue:8}{cell.point}"
        words = WORD[counted["charges"]], WORD[counted["charges_by_key"]]
        simulated[where] = f"{counted['runs']} {words[0]} {words[1]}"

    assert 14 == len(simulated)
    assert killed_for_real(broker) == simulated


@pytest.mark.parametrize("broker", ["rabbitmq", "redis"])
@pytest.mark.parametrize("steps", list(itertools.permutations(["ack", "charge"])))
def test_no_order_of_the_two_steps_charges_once_at_every_crash_point(steps, broker):
    setting = "early" if steps[0] == "ack" else "late"

    charged = {counts(Cell(setting, steps, "worker", done), broker)["charges"] for done in (0, 1, 2)}

    assert charged in ({0, 1}, {1, 2})


@pytest.mark.parametrize("broker", ["rabbitmq", "redis"])
def test_with_a_key_nothing_is_charged_twice_and_late_ack_of_a_killed_worker_loses_nothing(broker):
    with_key = {cell: counts(cell, broker)["charges_by_key"] for cell in cells()}

    assert {0, 1} == set(with_key.values())
    assert {1} == {
        charges for cell, charges in with_key.items() if cell.ack == "late" and cell.dies == "worker"
    }
    assert {1} == {charges for cell, charges in with_key.items() if cell.requeue}


def test_a_key_does_not_bring_back_what_was_lost():
    lost = [cell for cell in cells() if counts(cell, "rabbitmq")["charges"] == 0]

    assert 3 == len(lost)
    assert {0} == {counts(cell, "rabbitmq")["charges_by_key"] for cell in lost}


def test_only_the_slow_task_tells_the_two_brokers_apart():
    differ = [cell for cell in cells() if counts(cell, "rabbitmq") != counts(cell, "redis")]

    assert ["nobody"] == [cell.dies for cell in differ]
    assert (1, 2) == (counts(differ[0], "rabbitmq")["charges"], counts(differ[0], "redis")["charges"])


def test_each_row_of_the_table_has_the_width_of_its_head():
    rows = [crash_points.row(cell, counts(cell, "redis")) for cell in cells()]

    assert all(
        row.index(row.split()[-2]) == crash_points.HEAD.index("no key") for row in rows if "twice" in row
    )
