"""What an invoice is in, and what may be done to it: one table."""

from datetime import date

from django.db import models


class State(models.TextChoices):
    """The state of an invoice; all but `draft` follow from rows that never change, and from the date."""

    DRAFT = "draft"
    ISSUED = "issued"
    PARTLY_PAID = "partly_paid"
    OVERDUE = "overdue"
    PAID = "paid"
    CREDITED = "credited"


class Event(models.TextChoices):
    """What can be done to an invoice."""

    REPLACE = "replace"
    DISCARD = "discard"
    ISSUE = "issue"
    PAY = "pay"
    CREDIT = "credit"


# --8<-- [start:moves]
MOVES: dict[tuple[State, Event], set[State]] = {
    (State.DRAFT, Event.REPLACE): {State.DRAFT},
    (State.DRAFT, Event.DISCARD): set(),  # it is gone
    (State.DRAFT, Event.ISSUE): {State.ISSUED, State.PAID},  # an invoice over nothing is paid at once
    (State.ISSUED, Event.PAY): {State.PARTLY_PAID, State.PAID},
    (State.ISSUED, Event.CREDIT): {State.ISSUED, State.CREDITED},
    (State.PARTLY_PAID, Event.PAY): {State.PARTLY_PAID, State.PAID},
    (State.PARTLY_PAID, Event.CREDIT): {State.PARTLY_PAID, State.PAID, State.CREDITED},
    (State.OVERDUE, Event.PAY): {State.OVERDUE, State.PAID},
    (State.OVERDUE, Event.CREDIT): {State.OVERDUE, State.PAID, State.CREDITED},
    (State.PAID, Event.CREDIT): {State.PAID, State.CREDITED},
}
# --8<-- [end:moves]


class NotAllowed(Exception):
    """The state of the invoice does not allow this; nothing has changed."""

    def __init__(self, state: State, event: Event) -> None:
        super().__init__(f"cannot {event.value} an invoice that is {state.value}")
        self.state = state
        self.event = event


def check(state: State, event: Event) -> None:
    """Raise `NotAllowed` where the table has no such move."""
    if (state, event) not in MOVES:
        raise NotAllowed(state, event)


# --8<-- [start:state_of]
def state_of(*, total_minor: int, credited_minor: int, paid_minor: int, due_on: date, today: date) -> State:
    """The state of an issued invoice, from what was credited and paid.

    Args:
        total_minor: what it is over, tax included.
        credited_minor: the sum of its credit notes.
        paid_minor: the sum of what payments were allocated to it.
        due_on: the last day to pay.
        today: the day for which it is asked.
    """
    balance = total_minor - credited_minor - paid_minor
    if total_minor and credited_minor == total_minor:
        return State.CREDITED
    if balance == 0:
        return State.PAID
    if due_on < today:
        return State.OVERDUE
    return State.PARTLY_PAID if paid_minor else State.ISSUED


# --8<-- [end:state_of]
