from datetime import UTC, datetime, timedelta

import pytest
from django.core.mail.backends.locmem import EmailBackend

from shop.accounts.models import User
from shop.catalogue.models import Product
from shop.notifications import services
from shop.notifications.models import Notification
from shop.notifications.services import CLAIM_SECONDS, StillSending, claim, notify
from shop.orders.models import Order
from shop.orders.services import Line, move_order, place_order
from shop.orders.states import Event
from shop.outbox.models import Message
from shop.outbox.services import relay

NOW = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)


class Refuses(EmailBackend):
    """A mail server that takes nothing."""

    def send_messages(self, _: list) -> int:
        raise OSError("the mail server is asleep")


class Dies(EmailBackend):
    """Takes the message; then the process is gone before it can say so."""

    def send_messages(self, messages: list) -> int:
        super().send_messages(messages)
        raise SystemExit


@pytest.fixture
def order(customer: User, mug: Product) -> Order:
    return place_order(customer=customer, lines=[Line(mug.pk, 2)], now=NOW)


def test_each_event_is_told_once_however_often_it_is_handled(order: Order, mailoutbox: list):
    sent = [notify(topic="order.placed", order_id=order.pk, now=NOW) for _ in range(3)]
    services.order_placed({"order_id": order.pk}, now=NOW)

    assert [True, False, False] == sent
    assert [([order.customer.email], f"Your order {order.pk}")] == [
        (each.to, each.subject) for each in mailoutbox
    ]
    assert "It costs 18.00 EUR." in mailoutbox[0].body


def test_placed_and_shipped_are_two_events(order: Order, mailoutbox: list):
    for event in (Event.PAY, Event.SHIP):
        move_order(event, order_id=order.pk, actor=None, now=NOW)

    relay(now=NOW)

    assert [f"Your order {order.pk}", f"Order {order.pk} is on its way"] == [
        each.subject for each in mailoutbox
    ]
    assert {Message.State.DONE} == set(Message.objects.values_list("state", flat=True))


def test_what_could_not_be_sent_is_sent_at_the_next_try(order: Order, mailoutbox: list, settings: object):
    works, settings.EMAIL_BACKEND = settings.EMAIL_BACKEND, f"{__name__}.Refuses"
    with pytest.raises(OSError, match="asleep"):
        notify(topic="order.placed", order_id=order.pk, now=NOW)
    assert not Notification.objects.exists()

    settings.EMAIL_BACKEND = works
    assert notify(topic="order.placed", order_id=order.pk, now=NOW)
    assert 1 == len(mailoutbox)


def test_who_comes_second_while_the_first_is_sending_comes_back_later(order: Order, mailoutbox: list):
    event = f"order.placed:{order.pk}"
    claim(event=event, recipient=order.customer.email, now=NOW)

    with pytest.raises(StillSending, match=event):
        notify(topic="order.placed", order_id=order.pk, now=NOW + timedelta(seconds=CLAIM_SECONDS - 1))

    assert [] == mailoutbox


def test_who_died_while_sending_is_succeeded_by_another_with_the_same_message_id(
    order: Order, mailoutbox: list, settings: object
):
    works, settings.EMAIL_BACKEND = settings.EMAIL_BACKEND, f"{__name__}.Dies"
    with pytest.raises(SystemExit):
        notify(topic="order.placed", order_id=order.pk, now=NOW)

    settings.EMAIL_BACKEND = works
    notify(topic="order.placed", order_id=order.pk, now=NOW + timedelta(seconds=CLAIM_SECONDS))

    assert 2 == len(mailoutbox), "the window that the page tells of"
    assert 1 == len({each.extra_headers["Message-ID"] for each in mailoutbox})
    assert 1 == Notification.objects.exclude(sent_at=None).count()


def test_other_events_and_other_recipients_have_other_message_ids(order: Order, mailoutbox: list):
    for topic in ("order.placed", "payment.received", "order.shipped"):
        notify(topic=topic, order_id=order.pk, now=NOW)

    assert 3 == len({each.extra_headers["Message-ID"] for each in mailoutbox})


def test_a_notification_shows_no_address(order: Order):
    notify(topic="order.placed", order_id=order.pk, now=NOW)

    assert order.customer.email not in str(Notification.objects.get())
