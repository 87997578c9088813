import sqlite3
from contextlib import closing

import pytest
from charge_once import (
    WAYS,
    charge_once,
    connect,
    delivery,
    empty,
    killed_and_redelivered,
    look_first,
    may_write,
    no_key,
    together,
    two_at_once,
)
from schedules import explore


@pytest.mark.parametrize("name", WAYS)
def test_only_key_and_charge_in_one_transaction_charge_once_in_every_race_and_crash(name, tmp_path):
    race = two_at_once(WAYS[name], tmp_path / "race.sqlite")
    crash = killed_and_redelivered(WAYS[name], tmp_path / "crash.sqlite")

    assert (name == "key and charge") == ({""} == set(race) | set(crash))


def test_look_first_survives_each_crash_and_loses_four_of_six_races(tmp_path):
    assert {"": 3} == killed_and_redelivered(look_first, tmp_path / "crash.sqlite")
    assert {"": 2, "charged 2 times": 4} == two_at_once(look_first, tmp_path / "race.sqlite")


def test_without_a_key_every_race_charges_twice(tmp_path):
    assert {"charged 2 times": 2} == two_at_once(no_key, tmp_path / "race.sqlite")


def test_a_killed_transaction_is_undone_and_lets_the_next_one_begin(tmp_path):
    file = empty(tmp_path / "shop.sqlite")
    with closing(connect(file)) as killed, closing(connect(file)) as redelivered:
        killed.execute("BEGIN IMMEDIATE")
        killed.execute("INSERT INTO charges VALUES ('p-7', 4200)")
        while_it_lives = may_write(redelivered)

        killed.close()

        assert (False, True) == (while_it_lives, may_write(redelivered))
        assert "charged 0 times" == charge_once(file)


def test_a_second_delivery_waits_for_the_transaction_of_the_first(tmp_path):
    pair = {"first": delivery(together), "second": delivery(together)}

    paths = explore(lambda: empty(tmp_path / "shop.sqlite"), pair, charge_once)

    assert [["first"] * 4 + ["second"] * 3, ["second"] * 4 + ["first"] * 3] == [
        [name for name, _ in path.steps] for path in paths
    ]


def test_a_wrong_statement_is_not_taken_for_a_lock(tmp_path):
    def without_tables():
        return tmp_path / "no-tables.sqlite"

    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        explore(without_tables, {"first": delivery(no_key)}, charge_once)
