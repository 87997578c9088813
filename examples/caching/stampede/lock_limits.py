"""Break the lock in four ways, in virtual time: a dead holder, no TTL, a slow holder, a late write."""

import json
from collections.abc import Callable, Coroutine

from hot_key import Busy, locked
from virtual_clock import VirtualClock
from virtual_redis import VirtualRedis

KEY, LOCK, TTL_MS, LOCK_TTL_MS = "stock:mug", "stock:mug:lock", 60_000, 5_000


class CarelessRedis(VirtualRedis):
    """Releases a lock without looking whose it is."""

    # --8<-- [start:careless]
    async def delete_if_equal(self, key: str, value: str) -> bool:  # noqa: ARG002 - that is the mistake
        return await self.delete(key)

    # --8<-- [end:careless]


class Query:
    """Answers with the stock as it was when it began, `takes_ms` later; notes who ran it, and when."""

    def __init__(self, clock: VirtualClock) -> None:
        self.clock = clock
        self.stock = 5
        self.runs: list[tuple[str, int, int]] = []

    def by(self, name: str, *, takes_ms: int, fails: bool) -> Callable[[], Coroutine]:
        async def compute() -> int:
            began_ms, stock = self.clock.now_ms(), self.stock
            self.runs.append((name, began_ms, began_ms + takes_ms))
            await self.clock.sleep(takes_ms)
            if fails:
                raise TimeoutError
            return stock

        return compute


def read(store, clock, query: Query, name: str, *, takes_ms: int, fails: bool = False) -> Coroutine:
    return locked(
        KEY,
        query.by(name, takes_ms=takes_ms, fails=fails),
        ttl_ms=TTL_MS,
        lock_ttl_ms=LOCK_TTL_MS,
        patience_ms=60_000,
        token=name,
        store=store,
        clock=clock,
    )


def dead_holder() -> tuple[int, list[tuple[str, int, int]]]:
    """Anna dies 100 ms into her query. When does Ben, who waits, get his answer?"""
    clock = VirtualClock()
    store, query = VirtualRedis(clock), Query(clock)
    anna = clock.spawn(read(store, clock, query, "Anna", takes_ms=300))
    ben = clock.spawn(read(store, clock, query, "Ben", takes_ms=300), after_ms=50)

    clock.run(until_ms=100)
    clock.kill(anna)
    clock.run()

    return ben.ended_ms, query.runs


def lock_without_ttl() -> tuple[int, bool]:
    """Anna took the lock without a TTL and died. An hour later, Ben has patience for one more minute."""
    clock = VirtualClock()
    store, query = VirtualRedis(clock), Query(clock)
    clock.spawn(store.set(LOCK, "Anna", nx=True))
    ben = clock.spawn(read(store, clock, query, "Ben", takes_ms=300), after_ms=3_600_000)
    left = clock.spawn(store.pttl(LOCK), after_ms=3_700_000)

    clock.run()

    return left.result(), isinstance(ben.error, Busy)


# --8<-- [start:slow_holder]
def slow_holder(connect: type[VirtualRedis]) -> list[tuple[str, int, int]]:
    """Anna's query fails after 8 s, her lock after 5 s. Ben takes over; Cleo asks while his query runs."""
    clock = VirtualClock()
    store, query = connect(clock), Query(clock)
    clock.spawn(read(store, clock, query, "Anna", takes_ms=8_000, fails=True))
    clock.spawn(read(store, clock, query, "Ben", takes_ms=4_000), after_ms=100)
    clock.spawn(read(store, clock, query, "Cleo", takes_ms=1_000), after_ms=8_100)

    clock.run()

    return query.runs


# --8<-- [end:slow_holder]
def late_write() -> tuple[int, int]:
    """Anna reads 5 mugs, then needs 12 s. Two are sold, Ben reads 3 and stores it; Anna stores hers last."""
    clock = VirtualClock()
    store, query = VirtualRedis(clock), Query(clock)
    clock.spawn(read(store, clock, query, "Anna", takes_ms=12_000))
    clock.run(until_ms=1_000)
    query.stock = 3
    clock.spawn(read(store, clock, query, "Ben", takes_ms=300))
    clock.run()

    cached = clock.spawn(store.get(KEY))
    clock.run()
    return json.loads(cached.result()), query.stock


if __name__ == "__main__":
    ended_ms, runs = dead_holder()
    print(f"1. dead holder: Ben queries at {runs[-1][1]} ms")
    left, gave_up = lock_without_ttl()
    print(f"2. no TTL: PTTL is {left}, Ben {'gives up' if gave_up else 'queries'}")
    for name, connect in (("compares", VirtualRedis), ("deletes", CarelessRedis)):
        print(f"3. slow holder, release {name}:")
        for who, began_ms, ended_ms in slow_holder(connect):
            print(f"   {who:4} queries, {began_ms:4} to {ended_ms} ms")
    cached, stock = late_write()
    print(f"4. late write: cache {cached}, database {stock}")
