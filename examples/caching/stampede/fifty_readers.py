"""Count what 50 readers of one expired key cost, five ways, in virtual time."""

import json
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field

from hot_key import Busy, cache_aside, get_or_set, locked, stale_while_revalidate
from virtual_clock import Task, VirtualClock
from virtual_redis import VirtualRedis

KEY, TTL_MS, QUERY_MS = "best-sellers", 60_000, 300


class Database:
    """Answers in `query_ms`, however many ask. It remembers when each query began and ended."""

    def __init__(self, clock: VirtualClock, *, query_ms: int = QUERY_MS) -> None:
        self.clock = clock
        self.query_ms = query_ms
        self.queries: list[tuple[int, int]] = []

    async def best_sellers(self) -> list[str]:
        began_ms = self.clock.now_ms()
        await self.clock.sleep(self.query_ms)
        self.queries.append((began_ms, self.clock.now_ms()))
        return ["mug", "lamp"]


@dataclass
class Crowd:
    """What became of the readers of one way."""

    database: Database
    store: VirtualRedis
    readers: list[Task] = field(default_factory=list)
    computed: set[int] = field(default_factory=set)

    def row(self) -> tuple[int, int, int, int, int]:
        slow = sum(self.took_ms(each) >= QUERY_MS / 2 for each in self.readers)
        failed = sum(isinstance(each.error, Busy) for each in self.readers)
        longest_ms = max(self.took_ms(each) for each in self.readers)
        return len(self.database.queries), self.store.commands.total(), slow, failed, longest_ms

    @staticmethod
    def took_ms(reader: Task) -> int:
        return reader.ended_ms - reader.started_ms


def variants(store: VirtualRedis, clock: VirtualClock) -> dict[str, Callable[..., Coroutine]]:
    """The ways to read, by name; each takes (compute, token)."""
    lock = {"store": store, "clock": clock, "ttl_ms": TTL_MS, "lock_ttl_ms": 5_000}
    return {
        "cache-aside": lambda compute, _: cache_aside(KEY, compute, ttl_ms=TTL_MS, store=store),
        "get_or_set": lambda compute, _: get_or_set(KEY, compute, ttl_ms=TTL_MS, store=store),
        "lock, poll": lambda compute, token: locked(KEY, compute, token=token, patience_ms=5_000, **lock),
        "lock, fail": lambda compute, token: locked(KEY, compute, token=token, patience_ms=0, **lock),
        "lock, stale": lambda compute, token: stale_while_revalidate(
            KEY, compute, token=token, stale_ms=30_000, **lock
        ),
    }


def crowd(name: str, *, readers: int = 50, every_ms: int = 4) -> Crowd:
    """Let `readers` arrive, one every `every_ms`, at a key that has just expired."""
    clock = VirtualClock()
    store = VirtualRedis(clock)
    database = Database(clock)
    if name == "lock, stale":  # expired for us, not yet for Redis
        clock.spawn(store.set(KEY, json.dumps({"value": ["mug"], "fresh_until_ms": 0}), px=30_000))
        clock.run()
        store.commands.clear()
    read = variants(store, clock)[name]
    result = Crowd(database, store)

    def counted(number: int) -> Callable[[], Coroutine]:
        async def compute() -> object:
            result.computed.add(number)
            return await database.best_sellers()

        return compute

    for number in range(readers):
        task = clock.spawn(read(counted(number), f"reader-{number}"), after_ms=number * every_ms)
        result.readers.append(task)
    clock.run()
    return result


if __name__ == "__main__":
    print(f"50 readers, one every 4 ms; a query: {QUERY_MS} ms")
    print("commands: all that were sent to Redis")
    print(f"slow: answered after {QUERY_MS // 2} ms or more")
    print()
    print(f"{'':11} queries commands slow failed longest")
    for name in variants(None, None):
        queries, commands, slow, failed, longest_ms = crowd(name).row()
        print(f"{name:11}{queries:8}{commands:9}{slow:5}{failed:7}{longest_ms:5} ms")
