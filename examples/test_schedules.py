"""What the schedule explorer promises, on races that every backend meets."""

from contextlib import contextmanager
from dataclasses import dataclass, field
from math import comb

import pytest
from schedules import Kill, TooManySchedules, Wait, explore, summary


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


def test_a_name_longer_than_its_steps_keeps_the_columns_apart():
    def sell(shop: Shop):
        yield "sell"
        shop.stock -= 1

    path = explore(Shop, {"buyer Ada": sell, "buyer Ben": sell}, lambda _: True)[0]

    assert ["buyer Ada  buyer Ben", "sell", "           sell"] == str(path).splitlines()


@dataclass
class Bucket:
    """A token bucket in a store that two processes share, with one token left."""

    tokens: int = 1
    allowed: int = 0


def read_then_write_back(bucket: Bucket):
    yield "GET tokens"
    tokens = bucket.tokens
    if tokens < 1:
        return
    yield "SET tokens - 1"
    bucket.tokens = tokens - 1
    bucket.allowed += 1


def take_in_one_step(bucket: Bucket):
    yield "take a token, if there is one"
    if bucket.tokens >= 1:
        bucket.tokens -= 1
        bucket.allowed += 1


def as_many_as_tokens(capacity: int):
    return lambda bucket: f"{bucket.allowed} allowed" if bucket.allowed > capacity else ""


def test_a_bucket_that_is_read_and_written_back_allows_two_calls_with_one_token():
    paths = explore(Bucket, dict.fromkeys("AB", read_then_write_back), as_many_as_tokens(1))

    assert "6 orders, 4 of them break the promise" == summary(paths)
    assert {"", "2 allowed"} == {path.fault for path in paths}
    assert {0} == {path.state.tokens for path in paths}  # the store looks right afterwards: a lost update


def test_a_bucket_that_is_taken_from_in_one_step_allows_one_call_with_one_token():
    paths = explore(Bucket, dict.fromkeys("ABC", take_in_one_step), as_many_as_tokens(1))

    assert "6 orders, 0 of them break the promise" == summary(paths)
    assert {(0, 1)} == {(path.state.tokens, path.state.allowed) for path in paths}


def killer(name: str):
    def script(_: object):
        yield Kill(name)

    return script


def test_a_script_is_killed_before_and_after_each_of_its_steps():
    def two_steps(shop: Shop):
        yield "take"
        shop.stock -= 1
        yield "sell"
        shop.sold += 1

    paths = explore(Shop, {"A": two_steps, "B": killer("A")}, lambda shop: shop.sold + shop.stock == 1)

    assert [(1, 0), (0, 0), (0, 1)] == [(path.state.sold, path.state.stock) for path in paths]
    assert "3 orders, 1 of them break the promise" == summary(paths)
    assert ["A       B", "take", "        kill A", "→ the promise is broken"] == str(
        next(path for path in paths if path.fault)
    ).splitlines()


def test_a_killed_script_keeps_its_lock_and_who_waits_for_it_waits_for_ever():
    def careful(shop: Shop):
        yield Wait("lock", until=lambda: not shop.locked_by)
        shop.locked_by = "somebody"
        try:
            yield "sell"
            shop.sold += 1
        finally:
            yield "release"
            shop.locked_by = ""

    paths = explore(Shop, {"A": careful, "B": killer("A"), "C": careful}, lambda _: True)

    assert {"deadlock: C waits to lock", ""} == {path.fault for path in paths}
    assert {"somebody"} == {path.state.locked_by for path in paths if path.fault}


def test_what_a_script_holds_by_with_is_given_back_when_it_is_killed_and_after_each_order():
    opened, closed = [], []

    @contextmanager
    def connection(shop: Shop):
        opened.append(shop)
        try:
            yield
        finally:
            closed.append(shop)

    def connected(shop: Shop):
        with connection(shop):
            yield "sell"
            yield "sell again"

    def killer_that_looks(shop: Shop):
        yield Kill("A")
        assert any(shop is each for each in closed)

    explore(Shop, {"A": connected, "B": killer_that_looks}, lambda _: True)

    assert len(opened) == len(closed) > 0


def test_a_fault_in_the_clean_up_of_a_killed_script_is_not_hidden():
    def clumsy(_: Shop):
        try:
            yield "sell"
        finally:
            raise RuntimeError("no connection to close")

    with pytest.raises(RuntimeError, match="no connection to close"):
        explore(Shop, {"A": clumsy, "B": killer("A")}, lambda _: True)


def test_a_promise_may_say_what_is_wrong():
    paths = explore(Shop, {"A": sell_if_still_there}, lambda shop: f"{shop.sold} sold")

    assert ["1 sold"] == [path.fault for path in paths]


def test_too_many_orders_are_refused_with_the_remedy():
    def long(shop: Shop):
        for number in range(10):
            yield f"step {number} of {shop}"

    with pytest.raises(TooManySchedules, match="more than 100 orders: shorten the scripts, or raise at_most"):
        explore(Shop, {"A": long, "B": long}, lambda _: True, at_most=100)
