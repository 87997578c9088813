"""Five commands of Redis in virtual time, each one round trip long."""

from collections import Counter

from virtual_clock import VirtualClock


class VirtualRedis:
    """One client's connection. `shares` is another client of the same data."""

    def __init__(
        self, clock: VirtualClock, *, round_trip_ms: int = 1, shares: "VirtualRedis | None" = None
    ) -> None:
        self.clock = clock
        self.round_trip_ms = round_trip_ms
        self.commands: Counter[str] = Counter()
        self._entries: dict[str, tuple[str, float]] = shares._entries if shares else {}

    async def get(self, key: str) -> str | None:
        """The value of `key`; None where there is no such key."""
        await self._travel("GET")
        return self._value(key)

    async def set(self, key: str, value: str, *, nx: bool = False, px: int | None = None) -> bool:
        """Store `value`, for `px` milliseconds or for ever. With `nx`, only where there is no such key."""
        if not isinstance(value, str):
            raise TypeError(f"Redis stores text, not {type(value).__name__}. Fix: json.dumps(value)")
        if px is not None and px <= 0:
            raise ValueError(f"invalid expire time {px} in SET")
        await self._travel("SET")
        if nx and self._value(key) is not None:
            return False
        self._entries[key] = (value, float("inf") if px is None else self.clock.now_ms() + px)
        return True

    async def delete(self, key: str) -> bool:
        """Remove `key`, whoever stored it."""
        await self._travel("DEL")
        return self._entries.pop(key, None) is not None

    async def delete_if_equal(self, key: str, value: str) -> bool:
        """Remove `key` only where it holds `value`, in one step. On a server this is a script."""
        await self._travel("EVAL")
        return self._value(key) == value and self._entries.pop(key, None) is not None

    async def pttl(self, key: str) -> int:
        """Milliseconds that `key` has left; -1 where it has no TTL, -2 where there is no such key."""
        await self._travel("PTTL")
        if self._value(key) is None:
            return -2
        expires_ms = self._entries[key][1]
        return -1 if expires_ms == float("inf") else int(expires_ms) - self.clock.now_ms()

    def live_keys(self) -> list[str]:
        """Every live key, sorted. For tests: no command, no time."""
        return sorted(key for key in self._entries if self._value(key) is not None)

    async def _travel(self, command: str) -> None:
        self.commands[command] += 1
        await self.clock.sleep(self.round_trip_ms)

    def _value(self, key: str) -> str | None:
        value, expires_ms = self._entries.get(key, (None, 0))
        return value if self.clock.now_ms() < expires_ms else None
