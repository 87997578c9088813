"""Let 50 threads miss one key of a real Redis, and count the queries and the commands."""

import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import redis
import servers
from django.core.cache.backends.redis import RedisCache
from hot_key import cache_aside, locked

KEY, READERS, DEADLINE_SECONDS = "best-sellers", 50, 60
sent: Counter[str] = Counter()  # commands of all connections; Counter += is guarded by `counting`
counting = threading.Lock()


class CountingConnection(redis.Connection):
    """Counts each command as it goes out, so other clients of the server do not disturb the count."""

    def send_command(self, *args, **options) -> None:
        with counting:
            sent[args[0].upper()] += 1
        super().send_command(*args, **options)


class RealStore:
    """The five commands on a real server. `meet` is called after each thread's first GET."""

    def __init__(self, client: redis.Redis, meet: Callable[[], object] = lambda: None) -> None:
        self.client = client
        self.meet = meet
        self._first = threading.local()

    async def get(self, key: str) -> str | None:
        value = self.client.get(key)
        if not hasattr(self._first, "done"):
            self._first.done = True
            self.meet()
        return value

    async def set(self, key: str, value: str, *, nx: bool = False, px: int | None = None) -> bool:
        return bool(self.client.set(key, value, nx=nx, px=px))

    async def delete(self, key: str) -> bool:
        return bool(self.client.delete(key))

    # --8<-- [start:release]
    RELEASE = """
        if redis.call("GET", KEYS[1]) == ARGV[1] then return redis.call("DEL", KEYS[1]) end
        return 0
    """

    async def delete_if_equal(self, key: str, value: str) -> bool:
        return bool(self.client.eval(self.RELEASE, 1, key, value))

    # --8<-- [end:release]

    async def pttl(self, key: str) -> int:
        return self.client.pttl(key)


class RealClock:
    """What `locked` asks of a clock, in real time."""

    def now_ms(self) -> int:
        return time.monotonic_ns() // 1_000_000

    async def sleep(self, duration_ms: int) -> None:
        time.sleep(duration_ms / 1000)


def drive(coroutine: Coroutine) -> object:
    """Run a coroutine that never pauses, because all that it awaits blocks its thread."""
    try:
        coroutine.send(None)
    except StopIteration as returned:
        return returned.value
    raise RuntimeError("it paused")


class Database:
    """Counts its queries; `meet` is called inside each."""

    def __init__(self, meet: Callable[[], object] = lambda: None) -> None:
        self.queries = 0
        self.meet = meet

    def best_sellers(self) -> list[str]:
        with counting:
            self.queries += 1
        self.meet()
        return ["mug", "lamp"]


def together(read: Callable[[], object]) -> list[object]:
    """What 50 threads get that call `read` at the same time."""
    with ThreadPoolExecutor(READERS) as threads:
        return [each.result() for each in [threads.submit(read) for _ in range(READERS)]]


def client_of(url: str) -> redis.Redis:
    pool = redis.ConnectionPool.from_url(url, connection_class=CountingConnection, decode_responses=True)
    return redis.Redis.from_pool(pool)


@contextmanager
def django_cache(url: str) -> Iterator[RedisCache]:
    """The class behind `django.core.cache.cache`, with connections that count."""
    cache = RedisCache(url, {"OPTIONS": {"connection_class": CountingConnection}})
    cache.get(KEY)  # opens its pool here, not in 50 threads at once
    sent.clear()
    try:
        yield cache
    finally:
        cache._cache.get_client().connection_pool.disconnect()


# --8<-- [start:aside]
def aside(url: str) -> int:
    # The barrier stands inside the query: nobody gets an answer before all 50 have asked.
    database = Database(meet=threading.Barrier(READERS, timeout=DEADLINE_SECONDS).wait)

    async def compute() -> list[str]:
        return database.best_sellers()

    with client_of(url) as client:
        store = RealStore(client)
        together(lambda: drive(cache_aside(KEY, compute, ttl_ms=60_000, store=store)))
    return database.queries


# --8<-- [end:aside]
# --8<-- [start:django]
def django(url: str) -> int:
    database = Database(meet=threading.Barrier(READERS, timeout=DEADLINE_SECONDS).wait)
    with django_cache(url) as cache:
        together(lambda: cache.get_or_set(KEY, database.best_sellers, timeout=60))
    return database.queries


# --8<-- [end:django]
def lock(url: str) -> int:
    # Here inside the first GET: all 50 have missed before one of them tries for the lock.
    all_missed = threading.Barrier(READERS, timeout=DEADLINE_SECONDS).wait
    database = Database()

    async def compute() -> list[str]:
        return database.best_sellers()

    def read() -> object:
        return drive(
            locked(
                KEY,
                compute,
                ttl_ms=60_000,
                lock_ttl_ms=30_000,
                patience_ms=30_000,
                token=uuid.uuid4().hex,
                store=store,
                clock=RealClock(),
            )
        )

    with client_of(url) as client:
        store = RealStore(client, meet=all_missed)
        assert [["mug", "lamp"]] * READERS == together(read)
    return database.queries


if __name__ == "__main__":
    print(f"{READERS} threads, all of which miss")
    print("                     queries   GET   SET")
    for name, run in (("cache-aside", aside), ("Django's get_or_set", django), ("lock", lock)):
        with servers.redis_url() as url:
            sent.clear()
            queries = run(url)
        # How often waiters look again depends on the machine.
        commands = f"{sent['GET']:6}{sent['SET']:6}" if name != "lock" else "  (varies)"
        print(f"{name:20}{queries:8}{commands}")
