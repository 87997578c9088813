"""What the schedule explorer promises, on races that every backend meets."""

from dataclasses import dataclass, field
from math import comb

import pytest
from schedules import TooManySchedules, Wait, explore, summary


@dataclass
class Shop:
    """A shop with one mug."""

    stock: int = 1
    sold: int = 0
    locked_by: str = ""
    log: list[str] = field(default_factory=list)


def sell_what_was_read(shop: Shop):
    yield "read the stock"
    stock = shop.stock
    yield "sell if there was one"
    if stock > 0:
        shop.stock = stock - 1
        shop.sold += 1


def sell_if_still_there(shop: Shop):
    yield "UPDATE … WHERE stock > 0"
    if shop.stock > 0:
        shop.stock -= 1
        shop.sold += 1


def locker(first: str, second: str):
    def script(locks: dict[str, bool]):
        yield Wait(f"lock {first}", until=lambda: not locks[first])
        locks[first] = True
        yield Wait(f"lock {second}", until=lambda: not locks[second])
        locks[second] = True
        yield "release both"
        locks[first] = locks[second] = False

    return script


def test_every_order_of_two_scripts_is_tried_once():
    def four_steps(shop: Shop):
        for number in range(4):
            yield f"step {number}"
            shop.log.append(str(number))

    paths = explore(Shop, {"A": four_steps, "B": four_steps}, lambda shop: len(shop.log) == 8)

    assert comb(8, 4) == len(paths) == len({path.steps for path in paths})


def test_checking_before_selling_oversells_in_four_of_six_orders():
    paths = explore(Shop, {"A": sell_what_was_read, "B": sell_what_was_read}, lambda shop: shop.sold <= 1)

    assert "6 orders, 4 of them break the promise" == summary(paths)
    assert all(path.state.sold == 2 for path in paths if path.fault)


def test_one_conditional_update_never_oversells():
    paths = explore(Shop, dict.fromkeys("ABC", sell_if_still_there), lambda shop: shop.sold == 1)

    assert "6 orders, 0 of them break the promise" == summary(paths)


def test_two_locks_taken_in_opposite_orders_deadlock_and_the_path_says_who_waits():
    paths = explore(
        lambda: {"mug": False, "cup": False},
        {"A": locker("mug", "cup"), "B": locker("cup", "mug")},
        lambda _: True,
    )

    assert {"deadlock: A waits to lock cup, B waits to lock mug"} == {
        path.fault for path in paths if path.fault
    }


def test_two_locks_taken_in_one_order_never_deadlock():
    paths = explore(
        lambda: {"mug": False, "cup": False},
        {"A": locker("cup", "mug"), "B": locker("cup", "mug")},
        lambda _: True,
    )

    assert 2 == len(paths)
    assert not any(path.fault for path in paths)


def test_a_path_reads_as_one_column_a_script():
    paths = explore(Shop, {"A": sell_what_was_read, "B": sell_what_was_read}, lambda shop: shop.sold <= 1)

    broken = next(path for path in paths if path.fault)

    assert [
        "A                      B",
        "read the stock",
        "                       read the stock",
        "sell if there was one",
        "                       sell if there was one",
        "→ the promise is broken",
    ] == str(broken).splitlines()


def test_a_promise_may_say_what_is_wrong():
    paths = explore(Shop, {"A": sell_if_still_there}, lambda shop: f"{shop.sold} sold")

    assert ["1 sold"] == [path.fault for path in paths]


def test_too_many_orders_are_refused_with_the_remedy():
    def long(shop: Shop):
        for number in range(10):
            yield f"step {number} of {shop}"

    with pytest.raises(TooManySchedules, match="more than 100 orders: shorten the scripts, or raise at_most"):
        explore(Shop, {"A": long, "B": long}, lambda _: True, at_most=100)
