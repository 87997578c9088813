"""Kill a process at every step of sending a notification, and count what the customer gets."""

from collections import Counter
from collections.abc import Callable, Generator
from dataclasses import dataclass, field

from schedules import Kill, Step, explore


@dataclass
class World:
    """The row of the notification, and what arrived; the mail service may know a Message-ID again."""

    claimed: bool = False
    marked: bool = False
    knows_ids: bool = False
    arrived: list[str] = field(default_factory=list)

    def deliver(self, message_id: str) -> None:
        if not (self.knows_ids and message_id in self.arrived):
            self.arrived.append(message_id)


# --8<-- [start:ways]
def mark_then_send(world: World) -> Generator[Step, None, None]:
    if not world.marked:
        yield "mark it as sent"
        world.marked = True
        yield "send"
        world.deliver("order placed 7")


def claim_send_mark(world: World) -> Generator[Step, None, None]:
    if not world.marked:
        yield "claim the row"  # who finds a claim that is a minute old takes it over
        world.claimed = True
        yield "send"
        world.deliver("order placed 7")
        yield "mark it as sent"
        world.marked = True


# --8<-- [end:ways]
def ends(way: Callable[[World], Generator[Step, None, None]], *, knows_ids: bool) -> Counter[int]:
    """How many messages arrive, counted over every point at which the first process can be killed."""

    def try_again(world: World) -> Generator[Step, None, None]:
        yield Kill("first")
        yield from way(world)

    scripts = {"first": way, "next": try_again}
    paths = explore(lambda: World(knows_ids=knows_ids), scripts, lambda _: True)
    return Counter(len(path.state.arrived) for path in paths)


if __name__ == "__main__":
    print(f"{'messages that arrive':44}none  one  two")
    for name, way, knows_ids in (
        ("mark, then send", mark_then_send, False),
        ("claim, send, mark", claim_send_mark, False),
        ("claim, send, mark; the service knows its ids", claim_send_mark, True),
    ):
        found = ends(way, knows_ids=knows_ids)
        print(f"{name:44}{found[0]:4}{found[1]:5}{found[2]:5}")
