"""Read a hot key in five ways. Each awaits `store` (Redis) and `compute` (the database)."""

import json
import math
from collections.abc import Awaitable, Callable

Compute = Callable[[], Awaitable[object]]


# --8<-- [start:cache_aside]
async def cache_aside(key: str, compute: Compute, *, ttl_ms: int, store) -> object:
    stored = await store.get(key)
    if stored is not None:
        return json.loads(stored)
    value = await compute()
    await store.set(key, json.dumps(value), px=ttl_ms)
    return value


# --8<-- [end:cache_aside]
# --8<-- [start:get_or_set]
async def get_or_set(key: str, compute: Compute, *, ttl_ms: int, store) -> object:
    """Send what Django's `cache.get_or_set` sends: only the write is conditional."""
    stored = await store.get(key)
    if stored is None:
        value = await compute()
        await store.set(key, json.dumps(value), nx=True, px=ttl_ms)
        stored = await store.get(key)
    return json.loads(stored)


# --8<-- [end:get_or_set]
class Busy(Exception):
    """Somebody else is computing, and this reader's patience is over. A web view answers 503."""


# --8<-- [start:locked]
async def locked(
    key: str,
    compute: Compute,
    *,
    ttl_ms: int,
    lock_ttl_ms: int,
    patience_ms: int,
    poll_ms: int = 20,
    token: str,
    store,
    clock,
) -> object:
    """Let one reader compute. The others look again every `poll_ms`, for at most `patience_ms`."""
    give_up_ms = clock.now_ms() + patience_ms
    while True:
        stored = await store.get(key)
        if stored is not None:
            return json.loads(stored)
        if await store.set(f"{key}:lock", token, nx=True, px=lock_ttl_ms):
            break
        if clock.now_ms() + poll_ms > give_up_ms:
            raise Busy(key)
        await clock.sleep(poll_ms)
    try:
        stored = await store.get(key)  # written between our miss and our lock?
        if stored is not None:
            return json.loads(stored)
        value = await compute()
        await store.set(key, json.dumps(value), px=ttl_ms)
        return value
    finally:
        await store.delete_if_equal(f"{key}:lock", token)


# --8<-- [end:locked]
async def stale_while_revalidate(
    key: str, compute: Compute, *, ttl_ms: int, stale_ms: int, lock_ttl_ms: int, token: str, store, clock
) -> object:
    """Fresh for `ttl_ms`; then for `stale_ms` the old value is served while one reader's task renews it."""

    async def entry() -> dict:
        value = await compute()
        return {"value": value, "fresh_until_ms": clock.now_ms() + ttl_ms}

    def is_stale(found: dict) -> bool:
        return clock.now_ms() >= found["fresh_until_ms"]

    async def renew() -> None:
        try:
            stored = await store.get(key)  # renewed between our GET and our lock?
            if stored is None or is_stale(json.loads(stored)):
                await store.set(key, json.dumps(await entry()), px=ttl_ms + stale_ms)
        finally:
            await store.delete_if_equal(f"{key}:lock", token)

    stored = await store.get(key)
    if stored is None:  # nothing to serve: wait like everybody else
        found = await locked(
            key,
            entry,
            ttl_ms=ttl_ms + stale_ms,
            lock_ttl_ms=lock_ttl_ms,
            patience_ms=lock_ttl_ms,
            token=token,
            store=store,
            clock=clock,
        )
        return found["value"]
    # --8<-- [start:serve_stale]
    found = json.loads(stored)
    if is_stale(found) and await store.set(f"{key}:lock", token, nx=True, px=lock_ttl_ms):
        clock.spawn(renew())
    return found["value"]
    # --8<-- [end:serve_stale]


# --8<-- [start:early]
def time_to_renew(
    now_ms: int, *, delta_ms: int, beta: float, expiry_ms: int, random: Callable[[], float]
) -> bool:
    """XFetch: `random()` gives 0 <= x < 1, so 1 - x is never 0, which has no logarithm."""
    return now_ms - delta_ms * beta * math.log(1 - random()) >= expiry_ms


async def early_refresh(
    key: str, compute: Compute, *, ttl_ms: int, beta: float = 1.0, random: Callable[[], float], store, clock
) -> object:
    stored = await store.get(key)
    if stored is not None:
        value, delta_ms, expiry_ms = json.loads(stored)
        if not time_to_renew(
            clock.now_ms(), delta_ms=delta_ms, beta=beta, expiry_ms=expiry_ms, random=random
        ):
            return value
    began_ms = clock.now_ms()
    value = await compute()
    ended_ms = clock.now_ms()
    await store.set(key, json.dumps([value, ended_ms - began_ms, ended_ms + ttl_ms]), px=ttl_ms)
    return value


# --8<-- [end:early]
