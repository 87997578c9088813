"""Try every order in which the steps of small scripts can interleave, and find the orders that break a promise.

A script is a generator over shared state. Each `yield` names the step that follows it; a step runs without
interruption, and between two steps any other script may run:

    def sell(shop):
        yield "read the stock"
        stock = shop.stock
        yield "write stock - 1"
        shop.stock = stock - 1
        shop.sold += 1

    paths = explore(Shop, {"A": sell, "B": sell}, lambda shop: shop.sold + shop.stock == 1)

The scripts run again from the start for every order, so they take time, chance and ids from the state.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

State = TypeVar("State")


@dataclass(frozen=True)
class Wait:
    """A step that can only run while `until()` is true: what a lock, a barrier or a timer does to a script."""

    label: str
    until: Callable[[], bool]


@dataclass(frozen=True)
class Kill:
    """A step that ends the script `name` where it stands: what a crash, a deploy or the out-of-memory killer does.

    The killed script takes no further step, not even one in a `finally`. What it holds by `with` is given back, as
    the operating system closes the connections of a dead process, and their databases undo what was not committed.
    """

    name: str

    @property
    def label(self) -> str:
        return f"kill {self.name}"


Step = str | Wait | Kill
Script = Callable[[State], Generator[Step, None, None]]


@dataclass(frozen=True)
class Path(Generic[State]):
    """One order of steps, the state it ends in and the promise it breaks ("" where it keeps it)."""

    steps: tuple[tuple[str, str], ...]
    state: State
    fault: str

    def __str__(self) -> str:
        """One line a step, one column a script; the fault, if any, on the last line."""
        names = list(dict.fromkeys(name for name, _ in sorted(self.steps)))
        width = max((len(text) for step in self.steps for text in step), default=0) + 2
        header = "".join(f"{name:<{width}}" for name in names)
        rows = [
            "".join(f"{label if name == lane else '':<{width}}" for lane in names)
            for name, label in self.steps
        ]
        return "\n".join(
            line.rstrip() for line in [header, *rows, *([f"→ {self.fault}"] if self.fault else [])]
        )


class TooManySchedules(Exception):
    """The scripts have more orders than asked for: shorten them, or raise `at_most`."""


def explore(
    start: Callable[[], State],
    scripts: dict[str, Script[State]],
    promise: Callable[[State], Any],
    *,
    at_most: int = 20_000,
) -> list[Path[State]]:
    """Every order of the scripts' steps, in a fixed sequence, each with the state it ends in.

    `start` makes a fresh state. `promise` says whether a final state is right: it returns False, or a text that says
    what is wrong, or raises AssertionError. A state in which nobody can go on is a deadlock, and breaks every promise.
    Raises `TooManySchedules` beyond `at_most` orders.
    """
    paths: list[Path[State]] = []
    prefixes: list[tuple[str, ...]] = [()]
    while prefixes:
        prefix = prefixes.pop()
        state, steps, ready, waiting = _replay(start, scripts, prefix)
        if ready:
            prefixes.extend((*prefix, name) for name in reversed(ready))
            continue
        if len(paths) == at_most:
            raise TooManySchedules(f"more than {at_most} orders: shorten the scripts, or raise at_most")
        fault = f"deadlock: {waiting}" if waiting else _broken(promise, state)
        paths.append(Path(tuple(steps), state, fault))
    return paths


def _replay(
    start: Callable[[], State], scripts: dict[str, Script[State]], order: tuple[str, ...]
) -> tuple[State, list[tuple[str, str]], list[str], str]:
    """Run the steps of `order`; also returns who could run next, and who waits for what."""
    state = start()
    running = {name: script(state) for name, script in scripts.items()}
    pending = {name: next(steps, None) for name, steps in running.items()}
    taken = []
    for name in order:
        step = pending[name]
        taken.append((name, _label(step)))
        if isinstance(step, Kill):
            _end(running[step.name])
            pending[step.name] = None
        pending[name] = next(running[name], None)
    left = {name: step for name, step in pending.items() if step is not None}
    ready = [name for name, step in left.items() if not isinstance(step, Wait) or step.until()]
    waiting = "" if ready else ", ".join(f"{name} waits to {_label(step)}" for name, step in left.items())
    for steps in running.values():
        _end(steps)  # the next order begins anew, so nobody may still hold a file or a connection
    return state, taken, ready, waiting


def _label(step: Step) -> str:
    return step if isinstance(step, str) else step.label


def _end(steps: Generator[Step, None, None]) -> None:
    """Close a script, and again where a `finally` answers with one more step, which is not taken."""
    while steps.gi_frame is not None:
        try:
            steps.close()
        except RuntimeError:
            if steps.gi_frame is None:
                raise


def _broken(promise: Callable[[State], Any], state: State) -> str:
    try:
        verdict = promise(state)
    except AssertionError as error:
        return str(error) or "the promise is broken"
    if isinstance(verdict, str):
        return verdict
    return "the promise is broken" if verdict is False else ""


def summary(paths: "list[Path[Any]]") -> str:
    """One line: how many orders there are and how many of them break the promise."""
    broken = sum(bool(path.fault) for path in paths)
    return f"{len(paths)} orders, {broken} of them break the promise"
