import json
import math

import pytest
from fifty_readers import Database, crowd
from hot_key import Busy, early_refresh, locked, stale_while_revalidate, time_to_renew
from virtual_clock import VirtualClock
from virtual_redis import VirtualRedis
from xfetch import read_steadily

KEY = "best-sellers"


@pytest.mark.parametrize("name", ["cache-aside", "get_or_set"])
def test_without_a_lock_every_one_of_50_readers_queries(name):
    assert 50 == len(crowd(name).database.queries)


@pytest.mark.parametrize("name", ["lock, poll", "lock, fail", "lock, stale"])
def test_with_a_lock_one_of_50_readers_queries(name):
    assert 1 == len(crowd(name).database.queries)


def test_waiters_poll_fail_or_get_the_old_value():
    poll, fail, stale = (crowd(f"lock, {each}") for each in ("poll", "fail", "stale"))

    assert [["mug", "lamp"]] * 50 == [each.result() for each in poll.readers]
    assert 49 == sum(isinstance(each.error, Busy) for each in fail.readers)
    assert [["mug"]] * 50 == [each.result() for each in stale.readers]
    assert 2 == stale.row()[4]


def test_a_reader_that_missed_before_the_lock_was_free_looks_again():
    clock = VirtualClock()
    near = VirtualRedis(clock)
    far = VirtualRedis(clock, round_trip_ms=40, shares=near)
    database = Database(clock, query_ms=50)
    common = {"ttl_ms": 60_000, "lock_ttl_ms": 5_000, "patience_ms": 5_000, "clock": clock}

    clock.spawn(locked(KEY, database.best_sellers, token=str(1), store=near, **common))
    late = clock.spawn(locked(KEY, database.best_sellers, token=str(2), store=far, **common))
    clock.run()

    assert 1 == len(database.queries)
    assert ["mug", "lamp"] == late.result()


def test_an_empty_cache_makes_even_the_stale_readers_wait_for_one_query():
    clock = VirtualClock()
    store = VirtualRedis(clock)
    database = Database(clock)

    readers = [
        clock.spawn(
            stale_while_revalidate(
                KEY,
                database.best_sellers,
                ttl_ms=1_000,
                stale_ms=500,
                lock_ttl_ms=5_000,
                token=str(number),
                store=store,
                clock=clock,
            )
        )
        for number in range(50)
    ]
    clock.run()

    assert 1 == len(database.queries)
    assert all(["mug", "lamp"] == each.result() and each.ended_ms > 300 for each in readers)
    assert ["best-sellers"] == store.live_keys()


def test_the_renewed_value_is_there_for_the_next_reader():
    clock = VirtualClock()
    store = VirtualRedis(clock)
    database = Database(clock)
    entry = json.dumps({"value": ["old"], "fresh_until_ms": 0})
    clock.spawn(store.set(KEY, entry, px=10_000))
    clock.run()

    def read():
        return stale_while_revalidate(
            KEY,
            database.best_sellers,
            ttl_ms=1_000,
            stale_ms=500,
            lock_ttl_ms=5_000,
            token=str(1),
            store=store,
            clock=clock,
        )

    first, second = clock.spawn(read()), clock.spawn(read(), after_ms=400)
    clock.run()

    assert (["old"], ["mug", "lamp"]) == (first.result(), second.result())
    assert 1 == len(database.queries)


def test_a_slow_reader_of_the_old_value_does_not_renew_it_a_second_time():
    clock = VirtualClock()
    near = VirtualRedis(clock)
    far = VirtualRedis(clock, round_trip_ms=40, shares=near)
    database = Database(clock, query_ms=50)
    clock.spawn(near.set(KEY, json.dumps({"value": ["old"], "fresh_until_ms": 0}), px=10_000))
    common = {"ttl_ms": 1_000, "stale_ms": 500, "lock_ttl_ms": 5_000, "clock": clock}
    clock.run()

    for number, store in enumerate((near, far)):
        clock.spawn(
            stale_while_revalidate(KEY, database.best_sellers, token=str(number), store=store, **common)
        )
    clock.run()

    assert 1 == len(database.queries)


def test_xfetch_renews_when_now_minus_delta_beta_log_of_the_draw_reaches_the_expiry():
    one_in_e = {"delta_ms": 300, "expiry_ms": 10_000, "random": lambda: 1 - 1 / math.e}  # -ln(1/e) is 1

    assert not time_to_renew(9_699, beta=1, **one_in_e)
    assert time_to_renew(9_701, beta=1, **one_in_e)
    assert time_to_renew(9_401, beta=2, **one_in_e)
    assert not time_to_renew(9_999, delta_ms=300, beta=1, expiry_ms=10_000, random=lambda: 0.0)
    assert time_to_renew(10_000, delta_ms=300, beta=1, expiry_ms=10_000, random=lambda: 0.0)


def test_xfetch_remembers_how_long_the_value_took():
    clock = VirtualClock()
    store = VirtualRedis(clock)
    database = Database(clock)

    clock.spawn(
        early_refresh(KEY, database.best_sellers, ttl_ms=10_000, random=lambda: 0.0, store=store, clock=clock)
    )
    clock.run()
    stored = clock.spawn(store.get(KEY))
    clock.run()

    assert [["mug", "lamp"], 300, 10_301] == json.loads(stored.result())


def test_the_queries_of_cache_aside_grow_with_the_traffic_and_those_of_xfetch_hardly():
    naive = [read_steadily(early=False, every_ms=every)[0] for every in (100, 20, 4)]
    early = [read_steadily(early=True, every_ms=every)[0] for every in (100, 20, 4)]

    assert naive[2] > 4 * naive[1] > 12 * naive[0]
    assert early[2] < 2 * early[0]
    assert 0 == read_steadily(early=True, every_ms=4)[1]
