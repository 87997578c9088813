"""Tell people what happened to their orders and their accounts, each thing once.

The unique row of event and recipient is claimed before the message leaves and marked after it has left. Between the
two lies a window that no order of steps closes: who dies there does not know whether it left. We send again then,
with the same Message-ID, by which a mail service with idempotency keys recognises the second one.
"""

import hashlib
from datetime import datetime, timedelta
from smtplib import SMTPException

from django.core.mail import EmailMessage
from django.db import IntegrityError, transaction

from shop.accounts.models import EmailChange, User
from shop.accounts.services import CURRENT, NEW, confirmation
from shop.notifications.models import Notification
from shop.orders.models import Order

# Longer than a mail server takes to answer; who claimed a row before that is taken for dead.
CLAIM_SECONDS = 60
DOMAIN = "shop.example"
TEXTS = {
    "order.placed": ("Your order {order}", "We have your order {order}. It costs {total} {currency}."),
    "payment.received": ("Order {order} is paid", "We received {total} {currency} for order {order}."),
    "order.shipped": ("Order {order} is on its way", "We handed your order {order} to the carrier."),
    "email.enter": (
        "Confirm your new address",
        "Somebody wants to use this address at the shop. If it was you, confirm it within the hour: send this token "
        "to POST /api/v1/users/email/confirm/\n\n{token}\n\nIf not, do nothing.",
    ),
    "email.leave": (
        "Do you want another address?",
        "Somebody who knows your password wants another address for your account. If it was you, agree within the "
        "hour: send this token to POST /api/v1/users/email/confirm/\n\n{token}\n\n"
        "If not, change your password: that ends it.",
    ),
    "email.to_be_left": (
        "Your account gets another address",
        "You want another address for your account. It changes as soon as that one is confirmed. If it was not you, "
        "change your password: that ends it.",
    ),
    "email.yours_already": (
        "You have an account with this address",
        "Somebody wants to use this address at the shop for another account. Nothing has changed: it is yours.",
    ),
    "email.changed": (
        "Your address has changed",
        "Your account has another address from now on, and was logged out everywhere. If it was not you, answer "
        "this mail.",
    ),
}


class StillSending(Exception):
    """Somebody else claimed this notification a moment ago: look again later."""


def order_placed(payload: dict[str, object], *, now: datetime) -> None:
    """Tell the customer that the order is placed. A handler of the outbox."""
    notify(topic="order.placed", order_id=payload["order_id"], now=now)


def payment_received(payload: dict[str, object], *, now: datetime) -> None:
    """Tell the customer that the order is paid. A handler of the outbox."""
    notify(topic="payment.received", order_id=payload["order_id"], now=now)


def order_shipped(payload: dict[str, object], *, now: datetime) -> None:
    """Tell the customer that the order is on its way. A handler of the outbox."""
    notify(topic="order.shipped", order_id=payload["order_id"], now=now)


def email_asked(payload: dict[str, object], *, now: datetime) -> None:
    """Mail a token to the address that a user wants, and tell the present one. A handler of the outbox.

    Whoever has the address already is told instead, and gets no token.
    """
    change = EmailChange.objects.select_related("user").filter(pk=payload["change"]).first()
    if change is None:
        return  # the user thought again
    taken = User.objects.filter(email=change.email).exists()
    leave = "email.to_be_left" if change.by_second_factor else "email.leave"
    enter = "email.yours_already" if taken else "email.enter"
    for recipient, topic, place in ((change.user.email, leave, CURRENT), (change.email, enter, NEW)):
        words = {"token": confirmation(change, place)}
        tell(event=f"email.asked:{change.pk}", recipient=recipient, topic=topic, words=words, now=now)


def email_changed(payload: dict[str, object], *, now: datetime) -> None:
    """Tell both addresses that a user has the new one from now on. A handler of the outbox."""
    for recipient in (payload["old"], payload["new"]):
        event = f"email.changed:{payload['change']}"
        tell(event=event, recipient=recipient, topic="email.changed", words={}, now=now)


def notify(*, topic: str, order_id: int, now: datetime) -> bool:
    """Send the customer of an order one message about one event; returns and raises what `tell` does."""
    order = Order.objects.select_related("customer").prefetch_related("items").get(pk=order_id)
    words = {
        "order": order.pk,
        "total": f"{order.total_minor // 100}.{order.total_minor % 100:02}",
        "currency": order.currency,
    }
    event = f"{topic}:{order_id}"
    return tell(event=event, recipient=order.customer.email, topic=topic, words=words, now=now)


# --8<-- [start:notify]
def tell(*, event: str, recipient: str, topic: str, words: dict[str, object], now: datetime) -> bool:
    """Send one person one message about one event.

    Args:
        event: what it is about; the same event is told once.
        recipient: an e-mail address.
        topic: which of `TEXTS`.
        words: what stands in its gaps.
        now: when.

    Returns:
        Whether it was sent now; False where it was sent before.

    Raises:
        StillSending: it was claimed less than `CLAIM_SECONDS` ago and is not marked as sent.
        OSError, SMTPException: it could not be sent; the claim is given back.
    """
    notification = claim(event=event, recipient=recipient, now=now)
    if notification is None:
        return False
    try:
        _message(topic, words, notification).send()
    except (OSError, SMTPException):
        give_back(notification)
        raise
    Notification.objects.filter(pk=notification.pk).update(sent_at=now)
    return True


def claim(*, event: str, recipient: str, now: datetime) -> Notification | None:
    """The row of this event and recipient, ours to send; None where it was sent. Raises `StillSending`."""
    row = {"event": event, "recipient": recipient}
    try:
        with transaction.atomic():
            return Notification.objects.create(**row, claimed_at=now)
    except IntegrityError:
        notification = Notification.objects.get(**row)
    if notification.sent_at:
        return None
    dead = Notification.objects.filter(
        pk=notification.pk, sent_at=None, claimed_at__lte=now - timedelta(seconds=CLAIM_SECONDS)
    )
    if not dead.update(claimed_at=now):
        raise StillSending(event)
    notification.claimed_at = now
    return notification


def give_back(notification: Notification) -> None:
    """Let the next try send it at once: it has not left."""
    Notification.objects.filter(pk=notification.pk, claimed_at=notification.claimed_at).delete()


# --8<-- [end:notify]


def _message(topic: str, words: dict[str, object], notification: Notification) -> EmailMessage:
    subject, text = TEXTS[topic]
    name = hashlib.sha256(f"{notification.event} {notification.recipient}".encode()).hexdigest()[:32]
    return EmailMessage(
        subject.format(**words),
        text.format(**words),
        to=[notification.recipient],
        headers={"Message-ID": f"<{name}@{DOMAIN}>"},
    )
