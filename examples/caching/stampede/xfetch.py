"""Renew a key before it expires: count computations and waits at three read rates."""

import random

from fifty_readers import Database
from hot_key import cache_aside, early_refresh
from virtual_clock import VirtualClock
from virtual_redis import VirtualRedis

KEY, TTL_MS, TTLS, SEED = "best-sellers", 10_000, 20, 7


def read_steadily(*, early: bool, every_ms: int) -> tuple[int, int]:
    """Read one key every `every_ms` for 20 TTLs: queries, and readers who found no value."""
    clock = VirtualClock()
    store = VirtualRedis(clock)
    database = Database(clock)
    draw = random.Random(SEED)  # noqa: S311 - no secret depends on it
    missed = 0

    async def reader() -> None:
        nonlocal missed
        missed += KEY not in store.live_keys()
        if early:
            await early_refresh(
                KEY, database.best_sellers, ttl_ms=TTL_MS, random=draw.random, store=store, clock=clock
            )
        else:
            await cache_aside(KEY, database.best_sellers, ttl_ms=TTL_MS, store=store)

    clock.spawn(reader())  # fill the cache; what it cost does not count
    clock.run()
    database.queries.clear()
    missed = 0
    for arrival_ms in range(0, TTLS * TTL_MS, every_ms):
        clock.spawn(reader(), after_ms=arrival_ms)
    clock.run()
    return len(database.queries), missed


if __name__ == "__main__":
    print(f"200 s long; the TTL is 10 s, a query 300 ms; seed {SEED}")
    print()
    print("        cache-aside    XFetch, beta 1")
    print("reads/s     queries   queries  missed")
    for every_ms in (100, 20, 4):
        (naive, _), (early, missed) = (read_steadily(early=each, every_ms=every_ms) for each in (False, True))
        print(f"{1000 // every_ms:7}{naive:12}{early:10}{missed:8}")
