"""A bucket lets through what it promises, never more and never less, however many processes share it."""

import hashlib
import subprocess
import sys
import threading
import time
from collections import Counter
from fractions import Fraction
from pathlib import Path

import pytest
import servers
from hypothesis import given, settings, strategies

from gatekeeper import buckets
from gatekeeper.buckets import (
    EXACT,
    LUA,
    MEMORY,
    MICROSECONDS,
    Decision,
    MemoryStore,
    Policy,
    RedisStore,
    StoreDown,
    bucket,
    headers,
    spend,
)

FOLDER = Path(__file__).resolve().parent
NOWHERE = "redis://127.0.0.1:1/0"  # nothing listens there

# A byte is a request: how long after the one before, in steps just below a quarter of a second, and for how many
# tokens. So most levels come to lie just below a whole token.
schedules = strategies.binary(max_size=40)
rates = strategies.sampled_from([Fraction(a, b) for a in range(1, 12) for b in range(1, 12)])


# --8<-- [start:schedules]
@settings(max_examples=10_000, deadline=None, database=None)
@given(schedule=schedules, capacity=strategies.integers(4, 9), rate=rates)
def test_ten_thousand_schedules_get_all_that_is_promised_and_no_more(
    schedule: bytes, capacity: int, rate: Fraction
):
    policy = Policy(capacity, rate.denominator * MICROSECONDS, rate.numerator)
    level, at, now = policy.full, 0, 0
    taken: list[tuple[int, int]] = []

    for byte in schedule:
        now += (byte >> 2) % 16 * 249_999
        tokens = (byte & 3) + 1
        allowed, level, at = spend(policy, level, at, now, tokens)
        # In every window that ends now: what was taken in it, and what is asked, fits capacity + rate * time.
        total, fits = tokens, tokens <= capacity
        for moment, amount in reversed(taken):
            total += amount
            fits = fits and total * MICROSECONDS <= capacity * MICROSECONDS + rate * (now - moment)
        assert allowed == fits
        if allowed:
            taken.append((now, tokens))


# --8<-- [end:schedules]


def test_a_rate_that_is_no_whole_number_does_not_drift():
    third = bucket("third", capacity=1, refill_per_second=Fraction(1, 3), store=MemoryStore())

    allowed = [second for second in range(30_000) if third.take("a", now=second).allowed]

    assert allowed == list(range(0, 30_000, 3))


def test_the_answer_says_when_to_come_back():
    five_a_minute = bucket("login", capacity=5, refill_per_second=Fraction(5, 60), store=MemoryStore())
    decisions = [five_a_minute.take("ada", now=1000) for _ in range(6)]

    assert Decision("login", True, 5, 60, 4, 0, 12) == decisions[0]
    assert Decision("login", False, 5, 60, 0, 12, 60) == decisions[-1]
    assert not five_a_minute.take("ada", now=1011.9).allowed
    assert five_a_minute.take("ada", now=1012).allowed


def test_a_clock_that_goes_back_gives_nothing():
    one = bucket("one", capacity=1, refill_per_second=1, store=MemoryStore())

    assert [True, False, False, True] == [one.take("a", now=now).allowed for now in (1000, 500, 1000.5, 1001)]


def test_keys_and_names_and_rates_have_buckets_of_their_own():
    store = MemoryStore()
    slow, fast, other = (
        bucket(name, capacity=1, refill_per_second=rate, store=store)
        for name, rate in (("a", 1), ("a", 2), ("b", 1))
    )

    assert all(each.take(key, now=1).allowed for each in (slow, fast, other) for key in (1, 2))
    assert not slow.take(1, now=1).allowed


def test_memory_forgets_full_buckets_only():
    store = MemoryStore()
    four = bucket("four", capacity=4, refill_per_second=1, store=store)
    for number in range(20_000):
        four.take(number, now=number / 200)
    assert 0 < len(store) < 5000

    four.take("nearly full", now=100)
    for number in range(3000):
        four.take(f"again {number}", now=100, tokens=4)

    assert not four.take("nearly full", now=100, tokens=4).allowed


def test_threads_of_one_process_share_exactly():
    store = MemoryStore()
    hundred = bucket("hundred", capacity=100, refill_per_second=1, store=store)
    allowed = Counter()

    def ask(thread: int) -> None:
        for _ in range(200):
            allowed[thread] += hundred.take("a", now=5).allowed

    threads = [threading.Thread(target=ask, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert 100 == allowed.total()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "log in"}, "use letters, digits and dashes"),
        ({"name": 'a";q=9'}, "use letters, digits and dashes"),
        ({"capacity": 0}, "would never allow anything"),
        ({"refill_per_second": 0}, "would never allow anything"),
        ({"refill_per_second": 1e-9}, "would never allow anything"),
        ({"capacity": EXACT}, "cannot be counted exactly"),
    ],
)
def test_a_bucket_that_cannot_work_is_refused(arguments: dict, message: str):
    with pytest.raises(ValueError, match=message):
        bucket(**({"name": "login", "capacity": 5, "refill_per_second": 1} | arguments))


@pytest.mark.parametrize("tokens", [0, -1, 6])
def test_asking_for_more_than_fits_is_a_mistake_of_the_program(tokens: int):
    with pytest.raises(ValueError, match="holds 5 tokens"):
        bucket("login", capacity=5, refill_per_second=1).take("a", tokens=tokens)


def test_the_header_fields_follow_the_draft():
    burst = Decision("burst", True, 10, 1, 9, 0, 1)
    daily = Decision("daily", False, 1000, 86400, 0, 87, 86400)

    assert headers(burst) == {"RateLimit-Policy": '"burst";q=10;w=1', "RateLimit": '"burst";r=9;t=1'}
    assert headers(burst, daily) == {
        "RateLimit-Policy": '"burst";q=10;w=1, "daily";q=1000;w=86400',
        "RateLimit": '"burst";r=9;t=1, "daily";r=0;t=87',
        "Retry-After": "87",
    }


def test_while_redis_is_down_each_process_counts_alone():
    local = bucket("local", capacity=2, refill_per_second=1, store=RedisStore(NOWHERE))

    assert [True, True, False] == [local.take("a", now=9).allowed for _ in range(3)]
    assert 1 == len(MEMORY)


def test_while_redis_is_down_a_strict_bucket_refuses():
    strict = bucket("strict", capacity=2, refill_per_second=1, when_down="refuse", store=RedisStore(NOWHERE))
    decision = strict.take("a")

    assert (False, 1) == (decision.allowed, decision.retry_after_seconds)


def test_a_silent_redis_costs_one_time_out_and_is_left_alone_then():
    with servers.socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()  # it takes connections and never answers
        store = RedisStore(f"redis://127.0.0.1:{silent.getsockname()[1]}/0")
        waits = []
        for _ in range(20):
            began = time.monotonic()
            with pytest.raises(StoreDown):
                store.spend(Policy(1, MICROSECONDS, 1), "a", None, 1)
            waits.append(time.monotonic() - began)

    assert max(waits[1:]) < waits[0] / 5, "each request waited again"


@pytest.mark.redis
def test_redis_decides_like_the_pure_function(redis: object):
    url = _url(redis)
    shared = bucket("pure", capacity=7, refill_per_second=Fraction(3, 7), store=RedisStore(url))
    alone = bucket("pure", capacity=7, refill_per_second=Fraction(3, 7), store=MemoryStore())
    times = [1_700_000_000 + number * 0.7 % 90 + number * 0.3 for number in range(300)]

    for number, now in enumerate(times):
        tokens = number % 4 + 1
        assert alone.take("a", now=now, tokens=tokens) == shared.take("a", now=now, tokens=tokens)


@pytest.mark.redis
def test_a_script_that_redis_has_forgotten_is_sent_again(redis: object, monkeypatch: pytest.MonkeyPatch):
    unseen = f"{LUA}-- {servers.new_name()}"
    monkeypatch.setattr(buckets, "LUA", unseen)
    digest = hashlib.sha1(unseen.encode(), usedforsecurity=False).hexdigest()
    store = RedisStore(_url(redis))

    assert [False] == redis.script_exists(digest)
    assert (True, 0) == store.spend(Policy(1, MICROSECONDS, 1), "a", 5, 1)
    assert [True] == redis.script_exists(digest)


@pytest.mark.redis
def test_a_full_bucket_leaves_nothing_in_redis(redis: object):
    bucket("gone", capacity=3, refill_per_second=2, store=RedisStore(_url(redis))).take("a", tokens=3)

    (key,) = redis.keys("gatekeeper:bucket:gone:*")
    assert 1500 < redis.pttl(key) <= 2500


ASKING = """
import sys
from fractions import Fraction
from django.conf import settings
settings.configure(GATEKEEPER={"REDIS_URL": sys.argv[1]})
from gatekeeper.buckets import bucket
shared = bucket("shared", capacity=50, refill_per_second=Fraction(20))
print("ready", flush=True)
sys.stdin.readline()
print(sum(shared.take("a").allowed for _ in range(600)))
"""


@pytest.mark.redis
def test_eight_processes_on_one_redis_stay_below_capacity_and_rate(redis: object):
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", ASKING, _url(redis)],
            cwd=FOLDER.parent,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(8)
    ]
    for process in processes:
        assert "ready\n" == process.stdout.readline()
    first = redis.time()
    allowed = [int(process.communicate("\n", timeout=120)[0]) for process in processes]
    last = redis.time()

    seconds = last[0] - first[0] + (last[1] - first[1]) / MICROSECONDS
    assert 50 <= sum(allowed) <= 50 + 20 * seconds
    assert 8 * 600 > sum(allowed), "so many that something was refused"


def test_fakeredis_cannot_show_this():
    """Without a Redis the tests above are named as not run: fakeredis has no Lua, and so no shared bucket."""
    import fakeredis

    with pytest.raises(Exception, match="unknown command"):
        fakeredis.FakeRedis().eval(LUA, 1, "key", 1, 1, 1, 1)


def _url(client: object) -> str:
    given = client.connection_pool.connection_kwargs
    return f"redis://{given['host']}:{given['port']}/{given['db']}"
