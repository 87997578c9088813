# fails with: no lock was in the store
"""One computation for all, and an old value rather than a wait."""

import json

HELD = set()


async def get_or_compute(key, compute, *, ttl_ms, stale_ms, lock_ttl_ms, token, store, clock):
    lock = f"{key}:lock"

    async def read():
        stored = await store.get(key)
        return None if stored is None else json.loads(stored)

    def is_fresh(entry):
        return entry is not None and clock.now_ms() < entry["fresh_until_ms"]

    async def renew():
        try:
            entry = await read()
            if not is_fresh(entry):
                value = await compute()
                entry = {"value": value, "fresh_until_ms": clock.now_ms() + ttl_ms}
                await store.set(key, json.dumps(entry), px=ttl_ms + stale_ms)
            return entry
        finally:
            HELD.discard((clock, lock))

    while True:
        entry = await read()
        if is_fresh(entry):
            return entry["value"]
        mine = (clock, lock) not in HELD
        if mine:
            HELD.add((clock, lock))
        if entry is not None:
            if mine:
                clock.spawn(renew())
            return entry["value"]
        if mine:
            return (await renew())["value"]
        await clock.sleep(20)
