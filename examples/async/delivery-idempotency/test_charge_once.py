import pytest
from charge_once import WAYS, killed_and_redelivered, look_first, no_key, together, two_at_once


@pytest.mark.parametrize("name", WAYS)
def test_only_key_and_charge_in_one_transaction_charge_once_in_every_race_and_crash(name, tmp_path):
    race = two_at_once(WAYS[name], tmp_path / "race.sqlite")
    crash = killed_and_redelivered(WAYS[name], tmp_path / "crash.sqlite")

    assert (name == "key and charge") == ({1} == set(race) | set(crash))


def test_look_first_survives_each_crash_and_loses_four_of_six_races(tmp_path):
    assert {1: 3} == killed_and_redelivered(look_first, tmp_path / "crash.sqlite")
    assert {1: 2, 2: 4} == two_at_once(look_first, tmp_path / "race.sqlite")


def test_without_a_key_every_race_charges_twice(tmp_path):
    assert {2: 2} == two_at_once(no_key, tmp_path / "race.sqlite")


def test_a_second_delivery_waits_for_the_transaction_of_the_first(tmp_path):
    from charge_once import Delivery, charged, empty

    file = empty(tmp_path / "shop.sqlite")
    first, second = Delivery(together, file), Delivery(together, file)

    first.step()

    assert not second.step()
    first.connection.close()
    assert second.step()
    second.connection.close()
    assert 0 == charged(file)


def test_a_wrong_statement_is_not_taken_for_a_lock(tmp_path):
    import sqlite3

    from charge_once import Delivery

    delivery = Delivery(no_key, tmp_path / "no-tables.sqlite")

    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        delivery.step()
    delivery.connection.close()
