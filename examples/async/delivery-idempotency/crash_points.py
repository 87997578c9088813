"""Count what one message causes when its worker dies, at every point where it can die."""

from dataclasses import dataclass, field

# --8<-- [start:brokers]
REDELIVERS_ON = {
    "rabbitmq": {"connection closed", "rejected"},
    "redis": {"timeout passed", "rejected"},
}
HAPPENS = {  # what the broker gets to know when the one on the left dies and the message is not acknowledged
    "worker": {"connection closed", "timeout passed"},
    "child": {"rejected"},
    "nobody": {"timeout passed"},  # the task is slower than the broker's patience
}
# --8<-- [end:brokers]


@dataclass(frozen=True)
class Cell:
    """One message, and the crash that its first delivery meets."""

    ack: str  # the setting: "early" or "late"
    steps: tuple[str, ...]  # the order in which the two happen
    dies: str  # "worker", "child" or "nobody"
    done: int  # so many steps are done when it dies
    requeue: bool = False  # task_reject_on_worker_lost

    @property
    def point(self) -> str:
        return " + ".join(self.steps[: self.done]) or "neither"


@dataclass
class World:
    """What is left of one message: whether the broker holds it, and what was charged."""

    held: bool = True
    runs: int = 0
    charges: list[str] = field(default_factory=list)  # no key: each charge is a row
    charges_by_key: set[str] = field(default_factory=set)  # a unique key: the second insert changes nothing

    def do(self, step: str) -> None:
        if step == "ack":
            self.held = False
        else:
            self.charges.append("payment-1")
            self.charges_by_key.add("payment-1")


# --8<-- [start:outcome]
def outcome(cell: Cell, broker: str) -> World:
    world = World(runs=1)
    for step in cell.steps[: cell.done]:
        world.do(step)
    if cell.dies == "child" and not cell.requeue:
        world.do("ack")  # a lost child counts as a failed task, and a failed task is acknowledged
    if world.held and HAPPENS[cell.dies] & REDELIVERS_ON[broker]:
        world.runs += 1
        for step in cell.steps:
            world.do(step)
    return world


# --8<-- [end:outcome]
EARLY, LATE = ("ack", "charge"), ("charge", "ack")
WORD = {0: "lost", 1: "once", 2: "twice"}


def cells() -> list[Cell]:
    """Every crash point of every setting; the last one is a slow task that nobody kills."""
    return [
        *(Cell("early", EARLY, "worker", done) for done in (0, 1, 2)),
        Cell("early", LATE, "worker", 1),  # the child was quicker than the ack of its parent
        *(Cell("early", EARLY, "child", done) for done in (1, 2)),
        *(Cell("late", LATE, "worker", done) for done in (0, 1, 2)),
        *(Cell("late", LATE, "child", done) for done in (0, 1)),
        *(Cell("late", LATE, "child", done, requeue=True) for done in (0, 1)),
        Cell("late", LATE, "nobody", 1),
    ]


def counts(cell: Cell, broker: str) -> dict[str, int]:
    world = outcome(cell, broker)
    return {
        "runs": world.runs,
        "charges": len(world.charges),
        "charges_by_key": len(world.charges_by_key),
    }


HEAD = "ack    dies    done          runs  no key  key"


def row(cell: Cell, counts: dict[str, int]) -> str:
    """One line of the table; the star marks task_reject_on_worker_lost."""
    dies = cell.dies + "*" * cell.requeue
    effects = f"{WORD[counts['charges']]:8}{WORD[counts['charges_by_key']]}"
    return f"{cell.ack:7}{dies:8}{cell.point:14}{counts['runs']:4}  {effects}"


if __name__ == "__main__":
    print("charged, no key             RabbitMQ  Redis")
    for cell in cells():
        words = [WORD[counts(cell, broker)["charges"]] for broker in REDELIVERS_ON]
        where = f"{cell.ack:7}{cell.dies + '*' * cell.requeue:8}{cell.point:13}"
        print(f"{where}{words[0]:10}{words[1]}")
