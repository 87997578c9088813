"""Leave a cache alone that is down, slow or silent, before a reader notices."""

import json
import logging
import threading
import time
from collections.abc import Callable

logger = logging.getLogger(__name__)


class Unreachable(Exception):
    """The cache did not answer, or is not asked for a while because it did not answer before."""


# --8<-- [start:breaker]
class CircuitBreaker:
    """After `threshold` failures in a row nobody calls for `pause_seconds`; then one caller tries."""

    def __init__(self, *, threshold: int = 3, pause_seconds: float = 1.0) -> None:
        self.threshold = threshold
        self.pause_seconds = pause_seconds
        self._failures = 0
        self._closed_until = 0.0
        self._lock = threading.Lock()

    def allows(self, now: float) -> bool:
        """Whether to call. After a pause the first who asks gets a yes, and the others wait for its result."""
        with self._lock:
            if self._failures < self.threshold:
                return True
            if now < self._closed_until:
                return False
            self._closed_until = now + self.pause_seconds
            return True

    def succeeded(self) -> None:
        with self._lock:
            self._failures = 0

    def failed(self, now: float) -> None:
        with self._lock:
            self._failures += 1
            self._closed_until = now + self.pause_seconds


# --8<-- [end:breaker]


# --8<-- [start:guarded]
class GuardedCache:
    """A Django cache behind a circuit breaker: each call answers soon, or raises `Unreachable`.

    Args:
        cache: any cache of Django's; its client needs socket timeouts, since no breaker ends a call that hangs.
        breaker: decides when the cache is left alone.
        slow_seconds: a call that took longer counts as a failure, even though it succeeded.
        clock: seconds, for the breaker.
    """

    def __init__(
        self,
        cache: "BaseCache",  # noqa: F821
        breaker: CircuitBreaker,
        *,
        slow_seconds: float = 0.03,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.cache = cache
        self.breaker = breaker
        self.slow_seconds = slow_seconds
        self.clock = clock

    def call(self, command: str, *arguments: object) -> object:
        """Call a method of the cache. Raises `Unreachable`."""
        began = self.clock()
        if not self.breaker.allows(began):
            raise Unreachable("not asked: it failed a moment ago")
        try:
            answer = getattr(self.cache, command)(*arguments)
        except Exception as error:  # whatever goes wrong in a cache, the reader gets an answer
            self.breaker.failed(self.clock())
            logger.warning("the cache failed: %s", type(error).__name__)
            raise Unreachable(type(error).__name__) from error
        if self.clock() - began > self.slow_seconds:
            self.breaker.failed(self.clock())
        else:
            self.breaker.succeeded()
        return answer


# --8<-- [end:guarded]


class JsonText:
    """What Django's Redis cache stores: JSON. Its own choice is pickle, which runs code when it is read."""

    def dumps(self, value: object) -> str:
        return json.dumps(value)

    def loads(self, data: bytes) -> object:
        return json.loads(data)
