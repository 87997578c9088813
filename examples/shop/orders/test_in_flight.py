"""A duplicate of a request that is still at work. `conftest.py` leaves this file out where there is one writer."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from django.db import connection, transaction
from django.utils import timezone

from shop.accounts.models import User
from shop.catalogue.models import Product
from shop.conftest import ApiClient
from shop.idempotency.models import Answer
from shop.orders.test_retries import KEY, order


@pytest.mark.django_db(transaction=True)
def test_a_duplicate_of_a_request_that_does_not_end_is_told_when_to_ask_again(
    logged_in: ApiClient, customer: User, mug: Product
):
    told, claimed = Event(), Event()

    def hang() -> None:
        with transaction.atomic():
            Answer.objects.create(
                user=customer, operation="placeOrder", key=KEY, fingerprint="", created_at=timezone.now()
            )
            claimed.set()
            told.wait(timeout=30)
            transaction.set_rollback(True)
        connection.close()

    with ThreadPoolExecutor(1) as thread:
        first = thread.submit(hang)
        claimed.wait(timeout=30)
        answer = order(logged_in, mug)
        told.set()
        first.result()

    assert (409, "1") == (answer.status_code, answer.headers["Retry-After"])
    assert answer.json()["type"].endswith(":idempotency-key-in-use")
    assert 201 == order(logged_in, mug).status_code
