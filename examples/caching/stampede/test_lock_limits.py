import random

from avalanche import SEED, expiries, hit_percent, ways
from lock_limits import CarelessRedis, dead_holder, late_write, lock_without_ttl, slow_holder
from virtual_redis import VirtualRedis


def test_a_dead_holder_is_replaced_when_its_lock_expires():
    ended_ms, runs = dead_holder()

    assert ["Anna", "Ben"] == [who for who, *_ in runs]
    assert 5_000 < runs[1][1] < 5_050
    assert ended_ms < 5_400


def test_a_lock_without_a_ttl_outlives_its_holder_for_ever():
    assert (-1, True) == lock_without_ttl()


def test_a_holder_slower_than_its_lock_gets_company_and_a_careless_release_lets_in_a_third():
    compared, careless = slow_holder(VirtualRedis), slow_holder(CarelessRedis)

    assert ["Anna", "Ben"] == [who for who, *_ in compared]
    assert ["Anna", "Ben", "Cleo"] == [who for who, *_ in careless]
    assert careless[1][1] < careless[2][1] < careless[1][2], "Cleo's query begins while Ben's is running"


def test_comparing_the_token_does_not_stop_a_late_write():
    assert (5, 3) == late_write()


def test_jitter_flattens_the_worst_second_and_leaves_the_hit_ratio():
    fixed, longer, shorter = (expiries(ttl) for ttl in ways(random.Random(SEED)).values())

    assert 1000 == max(fixed.values())
    assert max(longer.values()) < 50 > max(shorter.values())
    assert abs(hit_percent(fixed) - hit_percent(longer)) < 0.1
    assert abs(hit_percent(fixed) - hit_percent(shorter)) < 0.1
