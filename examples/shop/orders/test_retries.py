"""An order that is sent again with its idempotency key is placed once."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from shop.accounts.models import User
from shop.accounts.services import log_in
from shop.catalogue.models import Product
from shop.conftest import PASSWORD, ApiClient
from shop.idempotency.models import Answer
from shop.idempotency.services import forget
from shop.orders.models import Order

KEY = '"8e03978e-40d5-43dd-bc93-6894a57f9324"'


def order(client: ApiClient, product: Product, *, key: str = KEY, quantity: int = 1) -> object:
    body = {"items": [{"product_id": product.pk, "quantity": quantity}]}
    return client.post(
        "/api/v1/orders/", body, content_type="application/json", headers={"Idempotency-Key": key}
    )


def test_the_same_request_again_gets_the_same_answer_and_orders_once(logged_in: ApiClient, mug: Product):
    first = order(logged_in, mug)
    Product.objects.update(price_minor=1, is_active=False)
    second = order(logged_in, mug)

    assert [201, 201] == [first.status_code, second.status_code]
    assert (first.content, first.headers["Location"]) == (second.content, second.headers["Location"])
    assert (None, "true") == (
        first.headers.get("Idempotency-Replayed"),
        second.headers["Idempotency-Replayed"],
    )
    assert 1 == Order.objects.count()


def test_another_body_with_the_key_answers_422_and_orders_nothing(logged_in: ApiClient, mug: Product):
    order(logged_in, mug)

    answer = order(logged_in, mug, quantity=2)

    assert (422, True) == (answer.status_code, answer.json()["type"].endswith(":idempotency-key-reused"))
    assert 1 == Order.objects.count()


def test_a_key_belongs_to_its_user(logged_in: ApiClient, mug: Product):
    grace = User.objects.create_user("grace@example.com", PASSWORD)
    hers = ApiClient(log_in(email=grace.email, password=PASSWORD).access)

    numbers = {order(client, mug).json()["id"] for client in (logged_in, hers)}

    assert 2 == len(numbers)


def test_a_refused_order_frees_its_key(logged_in: ApiClient, mug: Product):
    refused = order(logged_in, mug, quantity=6)
    Product.objects.update(stock=6)
    placed = order(logged_in, mug, quantity=6)

    assert [409, 201] == [refused.status_code, placed.status_code]


@pytest.mark.parametrize("key", ["", "without quotes", '"a b"', '"' + "x" * 65 + '"'])
def test_a_key_of_another_form_is_refused(logged_in: ApiClient, mug: Product, key: str):
    assert 400 == order(logged_in, mug, key=key).status_code
    assert not Order.objects.exists()


def test_an_answer_is_kept_for_a_day_and_then_forgotten_by_a_command(
    logged_in: ApiClient, mug: Product, capsys: pytest.CaptureFixture
):
    order(logged_in, mug)
    kept_at = Answer.objects.get().created_at

    assert 0 == forget(now=kept_at + timedelta(hours=24))
    Answer.objects.update(created_at=timezone.now() - timedelta(hours=25))
    call_command("forget_keys")

    assert "1 answers forgotten\n" == capsys.readouterr().out
    assert 201 == order(logged_in, mug).status_code
    assert 2 == Order.objects.count()
