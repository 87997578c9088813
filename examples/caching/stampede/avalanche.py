"""Warm 1,000 keys in one moment and count how many expire in the worst second."""

import math
import random
from collections import Counter
from collections.abc import Callable

KEYS, HOUR_SECONDS, SEED = 1000, 3600, 11


def expiries(ttl_seconds: Callable[[], float]) -> Counter[int]:
    """How many keys expire in each second of an hour. Each is read once a second, which refills it."""
    seconds: Counter[int] = Counter()
    for _ in range(KEYS):
        expires = ttl_seconds()
        while expires < HOUR_SECONDS:
            seconds[int(expires)] += 1
            expires = math.ceil(expires) + ttl_seconds()
    return seconds


# --8<-- [start:ways]
def ways(draw: random.Random) -> dict[str, Callable[[], float]]:
    return {
        "300 s": lambda: 300,
        "300 s to 360 s": lambda: 300 + draw.uniform(0, 60),
        "240 s to 300 s": lambda: 300 - draw.uniform(0, 60),
    }


# --8<-- [end:ways]
def hit_percent(seconds: Counter[int]) -> float:
    """Share of all reads of the hour that found a value. The first fill is nobody's miss: it was warmed."""
    return 100 * (1 - seconds.total() / (KEYS * HOUR_SECONDS))


if __name__ == "__main__":
    print(f"{KEYS} keys warmed together; seed {SEED}")
    print("each is read once a second for an hour")
    print()
    print("TTL            worst second misses hit ratio")
    for name, ttl_seconds in ways(random.Random(SEED)).items():  # noqa: S311 - no secret
        seconds = expiries(ttl_seconds)
        print(f"{name:14}{max(seconds.values()):13}{seconds.total():7}{hit_percent(seconds):8.2f} %")
