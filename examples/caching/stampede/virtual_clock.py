"""Run coroutines in virtual time: while all of them sleep, the clock jumps to the next one that wakes."""

import heapq
import itertools
import types
from collections.abc import Coroutine, Iterator
from contextlib import suppress


@types.coroutine
def _until(wake_ms: int) -> Iterator[int]:
    yield wake_ms


class Task:
    """A coroutine and what became of it: a result, an error, or nothing yet."""

    def __init__(self, coroutine: Coroutine, started_ms: int) -> None:
        self.coroutine = coroutine
        self.started_ms = started_ms
        self.ended_ms: int | None = None
        self.error: Exception | None = None
        self.children: list[Task] = []
        self._value: object = None

    def result(self) -> object:
        """What the coroutine returned. Raises what it raised, or `RuntimeError` where it never ended."""
        if self.error:
            raise self.error
        if self.ended_ms is None:
            raise RuntimeError("the task has not ended")
        return self._value


class VirtualClock:
    """Whole milliseconds. Tasks that wake together run in the order in which they fell asleep."""

    def __init__(self) -> None:
        self._now_ms = 0
        self._sleeping: list[tuple[int, int, Task]] = []
        self._order = itertools.count()
        self._running: Task | None = None

    def now_ms(self) -> int:
        return self._now_ms

    async def sleep(self, duration_ms: int) -> None:
        """Let `duration_ms` of virtual time pass."""
        await _until(self._now_ms + duration_ms)

    def spawn(self, coroutine: Coroutine, *, after_ms: int = 0) -> Task:
        """Start `coroutine` on its own. It belongs to the task that spawned it and dies with it."""
        task = Task(coroutine, self._now_ms + after_ms)
        if self._running:
            self._running.children.append(task)
        self._sleep(task, task.started_ms)
        return task

    # --8<-- [start:run]
    def run(self, *, until_ms: float = float("inf")) -> None:
        """Run every task to its end, or until the clock shows `until_ms`."""
        while self._sleeping and self._sleeping[0][0] <= until_ms:
            self._now_ms, _, self._running = heapq.heappop(self._sleeping)
            self._step(self._running)
        self._running = None
        if until_ms != float("inf"):
            self._now_ms = until_ms

    def _step(self, task: Task) -> None:
        try:
            wake_ms = task.coroutine.send(None)
        except StopIteration as returned:
            task.ended_ms, task._value = self._now_ms, returned.value
        except Exception as error:
            task.ended_ms, task.error = self._now_ms, error
        else:
            self._sleep(task, wake_ms)

    # --8<-- [end:run]

    def kill(self, task: Task) -> None:
        """End `task` and its children like a power cut: no command that `finally` sends arrives."""
        self._sleeping = [each for each in self._sleeping if each[2] is not task]
        heapq.heapify(self._sleeping)
        for _ in range(100):  # close() raises where a `finally` awaits; the next one ends that await
            with suppress(RuntimeError):
                task.coroutine.close()
                break
        for child in task.children:
            self.kill(child)

    def close(self) -> None:
        """Kill what still sleeps."""
        while self._sleeping:
            self.kill(self._sleeping[0][2])

    def _sleep(self, task: Task, wake_ms: int) -> None:
        if not isinstance(wake_ms, int):
            task.ended_ms = self._now_ms
            task.error = TypeError(
                f"this clock cannot wait for {wake_ms!r}. Fix: await clock.sleep(ms), ms an int"
            )
            return
        heapq.heappush(self._sleeping, (wake_ms, next(self._order), task))
