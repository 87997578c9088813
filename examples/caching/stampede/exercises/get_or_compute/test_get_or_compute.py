"""Judge `get_or_compute` in virtual time: an hour passes in a moment, and every run is the same."""

import pytest
from get_or_compute import get_or_compute
from virtual_clock import VirtualClock
from virtual_redis import VirtualRedis

KEY, TTL_MS, STALE_MS, LOCK_TTL_MS, QUERY_MS = "best-sellers", 60_000, 30_000, 5_000, 300


class Shop:
    """A clock, a store, and a list of (who, when) for every computation that began."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.store = VirtualRedis(self.clock)
        self.computed = []

    def read(
        self,
        name,
        *,
        after_ms=0,
        takes_ms=QUERY_MS,
        gives=("mug", "lamp"),
        fails=False,
        store=None,
        **options,
    ):
        async def compute():
            self.computed.append((name, self.clock.now_ms()))
            await self.clock.sleep(takes_ms)
            if fails:
                raise ConnectionError("the database hung up")
            return gives if gives is None or isinstance(gives, (bool, int, str)) else list(gives)

        options = {"ttl_ms": TTL_MS, "stale_ms": STALE_MS, "lock_ttl_ms": LOCK_TTL_MS} | options
        reader = get_or_compute(
            KEY, compute, token=f"token of {name}", store=store or self.store, clock=self.clock, **options
        )
        return self.clock.spawn(reader, after_ms=after_ms)

    def run(self, for_ms=30_000):
        self.clock.run(until_ms=self.clock.now_ms() + for_ms)

    def warm(self, *gives):
        """Store a value, and let the time pass until it has just become stale."""
        self.read("first", gives=gives)
        self.run(TTL_MS + QUERY_MS + 100)
        self.computed.clear()

    def who(self):
        return [name for name, _ in self.computed]


@pytest.fixture
def shop():
    shop = Shop()
    yield shop
    shop.clock.close()


def answer(reader):
    if reader.ended_ms is None:
        pytest.fail("a reader never got an answer: who ends its loop?", pytrace=False)
    return reader.result()


def took_ms(reader):
    answer(reader)
    return reader.ended_ms - reader.started_ms


def test_1_a_miss_computes_and_the_next_reader_finds_the_value(shop):
    first = shop.read("Anna", gives=("mug", 7))
    second = shop.read("Ben", after_ms=1_000)
    shop.run()

    assert ["mug", 7] == answer(first), "the reader that computes returns what compute() gave"
    assert ["mug", 7] == answer(second), (
        "the second reader gets the stored value, in the form it was computed"
    )
    assert ["Anna"] == shop.who(), (
        "the second reader computed again: was the value stored, and for long enough?"
    )
    shop.run(TTL_MS + STALE_MS + LOCK_TTL_MS)
    assert [] == shop.store.live_keys(), (
        f"{shop.store.live_keys()} live after all TTLs: a key without px= stays in Redis for ever"
    )


@pytest.mark.parametrize("value", [None, False, 0, ""])
def test_2_an_empty_answer_is_an_answer(shop, value):
    first, second = shop.read("Anna", gives=value), shop.read("Ben", gives=value, after_ms=1_000)
    shop.run()

    assert (value, value) == (answer(first), answer(second))
    assert ["Anna"] == shop.who(), (
        f"{value!r} was computed twice: test whether something is stored, not whether the value is true"
    )


def test_3_fifty_readers_of_a_missing_key_compute_once(shop):
    readers = [shop.read(f"reader {number}", after_ms=number * 4) for number in range(50)]
    shop.run(250)
    keys = [key for key in shop.store.live_keys() if key != KEY]
    shop.run()

    assert 1 == len(shop.computed), (
        f"50 readers computed {len(shop.computed)} times, expected once: only one may hold the lock"
    )
    assert keys, (
        "while one reader computed, no lock was in the store: a lock in the memory of one process "
        "does not stop the others. Look at set(..., nx=True)"
    )
    assert [["mug", "lamp"]] * 50 == [answer(each) for each in readers], "all 50 get the value"
    assert max(map(took_ms, readers)) < 2 * QUERY_MS, (
        "a waiter slept past the answer: look again every few ms"
    )


def test_4_a_slow_reader_that_missed_looks_again_once_it_has_the_lock(shop):
    far = VirtualRedis(shop.clock, round_trip_ms=40, shares=shop.store)
    shop.read("near", takes_ms=50)
    late = shop.read("far", takes_ms=50, store=far)
    shop.run()

    answer(late)
    assert ["near"] == shop.who(), (
        "computed twice: one reader missed, another computed, stored and released, and then the first got "
        "the lock. Read the key once more when you hold the lock"
    )


def test_5_a_stale_value_is_served_at_once_while_one_task_renews_it(shop):
    shop.warm("old")
    readers = [shop.read(f"reader {number}", after_ms=number * 4, gives=("new",)) for number in range(50)]
    after = shop.read("after", after_ms=1_000)
    shop.run()

    assert [["old"]] * 50 == [answer(each) for each in readers], (
        "for stale_ms after ttl_ms the old value is the answer; here somebody got another one"
    )
    longest_ms = max(map(took_ms, readers))
    assert longest_ms < 20, (
        f"a reader of a stale value waited {longest_ms} ms: give the renewal to clock.spawn() and return"
    )
    assert 1 == len(shop.computed), (
        f"{len(shop.computed)} renewals, expected exactly one: the reader that gets the lock spawns it"
    )
    assert ["new"] == answer(after), "after the renewal the next reader gets the new value"


def test_6_a_slow_reader_of_a_stale_value_does_not_renew_it_again(shop):
    shop.warm("old")
    far = VirtualRedis(shop.clock, round_trip_ms=40, shares=shop.store)
    shop.read("near", takes_ms=50)
    shop.read("far", takes_ms=50, store=far)
    shop.run()

    assert ["near"] == shop.who(), (
        "renewed twice: between the second reader's look and its lock the value became fresh. Look again"
    )


def test_7_after_the_stale_time_nobody_gets_the_old_value(shop):
    shop.warm("old")
    reader = shop.read("Anna", gives=("new",), after_ms=STALE_MS + 1_000)
    shop.run(STALE_MS + 30_000)

    assert ["new"] == answer(reader), "a value older than ttl_ms + stale_ms was served"


def test_8_an_error_reaches_the_reader_and_releases_the_lock(shop):
    unlucky = shop.read("Anna", fails=True)
    lucky = shop.read("Ben", after_ms=50)
    shop.run()

    with pytest.raises(ConnectionError):
        answer(unlucky)
    assert took_ms(lucky) < 1_000, (
        f"Anna's computation failed and Ben waited {took_ms(lucky)} ms, until the lock expired: "
        "release it in a finally"
    )


def test_9_a_failed_renewal_costs_no_reader_anything(shop):
    shop.warm("old")
    reader = shop.read("Anna", fails=True)
    shop.read("Ben", after_ms=1_000)
    shop.run()

    assert ["old"] == answer(reader), (
        "the old value is still there: serve it, whatever becomes of the renewal"
    )
    assert ["Anna", "Ben"] == shop.who(), (
        "the first renewal failed, and no lock may keep the next reader from trying"
    )


def test_10_when_the_holder_dies_a_waiter_computes_after_the_lock_ttl(shop):
    anna = shop.read("Anna")
    ben = shop.read("Ben", after_ms=50)
    shop.run(100)
    shop.clock.kill(anna)
    shop.run(LOCK_TTL_MS * 4)

    assert ["Anna", "Ben"] == shop.who(), (
        f"Anna died with the lock, and Ben still waits after {LOCK_TTL_MS * 4} ms: "
        "nobody else can release it, so it needs px=lock_ttl_ms"
    )
    began_ms = shop.computed[1][1]
    assert LOCK_TTL_MS - 100 <= began_ms <= LOCK_TTL_MS + 500, (
        f"Ben computed at {began_ms} ms; the lock was to last {LOCK_TTL_MS} ms"
    )
    assert ["mug", "lamp"] == answer(ben)


def test_11_a_slow_holder_does_not_release_the_lock_of_the_next(shop):
    shop.read("Anna", takes_ms=8_000, fails=True)
    shop.read("Ben", takes_ms=4_000, after_ms=100)
    cleo = shop.read("Cleo", after_ms=8_100)
    shop.run()

    assert ["Anna", "Ben"] == shop.who(), (
        "Anna's lock expired, Ben took it, and then Anna's late release deleted Ben's: Cleo computed "
        "beside him. Delete the lock only where it holds your token"
    )
    assert ["mug", "lamp"] == answer(cleo)


def test_12_comparing_and_deleting_is_one_step(shop):
    far = VirtualRedis(shop.clock, round_trip_ms=400, shares=shop.store)
    shop.read("Anna", takes_ms=4_000, fails=True, store=far)
    shop.read("Ben", takes_ms=4_000, after_ms=1_000)
    shop.read("Cleo", after_ms=6_100)
    shop.run()

    assert ["Anna", "Ben"] == shop.who(), (
        "Anna compared her token, her lock expired, Ben took it, and then her delete arrived: "
        "two commands leave room between them. Let the store compare and delete in one"
    )
