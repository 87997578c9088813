"""Let the webhooks of a payment arrive in every order, each of them twice, and count what ends wrong."""

from collections.abc import Callable, Sequence
from itertools import permutations

from shop.payments.events import MEANING, Event, Status, status_of

SUM = {"amount_minor": 1800, "currency": "EUR"}
PENDING, FAILED, SUCCEEDED, REFUNDED = (
    Event(kind, **SUM) for kind in ("charge.pending", "charge.failed", "charge.succeeded", "refund.succeeded")
)
ONE_CENT = Event("charge.succeeded", 1, "EUR")
STORIES = {
    "paid": ([PENDING, SUCCEEDED], Status.PAID),
    "declined, then paid": ([PENDING, FAILED, SUCCEEDED], Status.PAID),
    "paid, then refunded": ([PENDING, SUCCEEDED, REFUNDED], Status.REFUNDED),
    "one cent": ([PENDING, FAILED, ONE_CENT], Status.REVIEW),
    "one cent, then the sum": ([PENDING, ONE_CENT, SUCCEEDED, REFUNDED], Status.REFUNDED),
}


# --8<-- [start:ways]
def last_one_counts(events: Sequence[Event]) -> Status:
    return MEANING[events[-1].type]


def never_backwards_from_the_end(events: Sequence[Event]) -> Status:
    status = Status.PENDING
    for event in events:
        if status not in (Status.PAID, Status.FAILED, Status.REFUNDED):
            status = MEANING[event.type]
    return status


def highest_counts(events: Sequence[Event]) -> Status:
    return status_of(events, **SUM)


# --8<-- [end:ways]
WAYS = {
    "the last one counts": last_one_counts,
    "the first end counts": never_backwards_from_the_end,
    "the highest counts": highest_counts,
}


def arrivals(events: Sequence[Event]) -> set[tuple[Event, ...]]:
    """Every order in which the events, each of them twice, can arrive."""
    return set(permutations([*events, *events]))


def wrong(way: Callable[[Sequence[Event]], Status], orders: set[tuple[Event, ...]], end: Status) -> int:
    """In how many of the orders the way does not end in `end`."""
    return sum(way(order) != end for order in orders)


if __name__ == "__main__":
    print(f"{'':24}orders  wrong: last  first end  highest")
    total = dict.fromkeys(WAYS, 0)
    count = 0
    for name, (events, end) in STORIES.items():
        orders = arrivals(events)
        count += len(orders)
        found = {label: wrong(way, orders, end) for label, way in WAYS.items()}
        total = {label: total[label] + found[label] for label in WAYS}
        last, first, highest = found.values()
        print(f"{name:24}{len(orders):6}{last:13}{first:11}{highest:9}")
    print(f"orders of webhooks: {count}")
    for label, number in total.items():
        print(f"{label}: {number} end wrong")
