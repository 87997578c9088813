"""Tell customers what happened to their orders, each thing once.

The unique row of event and recipient is claimed before the message leaves and marked after it has left. Between the
two lies a window that no order of steps closes: who dies there does not know whether it left. We send again then,
with the same Message-ID, by which a mail service with idempotency keys recognises the second one.
"""

import hashlib
from datetime import datetime, timedelta
from smtplib import SMTPException

from django.core.mail import EmailMessage
from django.db import IntegrityError, transaction

from shop.notifications.models import Notification
from shop.orders.models import Order

# Longer than a mail server takes to answer; who claimed a row before that is taken for dead.
CLAIM_SECONDS = 60
DOMAIN = "shop.example"
TEXTS = {
    "order.placed": ("Your order {order}", "We have your order {order}. It costs {total} {currency}."),
    "payment.received": ("Order {order} is paid", "We received {total} {currency} for order {order}."),
    "order.shipped": ("Order {order} is on its way", "We handed your order {order} to the carrier."),
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


# --8<-- [start:notify]
def notify(*, topic: str, order_id: int, now: datetime) -> bool:
    """Send the customer of an order one message about one event.

    Returns:
        Whether it was sent now; False where it was sent before.

    Raises:
        StillSending: it was claimed less than `CLAIM_SECONDS` ago and is not marked as sent.
        OSError, SMTPException: it could not be sent; the claim is given back.
    """
    order = Order.objects.select_related("customer").prefetch_related("items").get(pk=order_id)
    notification = claim(event=f"{topic}:{order_id}", recipient=order.customer.email, now=now)
    if notification is None:
        return False
    try:
        _message(topic, order, notification).send()
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


def _message(topic: str, order: Order, notification: Notification) -> EmailMessage:
    subject, text = TEXTS[topic]
    words = {
        "order": order.pk,
        "total": f"{order.total_minor // 100}.{order.total_minor % 100:02}",
        "currency": order.currency,
    }
    name = hashlib.sha256(f"{notification.event} {notification.recipient}".encode()).hexdigest()[:32]
    return EmailMessage(
        subject.format(**words),
        text.format(**words),
        to=[notification.recipient],
        headers={"Message-ID": f"<{name}@{DOMAIN}>"},
    )
