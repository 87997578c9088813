"""Take money for orders, and believe nothing but signed events of the provider.

A request only writes down that a payment is wanted; the provider is asked afterwards, through the outbox. What it
answers there is no news either: news are events, whether they come by webhook or are fetched.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from shop.accounts.models import Role, User
from shop.orders.models import Order
from shop.orders.services import MoveRefused, check_asker, get_order, move_order
from shop.orders.states import Event as OrderEvent
from shop.outbox.services import publish
from shop.payments import provider
from shop.payments.events import MEANING, Event, status_of
from shop.payments.models import Payment, PaymentEvent

logger = logging.getLogger(__name__)
LIVE = (Payment.Status.PENDING, Payment.Status.REVIEW, Payment.Status.PAID)


class NotPayable(Exception):
    """The order is not waiting for money; `state` says what it is."""

    def __init__(self, state: str) -> None:
        super().__init__(f"the order is {state}")
        self.state = state


class PaymentUnderWay(Exception):
    """Another payment for this order may still succeed."""


class NotRefundable(Exception):
    """The order was not delivered, or no payment of ours paid it; `state` says what it is."""

    def __init__(self, state: str) -> None:
        super().__init__(f"the order is {state}")
        self.state = state


class UnknownPayment(Exception):
    """The event names no payment of ours."""


class EventConflict(Exception):
    """An event with this id, and another content, is known."""


@dataclass(frozen=True)
class News:
    """An event of the provider, as it was told."""

    event_id: str
    type: str
    reference: str
    amount_minor: int
    currency: str


# --8<-- [start:start_payment]
@transaction.atomic
def start_payment(*, order_id: int, customer: User, source: str, reference: str, now: datetime) -> Payment:
    """Write down that `customer` wants to pay an order; the provider is asked after the commit.

    Args:
        order_id: an order of the customer.
        customer: who pays.
        source: the provider's token for a card. The card's number never comes here (PCI DSS 4.0.1, 3.2.1).
        reference: a new UUID; the provider does nothing twice for one reference.
        now: when it was asked.

    Raises:
        Order.DoesNotExist: there is no such order, or it is somebody else's.
        NotPayable: the order is paid already, cancelled, or further on.
        PaymentUnderWay: another payment for this order is pending, under review or paid.
    """
    Order.objects.select_for_update().get(pk=order_id, customer=customer)  # so payments of it come one by one
    order = get_order(order_id=order_id, user=customer)
    if order.status != Order.Status.PLACED:
        raise NotPayable(order.status)
    if order.payments.filter(status__in=LIVE).exists():
        raise PaymentUnderWay
    payment = Payment.objects.create(
        order=order,
        reference=reference,
        source=source,
        amount_minor=order.total_minor,
        currency=order.currency,
        created_at=now,
    )
    _publish("payment.requested", payment, now)
    return payment


# --8<-- [end:start_payment]


def get_payment(*, order_id: int, payment_id: int, user: User) -> Payment:
    """A payment of `user`'s own order, and for an admin of any. A seller sees its lines of an order, not its sum.

    Raises:
        Payment.DoesNotExist: there is none, or it is somebody else's.
    """
    payments = Payment.objects.filter(order_id=order_id)
    if user.role != Role.ADMIN:
        payments = payments.filter(order__customer=user)
    return payments.get(pk=payment_id)


# --8<-- [start:charge]
def charge(payload: dict[str, object], *, now: datetime) -> None:
    """Ask the provider for the money, unless the order was cancelled meanwhile. A handler of the outbox.

    A lost answer leaves open whether the card was charged. So the message is tried again, with the same reference.

    Raises:
        ProviderFailed: ask again later.
    """
    payment = Payment.objects.select_related("order").get(reference=payload["reference"])
    if payment.status != Payment.Status.PENDING:
        return
    if payment.order.status == Order.Status.CANCELLED:
        told = News(f"shop:{payment.reference}", "charge.failed", *terms(payment))
        record(told, now=now)
        return
    reference, amount_minor, currency = terms(payment)
    document = {"reference": reference, "amount_minor": amount_minor, "currency": currency}
    provider.ask("POST", "/charges", {**document, "source": payment.source}, now=now)


# --8<-- [end:charge]


# --8<-- [start:ask_refund]
@transaction.atomic
def ask_refund(*, order_id: int, user: User, now: datetime) -> Payment:
    """Give the whole price of a delivered order back; the provider is asked after the commit, and once.

    The order is refunded when the provider has told that the money went back. Its history then names who asked.

    Args:
        order_id: a delivered order; one that is refunded already stays as it is.
        user: the seller of every line, or an admin.
        now: when it was asked.

    Raises:
        Order.DoesNotExist: there is no such order, or it is not for this user.
        NotTheirs: the user may see the order and may not ask for this.
        NotRefundable: the order is in another state, or was paid in another way.
    """
    check_asker(OrderEvent.REFUND, order_id=order_id, user=user)
    payment = Payment.objects.select_for_update().filter(order_id=order_id, pays_the_order=True).first()
    state = Order.objects.values_list("status", flat=True).get(pk=order_id)
    if payment is None or state not in (Order.Status.DELIVERED, Order.Status.REFUNDED):
        raise NotRefundable(state)
    if payment.status == Payment.Status.PAID:
        _ask_refund(payment, now, user)
        payment.refresh_from_db()
    elif state == Order.Status.DELIVERED:
        # The provider gave it back by itself, while the order was on its way.
        payment.refund_asked_by = user
        _money_went_back(payment, now)
    return payment


# --8<-- [end:ask_refund]


def refund(payload: dict[str, object], *, now: datetime) -> None:
    """Ask the provider to give the money back. A handler of the outbox; asking twice refunds once.

    Raises:
        ProviderFailed: ask again later.
    """
    payment = Payment.objects.get(reference=payload["reference"])
    if payment.status == Payment.Status.REFUNDED:
        return
    reference, amount_minor, currency = terms(payment)
    document = {"reference": reference, "amount_minor": amount_minor, "currency": currency}
    provider.ask("POST", "/refunds", document, now=now)


# --8<-- [start:record]
@transaction.atomic
def record(news: News, *, now: datetime) -> bool:
    """Keep an event, and have it applied after the commit.

    Returns:
        Whether it is new; False for one that is known, which changes nothing.

    Raises:
        UnknownPayment: it names no payment of ours.
        EventConflict: its id is known with another content.
    """
    try:
        payment = Payment.objects.get(reference=news.reference)
    except Payment.DoesNotExist as error:
        raise UnknownPayment(news.reference) from error
    content = {
        "payment": payment,
        "type": news.type,
        "amount_minor": news.amount_minor,
        "currency": news.currency,
    }
    try:
        with transaction.atomic():
            PaymentEvent.objects.create(event_id=news.event_id, received_at=now, **content)
    except IntegrityError as error:
        if not PaymentEvent.objects.filter(event_id=news.event_id, **content).exists():
            raise EventConflict(news.event_id) from error
        return False
    if (news.amount_minor, news.currency) != (payment.amount_minor, payment.currency):
        logger.warning("%s: event %s is about another sum", payment, news.event_id)
    _publish("payment.news", payment, now)
    return True


# --8<-- [end:record]


# --8<-- [start:apply]
@transaction.atomic
def apply(payload: dict[str, object], *, now: datetime) -> None:
    """Bring a payment, and its order, to where the events say. A handler of the outbox; it may run again."""
    payment = Payment.objects.select_for_update().get(reference=payload["reference"])
    events = [Event(each.type, each.amount_minor, each.currency) for each in payment.events.all()]
    payment.status = status_of(events, amount_minor=payment.amount_minor, currency=payment.currency)
    came = payment.status in (Payment.Status.PAID, Payment.Status.REFUNDED)
    if came and not payment.pays_the_order:
        payment.pays_the_order = _move(OrderEvent.PAY, payment, now)
        if payment.pays_the_order:
            _publish("payment.received", payment, now)
    payment.save(update_fields=["status", "pays_the_order"])
    if payment.status == Payment.Status.PAID and not _is_wanted(payment):
        _ask_refund(payment, now)
    if payment.status == Payment.Status.REFUNDED:
        _money_went_back(payment, now)


# --8<-- [end:apply]


def _money_went_back(payment: Payment, now: datetime) -> None:
    """Refund the order, which is cancelled first where nothing was sent yet; a second payment refunds no order."""
    if payment.pays_the_order:
        _move(OrderEvent.CANCEL, payment, now)
        if not _move(OrderEvent.REFUND, payment, now, payment.refund_asked_by) and _order_is(
            payment, Order.Status.SHIPPED
        ):
            logger.warning("%s is refunded, and order %s is on its way", payment, payment.order_id)
    elif not payment.order.payments.filter(status=Payment.Status.PAID).exists() and _order_is(
        payment, Order.Status.CANCELLED
    ):
        _move(OrderEvent.REFUND, payment, now)


def _move(event: OrderEvent, payment: Payment, now: datetime, actor: User | None = None) -> bool:
    try:
        move_order(event, order_id=payment.order_id, actor=actor, now=now)
    except MoveRefused:
        return False
    return True


def _is_wanted(payment: Payment) -> bool:
    """Whether the order is paid by this payment, and not cancelled since."""
    return payment.pays_the_order and not _order_is(payment, Order.Status.CANCELLED, Order.Status.REFUNDED)


def _order_is(payment: Payment, *states: Order.Status) -> bool:
    return Order.objects.filter(pk=payment.order_id, status__in=states).exists()


@transaction.atomic
def order_cancelled(payload: dict[str, object], *, now: datetime) -> None:
    """Give back what was paid for an order that is cancelled. A handler of the outbox; it may run again."""
    for payment in Payment.objects.select_for_update().filter(
        order_id=payload["order_id"], status=Payment.Status.PAID
    ):
        _ask_refund(payment, now)


def _ask_refund(payment: Payment, now: datetime, user: User | None = None) -> None:
    unasked = Payment.objects.filter(pk=payment.pk, refund_asked_at=None)
    if unasked.update(refund_asked_at=now, refund_asked_by=user):
        _publish("refund.requested", payment, now)


# --8<-- [start:reconcile]
def reconcile(
    *, now: datetime, older_than_seconds: float, still_ours: Callable[[], None] = lambda: None
) -> int:
    """Fetch the events of payments that wait for some, in case a webhook never came.

    Args:
        now: the time.
        older_than_seconds: leave younger payments alone, their webhooks may be on the way.
        still_ours: called in each transaction that writes; raises where another run has taken over.

    Returns:
        How many events were new.

    Raises:
        ProviderFailed: the provider is of no help now; the next run goes on.
    """
    waiting = Payment.objects.filter(created_at__lt=now - timedelta(seconds=older_than_seconds))
    count = 0
    for payment in (
        waiting.filter(status=Payment.Status.PENDING)
        | waiting.filter(status=Payment.Status.PAID, refund_asked_at__isnull=False)
    ).order_by("pk"):
        document = provider.ask("GET", f"/charges/{payment.reference}", now=now) or {"events": []}
        for news in _read(document["events"]):
            with transaction.atomic():
                still_ours()
                count += record(news, now=now)
    return count


# --8<-- [end:reconcile]


def _read(documents: Iterable[dict]) -> list[News]:
    return [
        News(each["id"], each["type"], each["reference"], each["amount_minor"], each["currency"])
        for each in documents
        if each["version"] == 1 and each["type"] in MEANING
    ]


def terms(payment: Payment) -> tuple[str, int, str]:
    """What an event about `payment` has to say of it: reference, amount and currency."""
    return payment.reference, payment.amount_minor, payment.currency


def _publish(topic: str, payment: Payment, now: datetime) -> None:
    payload = {"reference": payment.reference, "order_id": payment.order_id}
    # A key for each topic: a request that waits for the provider does not hold back its news.
    publish(topic=topic, payload=payload, key=f"{topic}:{payment.reference}", now=now)
