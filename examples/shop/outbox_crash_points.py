"""Kill a process at every step between an order's transaction and its message, in three ways to send the message."""

from collections import Counter
from collections.abc import Generator
from dataclasses import dataclass, field

from schedules import Kill, Script, Step, explore


@dataclass
class World:
    """What is left after a crash: rows that were committed, and messages that left."""

    orders: int = 0
    outbox: list[str] = field(default_factory=list)
    sent: int = 0


# --8<-- [start:ways]
def after_commit(world: World) -> Generator[Step, None, None]:
    yield "commit the order"
    world.orders += 1
    yield "send the message"
    world.sent += 1


def before_commit(world: World) -> Generator[Step, None, None]:
    yield "send the message"
    world.sent += 1
    yield "commit the order"
    world.orders += 1


def outbox(world: World) -> Generator[Step, None, None]:
    yield "commit the order and its message"
    world.orders += 1
    world.outbox.append("order placed")
    yield from relay(world)


def relay(world: World) -> Generator[Step, None, None]:
    waiting = list(world.outbox)
    for message in waiting:
        yield "send the message"
        world.sent += 1
        yield "mark it as done"
        world.outbox.remove(message)


# --8<-- [end:ways]
WAYS = {
    "send after the commit": after_commit,
    "send before the commit": before_commit,
    "outbox and relay": outbox,
}


def verdict(world: World) -> str:
    """What a crash left; nothing to say where the message tells of an order, and each order is told of once."""
    if world.sent < world.orders:
        return "an order nobody hears of"
    if world.orders < world.sent and not world.orders:
        return "news of no order"
    return "told twice" if world.sent > world.orders else ""


def crashes(way: Script[World]) -> Counter[str]:
    """What each point at which the process can be killed leaves, after the next relay has run."""

    def crash_and_come_back(world: World) -> Generator[Step, None, None]:
        yield Kill("process")
        yield from relay(world)

    scripts = {"process": way, "next": crash_and_come_back}
    return Counter(path.fault for path in explore(World, scripts, verdict))


if __name__ == "__main__":
    print(f"{'':24}crash points  lost  untrue  twice")
    for name, way in WAYS.items():
        found = crashes(way)
        lost, untrue, twice = (
            found[fault] for fault in ("an order nobody hears of", "news of no order", "told twice")
        )
        print(f"{name:24}{found.total():12}{lost:6}{untrue:8}{twice:7}")
