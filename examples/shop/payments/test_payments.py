import itertools
import json
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from shop.accounts.models import User
from shop.accounts.services import log_in
from shop.catalogue.models import Product
from shop.conftest import PASSWORD, ApiClient
from shop.orders.models import Order
from shop.orders.services import MoveRefused, move_order
from shop.orders.states import Event as OrderEvent
from shop.outbox.models import Message
from shop.payments import provider, services
from shop.payments.conftest import NOW, SECRET, WEBHOOK, event_of, settle, told
from shop.payments.events import MEANING, Event, Status, status_of
from shop.payments.models import Payment, PaymentEvent
from shop.payments.signatures import HEADER, sign

CARD = "4111111111111111"


def pay(client: ApiClient, order: Order, source: object = "tok_ok", key: str = "") -> object:
    return client.post(
        f"/api/v1/orders/{order.pk}/payments/",
        {"source": source},
        content_type="application/json",
        headers={"Idempotency-Key": f'"{key or uuid.uuid4()}"'},
    )


def states(payment: Payment) -> tuple[str, str]:
    payment.refresh_from_db()
    return payment.status, Order.objects.get(pk=payment.order_id).status


# --- asking for a payment


def test_a_payment_is_written_down_for_the_whole_order_and_the_provider_is_asked_later(
    logged_in: ApiClient, order: Order
):
    answer = pay(logged_in, order)

    payment = Payment.objects.get()
    assert 201 == answer.status_code
    assert f"/api/v1/orders/{order.pk}/payments/{payment.pk}/" == answer.headers["Location"]
    assert ("pending", 1800, "EUR") == tuple(
        answer.json()[name] for name in ("status", "amount_minor", "currency")
    )
    assert answer.json() == logged_in.get(answer.headers["Location"]).json()
    assert {"reference": payment.reference, "order_id": order.pk} == Message.objects.last().payload


def test_a_request_that_is_sent_again_makes_no_second_payment(logged_in: ApiClient, order: Order):
    first, second = (pay(logged_in, order, key="once") for _ in range(2))

    assert (201, 201, first.json()) == (first.status_code, second.status_code, second.json())
    assert 1 == Payment.objects.count() == Message.objects.filter(topic="payment.requested").count()


def test_an_order_is_paid_by_one_payment_at_a_time(logged_in: ApiClient, payment: Payment):
    answer = pay(logged_in, payment.order)

    assert (409, 1) == (answer.status_code, Payment.objects.count())
    assert answer.json()["type"].endswith(":not-payable")


def test_after_a_declined_card_another_may_be_tried(logged_in: ApiClient, payment: Payment):
    told(event_of(payment, "charge.failed"))
    settle()

    assert 201 == pay(logged_in, payment.order).status_code


def test_a_cancelled_order_cannot_be_paid(logged_in: ApiClient, order: Order):
    move_order(OrderEvent.CANCEL, order_id=order.pk, actor=None, now=NOW)

    assert 409 == pay(logged_in, order).status_code


def test_somebody_elses_order_and_payment_look_like_none(payment: Payment):
    User.objects.create_user("grace@example.com", PASSWORD)
    grace = ApiClient(log_in(email="grace@example.com", password=PASSWORD).access)
    path = f"/api/v1/orders/{payment.order_id}/payments/"

    assert 404 == pay(grace, payment.order).status_code
    assert [404, 404] == [grace.get(f"{path}{number}/").status_code for number in (payment.pk, 999)]


@pytest.mark.parametrize("source", [CARD, f"tok_{CARD}", "tok_", "", 7, None])
def test_a_card_number_is_refused_and_kept_nowhere(
    source: object, logged_in: ApiClient, order: Order, caplog: pytest.LogCaptureFixture
):
    answer = pay(logged_in, order, source)

    assert (400, ["#/source"]) == (answer.status_code, [each["pointer"] for each in answer.json()["errors"]])
    assert not Payment.objects.exists()
    assert CARD not in caplog.text + answer.content.decode()


def test_without_a_provider_the_payment_waits_and_is_tried_again(payment: Payment):
    Message.objects.filter(topic="payment.requested").update(state=Message.State.WAITING)

    settle()

    message = Message.objects.get(topic="payment.requested")
    assert ("waiting", "ProviderFailed: ConnectionError") == (message.state, message.reason)
    assert ("pending", "placed") == states(payment)


def test_an_order_that_was_cancelled_before_the_provider_was_asked_is_not_charged(payment: Payment):
    move_order(OrderEvent.CANCEL, order_id=payment.order_id, actor=None, now=NOW)

    services.charge({"reference": payment.reference}, now=NOW)
    settle()

    assert ("failed", "cancelled") == states(payment)


def test_a_payment_that_is_done_is_not_charged_when_the_wish_comes_again(payment: Payment):
    told(event_of(payment, "charge.succeeded"))
    settle()

    services.charge({"reference": payment.reference}, now=NOW)  # there is no provider that could be asked

    assert ("paid", "paid") == states(payment)


# --- being told by the provider


def test_a_success_pays_the_order_and_tells_the_customer_once(payment: Payment, mailoutbox: list):
    answer = told(event_of(payment, "charge.succeeded"))
    settle()

    assert (200, True) == (answer.status_code, answer.json()["is_new"])
    assert ("paid", "paid") == states(payment)
    assert ["Your order {0}", "Order {0} is paid"] == [
        mail.subject.replace(str(payment.order_id), "{0}") for mail in mailoutbox
    ]


def test_an_event_is_kept_before_anything_is_done_about_it(payment: Payment):
    told(event_of(payment, "charge.succeeded"))

    assert ("pending", "placed") == states(payment)
    assert 1 == PaymentEvent.objects.count()


def test_an_event_that_comes_again_is_answered_as_kept_and_changes_nothing(payment: Payment):
    event = event_of(payment, "charge.succeeded")

    answers = [told(event).json()["is_new"] for _ in range(3)]

    assert [True, False, False] == answers
    assert 1 == PaymentEvent.objects.count() == Message.objects.filter(topic="payment.news").count()


def test_an_id_that_comes_with_another_content_is_a_conflict(payment: Payment):
    event = event_of(payment, "charge.failed")
    told(event)

    assert 409 == told(event | {"type": "charge.succeeded"}).status_code
    assert "charge.failed" == PaymentEvent.objects.get().type


def forged(event: dict, name: str) -> tuple[bytes, str]:
    """A body and a header that must not be believed."""
    body, now = json.dumps(event).encode(), datetime.now(UTC).timestamp()
    good = sign(body, secret=SECRET, now=now)
    return {
        "another key": (body, sign(body, secret="guessed", now=now)),
        "an empty key": (body, sign(body, secret="", now=now)),
        "no signature": (body, ""),
        "an empty one": (body, "t=,v1="),
        "another body": (body.replace(b"1800", b"1801"), good),
        "other white space": (body + b" ", good),
        "another time": (body, f"t={int(now) + 1}{good[good.index(',') :]}"),
        "too old": (body, sign(body, secret=SECRET, now=now - 301)),
        "of the future": (body, sign(body, secret=SECRET, now=now + 302)),
        "two of them": (body, f"{good},{good}"),
        "in capitals": (body, good.upper()),
        "not ASCII": (body, good[:-1] + "é"),
    }[name]


FORGERIES = [
    "another key",
    "an empty key",
    "no signature",
    "an empty one",
    "another body",
    "other white space",
    "another time",
    "too old",
    "of the future",
    "two of them",
    "in capitals",
    "not ASCII",
]


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_event_is_refused_and_kept_nowhere(name: str, payment: Payment, settings: object):
    settings.PAYMENTS_SECRETS = [SECRET, ""]
    body, signature = forged(event_of(payment, "charge.succeeded"), name)

    answer = ApiClient().post(WEBHOOK, body, content_type="application/json", headers={HEADER: signature})

    assert (401, HEADER) == (answer.status_code, answer.headers["WWW-Authenticate"])
    assert not PaymentEvent.objects.exists()
    assert SECRET not in answer.content.decode()


def test_the_signature_is_looked_at_before_the_body_is_read(payment: Payment):
    answer = ApiClient().post(WEBHOOK, b"{" * 50_000, content_type="application/json")

    assert 401 == answer.status_code


def test_without_a_secret_nobody_is_believed(payment: Payment, settings: object):
    settings.PAYMENTS_SECRETS = []

    assert 401 == told(event_of(payment, "charge.succeeded"), secret="").status_code


def test_an_old_secret_is_believed_while_it_is_listed(payment: Payment, settings: object):
    settings.PAYMENTS_SECRETS = ["new", SECRET]

    assert 200 == told(event_of(payment, "charge.succeeded")).status_code


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"version": 2}, "#/version"),
        ({"type": "charge.imagined"}, "#/type"),
        ({"reference": "0"}, "#/reference"),
        ({"amount_minor": "1800"}, "#/amount_minor"),
        ({"amount_minor": -1}, "#/amount_minor"),
        ({"currency": "eur"}, "#/currency"),
        ({"note": "new"}, "#/note"),
    ],
)
def test_an_event_that_is_not_understood_is_refused_and_kept_nowhere(
    changes: dict, pointer: str, payment: Payment
):
    answer = told(event_of(payment, "charge.succeeded", **changes))

    assert (400, [pointer]) == (answer.status_code, [each["pointer"] for each in answer.json()["errors"]])
    assert not PaymentEvent.objects.exists()


@pytest.mark.parametrize("changes", [{"amount_minor": 1}, {"amount_minor": 1801}, {"currency": "JPY"}])
def test_another_sum_is_held_for_review_and_pays_nothing(
    changes: dict, payment: Payment, caplog: pytest.LogCaptureFixture
):
    told(event_of(payment, "charge.succeeded", **changes))
    settle()

    assert ("review", "placed") == states(payment)
    assert "is about another sum" in caplog.text


def test_the_log_tells_of_failures_without_secrets(payment: Payment, caplog: pytest.LogCaptureFixture):
    caplog.set_level("DEBUG")
    told(event_of(payment, "charge.succeeded"), secret="guessed")
    told(event_of(payment, "charge.succeeded", amount_minor=1))
    settle()

    assert SECRET not in caplog.text
    assert payment.source not in caplog.text


# --- every order of events


STORIES = {
    "paid": (("charge.pending", "charge.succeeded"), ("paid", "paid")),
    "declined": (("charge.pending", "charge.failed"), ("failed", "placed")),
    "declined, then paid after all": (
        ("charge.pending", "charge.failed", "charge.succeeded"),
        ("paid", "paid"),
    ),
    "one cent, then the sum": (("charge.pending", "one cent", "charge.succeeded"), ("paid", "paid")),
    "one cent": (("charge.pending", "charge.failed", "one cent"), ("review", "placed")),
    "refunded": (("charge.pending", "charge.succeeded", "refund.succeeded"), ("refunded", "refunded")),
    "cancelled, then refunded": (
        ("charge.pending", "charge.succeeded", "refund.succeeded", "cancel"),
        ("refunded", "refunded"),
    ),
    "cancelled before the money came": (
        ("charge.pending", "charge.succeeded", "cancel"),
        ("paid", "cancelled"),
    ),
}
# What may still come, late or again, of an order that is delivered.
DELIVERED_STORIES = {
    "refund asked": (("refund", "charge.failed", "charge.succeeded"), ("paid", "delivered")),
    "refund asked and made": (
        ("refund", "refund.succeeded", "charge.failed", "charge.succeeded"),
        ("refunded", "refunded"),
    ),
    "refund asked, failed, then made": (
        ("refund", "refund.failed", "refund.succeeded"),
        ("refunded", "refunded"),
    ),
    "refund made, and nobody asked": (("refund.succeeded", "charge.failed"), ("refunded", "refunded")),
}


@pytest.mark.parametrize("name", STORIES | DELIVERED_STORIES)
def test_every_order_of_events_ends_in_the_same_states(
    name: str, payment: Payment, mug: Product, admin: User, request: pytest.FixtureRequest
):
    kinds, end = (STORIES | DELIVERED_STORIES)[name]
    if name in DELIVERED_STORIES:
        request.getfixturevalue("delivered")
    events = {
        kind: event_of(payment, "charge.succeeded", amount_minor=1)
        if kind == "one cent"
        else event_of(payment, kind)
        for kind in kinds
    }
    ends = []
    for number, order in enumerate(itertools.permutations(kinds)):
        point = transaction.savepoint()
        for step, kind in enumerate(order):
            happen(payment, events[kind], admin)
            if (number + step) % 2:  # now and then only after the next one came as well
                settle()
        settle()
        happen(payment, events[order[0]], admin)  # and the first one again
        settle()
        ends.append(states(payment))
        asked = Message.objects.filter(topic="refund.requested").count()
        assert asked == (1 if {"cancel", "refund"} & set(kinds) and payment.status == "paid" else asked)
        assert asked <= 1
        taken = end[1] in ("placed", "paid") or name in DELIVERED_STORIES
        assert (3 if taken else 5) == Product.objects.get(pk=mug.pk).stock
        transaction.savepoint_rollback(point)

    assert [end] * len(ends) == ends


def happen(payment: Payment, event: dict, admin: User) -> None:
    if event["type"] == "cancel":
        try:
            move_order(OrderEvent.CANCEL, order_id=payment.order_id, actor=None, now=NOW)
        except MoveRefused:
            return
    elif event["type"] == "refund":
        services.ask_refund(order_id=payment.order_id, user=admin, now=NOW)
    else:
        assert 200 == told(event).status_code


EVENTS = st.builds(
    Event,
    type=st.sampled_from(sorted(MEANING)),
    amount_minor=st.sampled_from([1800, 1]),
    currency=st.sampled_from(["EUR", "JPY"]),
)


@given(st.lists(EVENTS, max_size=8), st.data())
def test_neither_order_nor_repetition_changes_what_events_mean(events: list[Event], data: st.DataObject):
    again = data.draw(st.lists(st.sampled_from(events), max_size=5)) if events else []
    mixed = data.draw(st.permutations(events + again))

    one, other = (status_of(each, amount_minor=1800, currency="EUR") for each in (events, mixed))

    assert one == other
    if one in (Status.PAID, Status.REFUNDED):
        assert any((event.amount_minor, event.currency) == (1800, "EUR") for event in events)


# --- money that is not wanted


def test_a_cancelled_order_gives_its_money_back_and_asks_once(payment: Payment):
    told(event_of(payment, "charge.succeeded"))
    settle()
    move_order(OrderEvent.CANCEL, order_id=payment.order_id, actor=None, now=NOW)
    for _ in range(3):
        services.order_cancelled({"order_id": payment.order_id}, now=NOW)
        services.apply({"reference": payment.reference}, now=NOW)

    assert 1 == Message.objects.filter(topic="refund.requested").count()
    told(event_of(payment, "refund.succeeded"))
    settle()
    assert ("refunded", "refunded") == states(payment)


def test_an_order_that_is_paid_twice_gives_the_second_payment_back(payment: Payment):
    told(event_of(payment, "charge.failed"))
    settle()
    second = services.start_payment(
        order_id=payment.order_id, customer=payment.order.customer, source="tok_ok", reference="2", now=NOW
    )

    told(event_of(second, "charge.succeeded"))
    told(event_of(payment, "charge.succeeded"))  # the provider changed its mind
    settle()

    assert {("paid", "paid")} == {states(payment), states(second)}
    assert [second] == list(Payment.objects.filter(pays_the_order=True))
    asked = Message.objects.get(topic="refund.requested")
    assert payment.reference == asked.payload["reference"]
    told(event_of(payment, "refund.succeeded"))
    settle()
    assert ("refunded", "paid") == states(payment)


def test_money_that_goes_back_when_the_order_is_on_its_way_leaves_it_there_and_is_logged(
    payment: Payment, caplog: pytest.LogCaptureFixture
):
    told(event_of(payment, "charge.succeeded"))
    settle()
    move_order(OrderEvent.SHIP, order_id=payment.order_id, actor=None, now=NOW)

    told(event_of(payment, "refund.succeeded"))
    settle()

    assert ("refunded", "shipped") == states(payment)
    assert "is on its way" in caplog.text


# --- a delivered order that is refunded


@pytest.fixture
def delivered(payment: Payment) -> Payment:
    """The payment of an order that arrived."""
    told(event_of(payment, "charge.succeeded"))
    settle()
    for event in (OrderEvent.SHIP, OrderEvent.DELIVER):
        move_order(event, order_id=payment.order_id, actor=None, now=NOW)
    return payment


@pytest.fixture
def admin(db: None) -> User:
    return User.objects.create_superuser("root@example.com", PASSWORD)


def give_back(admin: User, payment: Payment) -> object:
    client = ApiClient(log_in(email=admin.email, password=PASSWORD).access)
    return client.post(f"/api/v1/orders/{payment.order_id}/refund/")


def test_a_delivered_order_is_refunded_when_the_money_went_back_and_its_history_names_who_asked(
    delivered: Payment, admin: User, mug: Product
):
    asked = give_back(admin, delivered)
    assert (202, "paid", True) == (asked.status_code, asked.json()["status"], asked.json()["refund_asked"])
    assert ("paid", "delivered") == states(delivered)

    told(event_of(delivered, "refund.succeeded"))
    settle()

    assert ("refunded", "refunded") == states(delivered)
    last = delivered.order.moves.order_by("id").last()
    assert ("refund", "delivered", "refunded", admin) == (
        last.event,
        last.from_status,
        last.to_status,
        last.actor,
    )
    assert 3 == Product.objects.get(pk=mug.pk).stock, "whether it can be sold again, a person has to see"


def test_a_refund_that_is_asked_again_before_and_after_the_money_went_back_asks_the_provider_once(
    delivered: Payment, admin: User
):
    answers = [give_back(admin, delivered) for _ in range(2)]
    told(event_of(delivered, "refund.succeeded"))
    settle()
    answers.append(give_back(admin, delivered))

    assert [(202, "paid"), (202, "paid"), (202, "refunded")] == [
        (answer.status_code, answer.json()["status"]) for answer in answers
    ]
    assert 1 == Message.objects.filter(topic="refund.requested").count()


@pytest.mark.parametrize("state", ["placed", "paid", "shipped", "cancelled"])
def test_only_what_was_delivered_is_refunded(payment: Payment, admin: User, state: str):
    told(event_of(payment, "charge.succeeded"))
    settle()
    Order.objects.update(status=state)

    answer = give_back(admin, payment)

    assert (409, state) == (answer.status_code, Order.objects.get().status)
    assert f"The order is {state}." in answer.json()["detail"]
    assert not Message.objects.filter(topic="refund.requested").exists()


def test_what_was_paid_in_another_way_is_not_refunded_here(order: Order, admin: User):
    for event in (OrderEvent.PAY, OrderEvent.SHIP, OrderEvent.DELIVER):
        move_order(event, order_id=order.pk, actor=None, now=NOW)

    with pytest.raises(services.NotRefundable):
        services.ask_refund(order_id=order.pk, user=admin, now=NOW)


def test_money_that_went_back_while_the_order_was_on_its_way_is_not_asked_back_again(
    payment: Payment, admin: User
):
    told(event_of(payment, "charge.succeeded"))
    settle()
    move_order(OrderEvent.SHIP, order_id=payment.order_id, actor=None, now=NOW)
    told(event_of(payment, "refund.succeeded"))
    settle()
    move_order(OrderEvent.DELIVER, order_id=payment.order_id, actor=None, now=NOW)

    assert 202 == give_back(admin, payment).status_code

    assert ("refunded", "refunded") == states(payment)
    assert not Message.objects.filter(topic="refund.requested").exists()


# --- asking for news


def test_reconciliation_fetches_what_no_webhook_told_and_nothing_twice(
    payment: Payment, monkeypatch: pytest.MonkeyPatch
):
    events = [event_of(payment, "charge.pending"), event_of(payment, "charge.succeeded")]
    next_year = event_of(payment, "charge.failed") | {"version": 2}
    told(events[0])
    asked = []

    def ask(method: str, path: str, **_: object) -> dict:
        asked.append((method, path))
        return {"events": [*events, next_year]}

    monkeypatch.setattr(provider, "ask", ask)
    later = NOW + timedelta(minutes=5)

    assert 0 == services.reconcile(now=NOW, older_than_seconds=60), "too young to be missed"
    assert 1 == services.reconcile(now=later, older_than_seconds=60)
    settle()
    assert 0 == services.reconcile(now=later, older_than_seconds=60)

    assert [("GET", f"/charges/{payment.reference}")] == asked
    assert ("paid", "paid") == states(payment)


def test_a_run_of_the_reconciliation_that_lost_its_lease_writes_nothing(
    payment: Payment, monkeypatch: pytest.MonkeyPatch
):
    from shop.outbox.leases import LostLease, take

    event = event_of(payment, "charge.succeeded")
    monkeypatch.setattr(provider, "ask", lambda *_, **__: {"events": [event]})
    slept = take("reconcile", now=NOW, seconds=60)
    take("reconcile", now=NOW + timedelta(seconds=61), seconds=60)

    with pytest.raises(LostLease):
        services.reconcile(now=NOW + timedelta(minutes=5), older_than_seconds=60, still_ours=slept.check)

    assert not PaymentEvent.objects.exists()


@pytest.mark.parametrize(("what", "statements"), [("read", 2), ("hear", 7)])
def test_payments_stay_within_their_query_budgets(
    what: str, statements: int, logged_in: ApiClient, payment: Payment, django_assert_num_queries: object
):
    with django_assert_num_queries(statements):
        if what == "read":  # the user, the payment
            answer = logged_in.get(f"/api/v1/orders/{payment.order_id}/payments/{payment.pk}/")
        else:  # two pairs of savepoints round: the payment, INSERT of the event, INSERT of the message
            answer = told(event_of(payment, "charge.succeeded"))

    assert 200 == answer.status_code
