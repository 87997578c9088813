import asyncio

import pytest
from virtual_clock import VirtualClock
from virtual_redis import VirtualRedis


def test_a_sleep_of_an_hour_takes_an_hour_of_virtual_time_only():
    clock = VirtualClock()
    woke = []

    async def sleeper(name, duration_ms):
        await clock.sleep(duration_ms)
        woke.append((clock.now_ms(), name))

    clock.spawn(sleeper("late", 3_600_000))
    clock.spawn(sleeper("early", 10))
    clock.run()

    assert [(10, "early"), (3_600_000, "late")] == woke


def test_tasks_that_wake_together_run_in_the_order_in_which_they_fell_asleep():
    clock = VirtualClock()
    order = []

    async def step(name):
        order.append(name)
        await clock.sleep(5)
        order.append(name)

    for name in "abc":
        clock.spawn(step(name))
    clock.run()

    assert list("abcabc") == order


def test_a_result_or_an_error_is_kept_with_its_moment():
    clock = VirtualClock()

    async def divide(by):
        await clock.sleep(7)
        return 1 / by

    good, bad, never = clock.spawn(divide(2)), clock.spawn(divide(0)), clock.spawn(divide(1), after_ms=100)
    clock.run(until_ms=50)

    assert (0.5, 7) == (good.result(), good.ended_ms)
    assert 50 == clock.now_ms()
    with pytest.raises(ZeroDivisionError):
        bad.result()
    with pytest.raises(RuntimeError, match="has not ended"):
        never.result()
    clock.close()


def test_a_killed_task_sends_nothing_more_not_even_from_finally():
    clock = VirtualClock()
    store = VirtualRedis(clock)

    async def child():
        await clock.sleep(20)
        await store.set("child", "was here")

    async def worker():
        clock.spawn(child())
        try:
            await clock.sleep(10)
            await store.set("worker", "was here")
        finally:
            await store.set("finally", "was here")
            await store.set("and after", "was here")

    task = clock.spawn(worker())
    clock.run(until_ms=5)
    clock.kill(task)
    clock.run()

    assert [] == store.live_keys()
    assert task.ended_ms is None


@pytest.mark.redis
def test_the_five_commands_answer_like_a_real_redis(redis):
    from real_readers import RealStore, drive

    clock = VirtualClock()
    virtual = VirtualRedis(clock)

    async def conversation(store):
        return [
            await store.get("lock"),
            await store.pttl("lock"),
            await store.set("lock", "anna", nx=True),
            await store.pttl("lock"),
            await store.set("lock", "ben", nx=True),
            await store.delete_if_equal("lock", "ben"),
            await store.get("lock"),
            await store.delete_if_equal("lock", "anna"),
            await store.delete("lock"),
            await store.set("lock", "cleo", px=60_000),
            59_000 < await store.pttl("lock") <= 60_000,
            await store.delete("lock"),
        ]

    spoken = clock.spawn(conversation(virtual))
    clock.run()

    assert drive(conversation(RealStore(redis))) == spoken.result()


def test_a_key_is_gone_when_its_ttl_has_passed_and_two_clients_see_the_same_data():
    clock = VirtualClock()
    near = VirtualRedis(clock)
    far = VirtualRedis(clock, round_trip_ms=40, shares=near)
    clock.spawn(near.set("stock:mug", "5", px=100))  # stored at 1 ms

    early, late = (
        clock.spawn(far.get("stock:mug"), after_ms=60),
        clock.spawn(far.get("stock:mug"), after_ms=61),
    )
    clock.run()

    assert "5" == early.result()
    assert late.result() is None
    assert 2 == far.commands["GET"]


def test_what_redis_would_refuse_is_refused():
    clock = VirtualClock()
    store = VirtualRedis(clock)

    not_text, no_time = clock.spawn(store.set("stock", 5)), clock.spawn(store.set("stock", "5", px=0))
    clock.run()

    with pytest.raises(TypeError, match=r"Redis stores text, not int. Fix: json.dumps"):
        not_text.result()
    with pytest.raises(ValueError, match="invalid expire time 0"):
        no_time.result()


def test_waiting_for_something_of_asyncio_is_refused_with_the_remedy():
    clock = VirtualClock()

    task = clock.spawn(asyncio.sleep(0))
    clock.run()

    with pytest.raises(TypeError, match=r"Fix: await clock\.sleep"):
        task.result()


def test_it_runs_inside_a_running_event_loop_as_in_a_browser():
    async def page():
        clock = VirtualClock()
        task = clock.spawn(clock.sleep(60_000))
        clock.run()
        return task.ended_ms

    assert 60_000 == asyncio.run(page())
