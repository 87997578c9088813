"""What the tests of payments share: an order, and a provider whose word is signed."""

import itertools
import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.db import transaction

from shop.conftest import ApiClient
from shop.orders.models import Order
from shop.orders.services import Line, place_order
from shop.outbox.models import Message
from shop.outbox.services import relay
from shop.payments.models import Payment
from shop.payments.services import start_payment
from shop.payments.signatures import HEADER, sign

NOW = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)
SECRET = "shared with the provider"  # noqa: S105 - of a provider that lives for one test
WEBHOOK = "/api/v1/payments/events/"


@pytest.fixture(autouse=True)
def _secrets(settings: object) -> None:
    settings.PAYMENTS_SECRETS = [SECRET]
    settings.PAYMENTS_URL = "http://127.0.0.1:9"  # the port of nobody


@pytest.fixture
def order(customer: "User", mug: "Product") -> Order:  # noqa: F821
    with transaction.atomic():
        return place_order(customer=customer, lines=[Line(mug.pk, 2)], now=NOW)


@pytest.fixture
def payment(order: Order) -> Payment:
    """A payment that the provider has been asked for."""
    reference = "7c4a8d09-ca37-4c8e-a39f-6d1e2b0f3c55"
    payment = start_payment(
        order_id=order.pk, customer=order.customer, source="tok_ok", reference=reference, now=NOW
    )
    Message.objects.filter(topic="payment.requested").update(state=Message.State.DONE)
    return payment


_numbers = itertools.count(1)


def event_of(payment: Payment, kind: str, **changes: object) -> dict[str, object]:
    """A new event of the provider."""
    return {
        "version": 1,
        "id": f"evt_{next(_numbers)}",
        "type": kind,
        "reference": payment.reference,
        "amount_minor": payment.amount_minor,
        "currency": payment.currency,
    } | changes


def told(event: dict[str, object], *, secret: str = SECRET, age_seconds: float = 0) -> object:
    """What the shop answers to a webhook."""
    body = json.dumps(event).encode()
    signature = sign(body, secret=secret, now=datetime.now(UTC).timestamp() - age_seconds)
    return ApiClient().post(WEBHOOK, body, content_type="application/json", headers={HEADER: signature})


def settle(now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
    """Handle what waits in the outbox."""
    relay(now=now())
