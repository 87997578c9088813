"""Write `get_or_compute`: one computation for all, and an old value rather than a wait.

- Fresh, for `ttl_ms`: return the stored value.
- Stale, for `stale_ms` more: return the stored value at once,
  and let one reader's spawned task renew it.
- Nothing stored: let one reader compute and store.
  The others look again every few milliseconds.

`await compute()` gives a new value. It may be None, and it may raise.
`token` is another text in every call.
`store` has the coroutines get(key), set(key, text, nx=, px=),
delete(key), delete_if_equal(key, text) and pttl(key).
`clock` has now_ms(), the coroutine sleep(ms), and spawn(coroutine).
The other readers share the store with you, and nothing else.
"""

import json


async def get_or_compute(key, compute, *, ttl_ms, stale_ms, lock_ttl_ms, token, store, clock):
    stored = await store.get(key)
    if stored is not None:
        return json.loads(stored)
    value = await compute()
    await store.set(key, json.dumps(value), px=ttl_ms + stale_ms)
    return value
