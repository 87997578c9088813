"""Do something after a transaction, exactly if it commits: a transactional outbox.

The message is a row of the same transaction, so both are there or neither is. A relay takes rows that are due and
has them handled: here, or by a worker behind a broker. A row is done only when its handler has returned, so a
broker that loses a message loses nothing: the row becomes due again.
"""

import functools
import logging
import random
from collections.abc import Callable
from contextvars import ContextVar
from datetime import datetime, timedelta

from conventions import request_ids
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef
from django.utils import timezone
from django.utils.module_loading import import_string

from shop.outbox.models import Message

logger = logging.getLogger(__name__)
MOST_ATTEMPTS = 12  # within 19 to 37 minutes, with the pauses below
FIRST_PAUSE_SECONDS = 2
LONGEST_PAUSE_SECONDS = 600
Send = Callable[[Message, datetime], None]

_keys_to_relay: ContextVar[list[str] | None] = ContextVar("keys_to_relay", default=None)


class NoTransaction(Exception):
    """A message was published outside of a transaction, where it could be left without what it tells of."""


class UnknownTopic(Exception):
    """`settings.OUTBOX_HANDLERS` names nobody for this topic."""


# --8<-- [start:publish]
def publish(*, topic: str, payload: dict[str, object], key: str, now: datetime) -> Message:
    """Have `payload` handled after the caller's transaction, if that commits.

    Args:
        topic: names the handler in `settings.OUTBOX_HANDLERS`.
        payload: what the handler gets; JSON, and nothing secret, since it is kept.
        key: messages with one key are handled one at a time, in the order of their rows, until one is given up.
        now: when it happened.

    Raises:
        NoTransaction: there is no transaction to be part of.
        UnknownTopic: nobody handles `topic`.
    """
    if not connection.in_atomic_block:
        raise NoTransaction(f"{topic}: publish inside of transaction.atomic()")
    if topic not in settings.OUTBOX_HANDLERS:
        raise UnknownTopic(topic)
    message = Message.objects.create(
        topic=topic, payload=payload, key=key, request_id=request_ids.current(), created_at=now, due_at=now
    )
    if settings.RELAY_ON_COMMIT:
        transaction.on_commit(functools.partial(_relay_here, key), robust=True)
    return message


# --8<-- [end:publish]


def _relay_here(key: str) -> None:
    """Handle what is due of `key` in this process; what the handlers publish follows, one after the other."""
    keys = _keys_to_relay.get()
    if keys is not None:
        keys.append(key)
        return
    token = _keys_to_relay.set(keys := [key])
    try:
        while keys:
            relay(now=timezone.now(), key=keys.pop(0))
    finally:
        _keys_to_relay.reset(token)


# --8<-- [start:claim]
def claim(*, now: datetime, seconds: float, key: str = "") -> Message | None:
    """Take the oldest message that is due and first of its key, away from everybody else for `seconds`.

    The conditional update decides who gets it. Where the database can skip locked rows, several relays besides
    look at different rows instead of waiting for each other.
    """
    waiting = Message.objects.filter(state=Message.State.WAITING)
    earlier = waiting.filter(key=OuterRef("key"), pk__lt=OuterRef("pk"))
    due = waiting.filter(~Exists(earlier), due_at__lte=now).order_by("due_at", "pk")
    if key:
        due = due.filter(key=key)
    if connection.features.has_select_for_update_skip_locked:
        due = due.select_for_update(skip_locked=True)
    while True:
        with transaction.atomic():
            message = due.first()
            if message is None:
                return None
            seen = waiting.filter(pk=message.pk, due_at=message.due_at)
            if seen.update(due_at=now + timedelta(seconds=seconds)):
                return message


# --8<-- [end:claim]


def relay(*, now: datetime, send: Send | None = None, key: str = "", most: int = 1000) -> int:
    """Hand over what is due, at least once each, the messages of a key in their order.

    Args:
        now: what is due by then; a message that a handler publishes meanwhile is handed over too.
        send: hands a message to a worker; None handles it in this process.
        key: only messages with this key; empty for all.
        most: stop after so many.

    Returns:
        How many messages were handed over.
    """
    count = 0
    while count < most and (message := claim(now=now, seconds=settings.OUTBOX_RESEND_SECONDS, key=key)):
        (send or _handle_here)(message, now)
        count += 1
    return count


def _handle_here(message: Message, now: datetime) -> None:
    handle(message_id=message.pk, now=now)


# --8<-- [start:handle]
def handle(*, message_id: int, now: datetime, jitter: float | None = None) -> Message.State | None:
    """Call the handler of a message, unless it was done or given up before; never raises what the handler raises.

    It may be called more than once, also at the same time: handlers are idempotent. An attempt is counted before it
    begins, so that a message that kills its process is given up too.

    Args:
        message_id: what `relay` handed over.
        now: passed on to the handler.
        jitter: spreads the next attempt, from 0 to 1; None for a random one.

    Returns:
        The state after it, or None where there was nothing to do.
    """
    waiting = Message.objects.filter(pk=message_id, state=Message.State.WAITING)
    if not waiting.update(attempts=F("attempts") + 1):
        return None
    message = Message.objects.get(pk=message_id)
    with request_ids.bound(message.request_id):
        state = _attempt(message, now, random.random() if jitter is None else jitter)  # noqa: S311
        told = {"topic": message.topic, "message_id": message.pk, "state": str(state)}
        logger.info("message", extra=told)
    return state


def _attempt(message: Message, now: datetime, jitter: float) -> Message.State:
    if message.attempts > MOST_ATTEMPTS:
        return _put_off(message, now, 0, message.reason or "its process died in every attempt")
    try:
        import_string(settings.OUTBOX_HANDLERS[message.topic])(message.payload, now=now)
    except Exception as error:
        return _put_off(message, now, jitter, f"{type(error).__name__}: {error}")
    waiting = Message.objects.filter(pk=message.pk, state=Message.State.WAITING)
    waiting.update(state=Message.State.DONE, reason="")
    return Message.State.DONE


# --8<-- [end:handle]


def _put_off(message: Message, now: datetime, jitter: float, reason: str) -> Message.State:
    state = Message.State.DEAD if message.attempts >= MOST_ATTEMPTS else Message.State.WAITING
    Message.objects.filter(pk=message.pk, state=Message.State.WAITING).update(
        state=state,
        reason=reason[:500],
        due_at=now + timedelta(seconds=pause_seconds(message.attempts, jitter)),
    )
    return state


def pause_seconds(attempts: int, jitter: float) -> float:
    """How long to wait after so many failed attempts: twice as long each time, half of it spread by `jitter` (0 to 1).

    Without the spread, what failed together would come back together.
    """
    longest = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** (attempts - 1))
    return longest * (1 + jitter) / 2


def retry_dead(*, message_ids: list[int], now: datetime) -> int:
    """Give messages that were given up all their attempts again; how many there were."""
    dead = Message.objects.filter(pk__in=message_ids, state=Message.State.DEAD)
    return dead.update(state=Message.State.WAITING, attempts=0, due_at=now)


def forget_done(*, before: datetime) -> int:
    """Delete messages that are done and were published before `before`; how many there were."""
    return Message.objects.filter(state=Message.State.DONE, created_at__lt=before).delete()[0]
