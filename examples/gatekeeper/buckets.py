"""Limit how often something may happen, by token buckets that all processes share.

A bucket holds up to `capacity` tokens and starts full; `refill_per_second` flow in, and what happens takes some out.
So in any t seconds at most capacity + rate * t happen, and whoever waits long enough is always served.

    LOGINS = bucket("login", capacity=5, refill_per_second=Fraction(5, 60))
    decision = LOGINS.take("203.0.113.7")
    if not decision.allowed:
        raise Problem(status=429, headers=headers(decision))

With `GATEKEEPER["REDIS_URL"]` the buckets live in Redis, and its clock is theirs. Without it they live in the memory
of this process and are exact there. Levels are whole numbers, so that nothing drifts however long it runs.
"""

import functools
import threading
import time
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from django.conf import settings

MICROSECONDS = 1_000_000
EXACT = 2**53  # Lua counts in doubles: whole numbers below this are exact
TIMEOUT_SECONDS = 0.2
PAUSE_SECONDS = 1.0  # how long a Redis that failed is left alone
LARGEST_DENOMINATOR = 86_400  # a rate given as a float means so many a day, at the finest


@dataclass(frozen=True)
class Decision:
    """What a bucket answered.

    Attributes:
        name: the bucket's name.
        allowed: whether the tokens were taken; where not, nothing was.
        limit: the bucket's capacity, in tokens.
        window_seconds: how long an empty bucket takes to be full.
        remaining: whole tokens that are left.
        retry_after_seconds: after this the same request is allowed if nobody else takes any; 0 where it was.
        reset_after_seconds: after this the bucket is full if nobody takes any.
    """

    name: str
    allowed: bool
    limit: int
    window_seconds: int
    remaining: int
    retry_after_seconds: int
    reset_after_seconds: int


def headers(*decisions: Decision) -> dict[str, str]:
    """The header fields that tell a client about its limits, for every answer and not only for 429.

    `RateLimit-Policy` and `RateLimit` follow draft-ietf-httpapi-ratelimit-headers-11, sections 3 and 4: lists of
    structured fields (RFC 9651). `Retry-After` (RFC 9110 section 10.2.3) is there where something was refused;
    then it is never earlier than the windows of `RateLimit` say (section 6 of the draft).

    Args:
        decisions: one for each bucket that the request took from, the most important first.
    """
    refused = [decision.retry_after_seconds for decision in decisions if not decision.allowed]
    fields = {
        "RateLimit-Policy": ", ".join(
            f'"{each.name}";q={each.limit};w={each.window_seconds}' for each in decisions
        ),
        "RateLimit": ", ".join(
            f'"{each.name}";r={each.remaining};'
            f"t={min(each.reset_after_seconds, max(refused)) if refused else each.reset_after_seconds}"
            for each in decisions
        ),
    }
    return fields | ({"Retry-After": str(max(refused))} if refused else {})


# --8<-- [start:arithmetic]
@dataclass(frozen=True)
class Policy:
    """Capacity and rate, in whole units: one token is `token` units, and `per_microsecond` units flow in."""

    capacity: int
    token: int
    per_microsecond: int

    @property
    def full(self) -> int:
        return self.capacity * self.token

    def level(self, level: int, at: int, now: int) -> int:
        """What a bucket holds `now` that held `level` at the time `at`; a clock that goes back adds nothing."""
        return min(self.full, level + max(0, now - at) * self.per_microsecond)

    def seconds_until(self, units: int) -> int:
        """How long `units` take to flow in, rounded up to whole seconds."""
        return -(-max(0, units) // (self.per_microsecond * MICROSECONDS))


def spend(policy: Policy, level: int, at: int, now: int, tokens: int) -> tuple[bool, int, int]:
    """Whether `tokens` can be taken, and the level and its time afterwards. A pure function, in whole numbers."""
    level, at = policy.level(level, at, now), max(at, now)
    cost = tokens * policy.token
    return (True, level - cost, at) if cost <= level else (False, level, at)


# --8<-- [end:arithmetic]


# The same in one step of Redis, where nobody comes in between. The reply is text: a large number would lose digits.
LUA = """
local full, per, cost = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local now = tonumber(ARGV[4])
if now < 0 then
  local time = redis.call('TIME')
  now = tonumber(time[1]) * 1000000 + tonumber(time[2])
end
local kept = redis.call('HMGET', KEYS[1], 'level', 'at')
local level, at = tonumber(kept[1]) or full, tonumber(kept[2]) or now
local longest = math.ceil(full / per)
level = math.min(full, level + math.min(longest, math.max(0, now - at)) * per)
at = math.max(at, now)
local allowed = 0
if cost <= level then
  allowed, level = 1, level - cost
end
local text = string.format('%.0f', level)
redis.call('HSET', KEYS[1], 'level', text, 'at', string.format('%.0f', at))
redis.call('PEXPIRE', KEYS[1], math.ceil((full - level) / per / 1000) + 1000)
return {allowed, text}
"""


class StoreDown(Exception):
    """The shared store did not answer in time."""


class MemoryStore:
    """Buckets of this process; exact, whatever the number of threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._buckets: dict[str, tuple[Policy, int, int]] = {}
        self._sweep_at = 1024

    def spend(self, policy: Policy, key: str, now: int | None, tokens: int) -> tuple[bool, int]:
        with self._lock:
            now = time.time_ns() // 1000 if now is None else now
            _, level, at = self._buckets.get(key, (policy, policy.full, now))
            allowed, level, at = spend(policy, level, at, now, tokens)
            self._buckets[key] = (policy, level, at)
            if len(self._buckets) >= self._sweep_at:
                self._sweep(now)
        return allowed, level

    def _sweep(self, now: int) -> None:
        # A full bucket is the same as none, so nothing is forgotten.
        self._buckets = {
            key: (policy, level, at)
            for key, (policy, level, at) in self._buckets.items()
            if policy.level(level, at, now) < policy.full
        }
        self._sweep_at = max(1024, 2 * len(self._buckets))

    def clear(self) -> None:
        """Forget every bucket, as between two tests."""
        with self._lock:
            self._buckets = {}

    def __len__(self) -> int:
        return len(self._buckets)


class RedisStore:
    """Buckets that all processes share. Raises `StoreDown` where Redis fails, and then leaves it alone for a second."""

    def __init__(self, url: str) -> None:
        import redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        client = redis.Redis.from_url(
            url,
            socket_timeout=TIMEOUT_SECONDS,
            socket_connect_timeout=TIMEOUT_SECONDS,
            retry=Retry(NoBackoff(), 0),
        )
        self._failures = (redis.RedisError, OSError)
        self._script = client.register_script(LUA)  # sends the text again where Redis has forgotten it
        self._resume_at = 0.0

    def spend(self, policy: Policy, key: str, now: int | None, tokens: int) -> tuple[bool, int]:
        if time.monotonic() < self._resume_at:
            raise StoreDown
        arguments = [policy.full, policy.per_microsecond, tokens * policy.token, -1 if now is None else now]
        try:
            allowed, level = self._script(keys=[f"gatekeeper:bucket:{key}"], args=arguments)
        except self._failures as error:
            self._resume_at = time.monotonic() + PAUSE_SECONDS
            raise StoreDown from error
        return allowed == 1, int(level)


MEMORY = MemoryStore()


@functools.cache
def redis_store(url: str) -> RedisStore:
    """The one store of this process for the Redis at `url`."""
    return RedisStore(url)


class Bucket:
    """One bucket for each key, all with the same capacity and rate. Made by `bucket`."""

    def __init__(
        self, name: str, policy: Policy, when_down: Literal["local", "refuse"], store: object = None
    ) -> None:
        self.name = name
        self.policy = policy
        self.when_down = when_down
        self._store = store

    def take(self, key: object, now: float | None = None, tokens: int = 1) -> Decision:
        """Take `tokens` out of the bucket of `key`, or nothing.

        Args:
            key: whose bucket, such as an address or a user's id.
            now: seconds since 1970; None for the clock of Redis, or of this machine where there is no Redis.
                Whoever passes it once for a key passes it always.
            tokens: 1 to `capacity`; how much this costs.

        Raises:
            ValueError: `tokens` is not 1 to `capacity`, so that waiting would never help.
        """
        if not 1 <= tokens <= self.policy.capacity:
            raise ValueError(f"bucket {self.name!r} holds {self.policy.capacity} tokens, {tokens} were asked")
        # The policy is in the key: after a change of the rate the old levels would mean something else.
        policy = self.policy
        key = f"{self.name}:{policy.capacity}:{policy.token}:{policy.per_microsecond}:{key}"
        microseconds = None if now is None else round(now * MICROSECONDS)
        try:
            allowed, level = (default_store() if self._store is None else self._store).spend(
                policy, key, microseconds, tokens
            )
        except StoreDown:
            if self.when_down == "refuse":
                return self._decision(False, 0, tokens)
            allowed, level = MEMORY.spend(policy, key, microseconds, tokens)
        return self._decision(allowed, level, tokens)

    def _decision(self, allowed: bool, level: int, tokens: int) -> Decision:
        policy = self.policy
        return Decision(
            name=self.name,
            allowed=allowed,
            limit=policy.capacity,
            window_seconds=policy.seconds_until(policy.full),
            remaining=level // policy.token,
            retry_after_seconds=0 if allowed else policy.seconds_until(tokens * policy.token - level),
            reset_after_seconds=policy.seconds_until(policy.full - level),
        )


def default_store() -> MemoryStore | RedisStore:
    """Redis where `GATEKEEPER["REDIS_URL"]` names one, else the memory of this process."""
    url = getattr(settings, "GATEKEEPER", {}).get("REDIS_URL")
    return redis_store(url) if url else MEMORY


def bucket(
    name: str,
    *,
    capacity: int,
    refill_per_second: Fraction | float,
    when_down: Literal["local", "refuse"] = "local",
    store: object = None,
) -> Bucket:
    """A kind of bucket.

    Args:
        name: letters, digits and dashes; clients see it in `RateLimit`, and buckets of one name and one rate are
            the same wherever they are made.
        capacity: how many tokens it holds, at least 1: the largest burst.
        refill_per_second: how many flow in; `Fraction(5, 60)` is five a minute. A float is taken as the nearest
            fraction with a denominator up to 86,400.
        when_down: what happens while Redis does not answer within 0.2 seconds. `local`: each process counts
            alone, so that n processes together let n times as much through. `refuse`: nothing is allowed.
        store: where the levels live; None for `default_store()`.

    Raises:
        ValueError: the name, the capacity or the rate cannot be used.
    """
    rate = Fraction(refill_per_second)
    if isinstance(refill_per_second, float):
        rate = rate.limit_denominator(LARGEST_DENOMINATOR)
    if not name.replace("-", "").isalnum() or not name.isascii():
        raise ValueError(f"bucket name {name!r}: use letters, digits and dashes")
    if capacity < 1 or rate <= 0:
        raise ValueError(f"bucket {name!r} would never allow anything: capacity {capacity}, rate {rate}")
    policy = Policy(capacity, rate.denominator * MICROSECONDS, rate.numerator)
    if policy.full + policy.per_microsecond >= EXACT:
        raise ValueError(f"bucket {name!r}: {capacity} tokens at {rate} a second cannot be counted exactly")
    return Bucket(name, policy, when_down, store)
