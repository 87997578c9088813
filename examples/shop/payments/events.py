"""Tell the state of a payment from the events that are known of it, in whatever order they came.

Each event means a status, the statuses have an order, and the highest one counts. A maximum does not care about
the order of its arguments, nor how often one is given. So late, repeated and reordered news ends in one state.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import models


class Status(models.TextChoices):
    """What became of a payment; later ones outweigh earlier ones."""

    PENDING = "pending"
    FAILED = "failed"
    REVIEW = "review"
    PAID = "paid"
    REFUNDED = "refunded"


# --8<-- [start:status_of]
RANK = {status: place for place, status in enumerate(Status)}
MEANING = {
    "charge.pending": Status.PENDING,
    "charge.failed": Status.FAILED,
    "charge.succeeded": Status.PAID,
    "refund.failed": Status.REVIEW,
    "refund.succeeded": Status.REFUNDED,
}


@dataclass(frozen=True)
class Event:
    """What the provider tells of a payment."""

    type: str
    amount_minor: int
    currency: str


def status_of(events: Iterable[Event], *, amount_minor: int, currency: str) -> Status:
    """The status of a payment of `amount_minor` after `events`.

    Another amount, or another currency, is never a payment: a person has to look at it.
    """
    found = [
        MEANING[event.type]
        if (event.amount_minor, event.currency) == (amount_minor, currency)
        else Status.REVIEW
        for event in events
    ]
    return max(found, key=RANK.__getitem__, default=Status.PENDING)


# --8<-- [end:status_of]
