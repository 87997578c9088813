import json
from collections import Counter
from itertools import count

import pytest
from django.core.cache.backends.locmem import LocMemCache

from shop.caching.answers import SLOTS, Answer, Answers, Lifetimes, slot
from shop.caching.guard import CircuitBreaker, GuardedCache, JsonText, Unreachable


class Clock:
    """Seconds that pass only when somebody says so."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds

    def pass_by(self, seconds: float) -> None:
        self.seconds += seconds


class Shelf:
    """Answers over an empty cache, with all that they depend on at hand."""

    def __init__(self, name: str, roll: float = 0.0) -> None:
        self.clock, self.counts, versions = Clock(), Counter(), count()
        self.cache = LocMemCache(name, {})
        self.cache.clear()
        self.answers = Answers(
            GuardedCache(self.cache, CircuitBreaker(), clock=self.clock),
            count=lambda what: self.counts.update([what]),
            random=lambda: roll,
            new_version=lambda: f"v{next(versions)}",
            clock=self.clock,
            sleep=self.clock.pass_by,
        )
        self.loads = 0

    def later(self, seconds: float) -> None:
        """Let time pass; locks end before any answer does."""
        self.clock.pass_by(seconds)
        self.cache.delete_many([key.split(":", 2)[2] for key in self.cache._cache if ":lock:" in key])

    def ask(self, question: str = "/products/1/", parts: tuple = ("products",), status: int = 200) -> str:
        def load() -> Answer:
            self.loads += 1
            return Answer(status, {}, f"load {self.loads}")

        return self.answers.through(question, parts, load).body


@pytest.fixture
def shelf(request: pytest.FixtureRequest) -> Shelf:
    return Shelf(request.node.name)


def test_the_second_reader_gets_what_the_first_one_computed(shelf: Shelf):
    assert ["load 1", "load 1", "load 1"] == [shelf.ask() for _ in range(3)]
    assert {"miss": 1, "hit": 2} == shelf.counts


def test_after_a_change_no_old_answer_is_found_and_others_stay(shelf: Shelf):
    shelf.ask("/products/1/", (slot(1),))
    shelf.ask("/products/2/", (slot(2),))

    shelf.answers.forget(slot(1), "products")

    assert "load 3" == shelf.ask("/products/1/", (slot(1),))
    assert "load 2" == shelf.ask("/products/2/", (slot(2),))


def test_an_answer_that_was_read_before_a_change_and_kept_after_it_is_never_given(shelf: Shelf):
    def old_rows_then_a_writer_commits() -> Answer:
        shelf.answers.forget("products")
        return Answer(200, {}, "old")

    assert "old" == shelf.answers.through("/", ("products",), old_rows_then_a_writer_commits).body
    assert "load 1" == shelf.ask("/")


def test_of_the_readers_of_a_stale_answer_one_renews_it_and_nobody_waits(shelf: Shelf):
    shelf.ask()
    shelf.later(Lifetimes.fresh + 1)
    given_meanwhile = []

    def load() -> Answer:
        given_meanwhile.append(shelf.ask())
        return Answer(200, {}, "renewed")

    before = shelf.clock()
    assert "renewed" == shelf.answers.through("/products/1/", ("products",), load).body
    assert (["load 1"], before) == (given_meanwhile, shelf.clock())
    assert "renewed" == shelf.ask()
    assert {"miss": 2, "stale": 1, "hit": 1} == shelf.counts


def test_where_there_is_nothing_yet_readers_wait_a_moment_and_then_compute_themselves(shelf: Shelf):
    def load() -> Answer:
        shelf.ask()
        return Answer(200, {}, "mine")

    before = shelf.clock()
    shelf.answers.through("/products/1/", ("products",), load)

    assert 1 == shelf.counts["waited"]
    assert Lifetimes.patience == pytest.approx(shelf.clock() - before, abs=Lifetimes.look_again)


def test_a_reader_who_waited_gets_what_the_other_one_computed(shelf: Shelf):
    shelf.cache.add("lock:answer:/:v0", "held", 3)
    arrived = json.dumps({"question": "/:v0", "fresh_until": 2000, "answer": [200, {}, "theirs"]})
    shelf.answers.sleep = lambda _: shelf.cache.set("answer:/:v0", arrived)

    assert "theirs" == shelf.ask("/")
    assert (0, {"hit": 1}) == (shelf.loads, shelf.counts)


def test_no_answer_outlives_fresh_plus_stale_even_if_its_deletion_is_lost():
    ages = []
    for roll in (0.0, 0.5, 1.0):
        shelf, lived = Shelf(f"age {roll}", roll), []
        shelf.cache.set = lambda *entry, lived=lived: lived.append(entry[2])
        shelf.ask()
        ages += lived
    longest = Lifetimes.fresh + Lifetimes.stale

    assert [longest, 59, 57] == ages
    assert longest >= max(ages)


def test_a_failure_and_a_refusal_are_not_kept_and_hold_nobody_up(shelf: Shelf):
    with pytest.raises(ZeroDivisionError):
        shelf.answers.through("/", ("products",), lambda: 1 / 0)
    bodies = [shelf.ask("/", status=500), shelf.ask("/", status=400), shelf.ask("/"), shelf.ask("/")]

    assert ["load 1", "load 2", "load 3", "load 3"] == bodies
    assert 0 == shelf.counts["waited"]


def test_what_does_not_exist_is_remembered_shortly_and_in_a_bounded_number_of_places(shelf: Shelf):
    shelf.cache._max_entries = 10 * SLOTS
    for number in range(3 * SLOTS):
        shelf.ask(f"/products/{number}/", (slot(number),), status=404)
    kept = [key for key in shelf.cache._cache if "lock:" not in key]

    assert len(kept) <= 2 * SLOTS
    last = f"/products/{3 * SLOTS - 1}/", (slot(3 * SLOTS - 1),)
    assert (shelf.ask(*last), shelf.counts["missing"]) == (f"load {3 * SLOTS}", 1)
    shelf.later(Lifetimes.missing)
    assert f"load {3 * SLOTS + 1}" == shelf.ask(*last)


def test_two_missing_things_in_one_place_are_not_mistaken_for_each_other(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("shop.caching.answers.SLOTS", 1)
    shelf.ask("/products/8/", status=404)

    assert "load 2" == shelf.ask("/products/9/", status=404)


@pytest.mark.parametrize("nonsense", ["{", "[]", "{}", 7])
def test_nonsense_in_the_cache_is_nothing_in_the_cache(shelf: Shelf, nonsense: object):
    shelf.ask()
    shelf.later(0)
    shelf.cache.set("answer:/products/1/:v0", nonsense)

    assert ["load 2", "load 2"] == [shelf.ask(), shelf.ask()]


class Failing:
    """A cache that fails on request, and counts who asked."""

    def __init__(self) -> None:
        self.down, self.asked = True, 0

    def get_many(self, _: list) -> dict:
        self.asked += 1
        if self.down:
            raise ConnectionError
        return {}


def test_a_cache_that_failed_three_times_is_left_alone_then_tried_by_one_caller():
    cache, clock = Failing(), Clock()
    guarded = GuardedCache(cache, CircuitBreaker(threshold=3, pause_seconds=1), clock=clock)

    def call() -> None:
        with pytest.raises(Unreachable):
            guarded.call("get_many", [])

    for _ in range(10):
        call()
    assert 3 == cache.asked
    clock.pass_by(1)
    for _ in range(10):
        call()
    assert 4 == cache.asked
    clock.pass_by(1)
    cache.down = False
    for _ in range(10):
        guarded.call("get_many", [])
    assert 14 == cache.asked


def test_a_slow_cache_counts_as_one_that_fails():
    cache, clock = Failing(), Clock()
    cache.down = False
    guarded = GuardedCache(cache, CircuitBreaker(threshold=3), slow_seconds=0.03, clock=clock)
    cache.get_many = lambda _: clock.pass_by(0.04)

    for _ in range(3):
        guarded.call("get_many", [])
    with pytest.raises(Unreachable):
        guarded.call("get_many", [])


def test_what_redis_keeps_is_json_and_reading_it_runs_nothing():
    assert '["mug", 1]' == JsonText().dumps(["mug", 1])
    with pytest.raises(ValueError, match="codec can't decode"):
        JsonText().loads(b"\x80\x05cbuiltins\nprint\n.")
