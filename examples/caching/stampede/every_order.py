"""Try every order in which two readers of an expired key can run: without a lock, and with two kinds of it."""

from dataclasses import dataclass
from functools import partial

from schedules import Wait, explore, summary


@dataclass
class Redis:
    value: str = ""
    lock: bool = False
    queries: int = 0  # how many readers ran one


def compute(redis):
    yield "query"
    redis.queries += 1
    yield "SET"
    redis.value = "mug, lamp"


def cache_aside(redis):
    yield "GET"
    if not redis.value:
        yield from compute(redis)


# --8<-- [start:locked]
def locked(redis, *, look_again):
    yield "GET"
    while not redis.value:
        yield "SET NX lock"
        if redis.lock:
            yield Wait("GET", until=lambda: redis.value or not redis.lock)
            continue
        redis.lock = True
        if look_again:
            yield "GET"
        if not (look_again and redis.value):
            yield from compute(redis)
        yield "DEL lock"
        redis.lock = False


# --8<-- [end:locked]
def orders(reader):
    def one_query(redis):
        return redis.queries == 1 or f"{redis.queries} queries"

    return explore(Redis, {"A": reader, "B": reader}, one_query)


if __name__ == "__main__":
    hasty, careful = (partial(locked, look_again=again) for again in (False, True))
    for name, reader in {"no lock": cache_aside, "lock, one look": hasty, "lock, two looks": careful}.items():
        print(f"{name}: {summary(orders(reader))}")
    print(f"\n{next(path for path in orders(hasty) if path.fault)}")
