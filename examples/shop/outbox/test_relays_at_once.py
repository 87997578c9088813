"""Several relays at one moment; SQLite lets one of them write at a time, so this needs PostgreSQL."""

import threading
from datetime import UTC, datetime

import pytest
from django.db import connection, transaction

from shop.outbox.leases import take
from shop.outbox.services import publish, relay

NOW = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)


@pytest.mark.django_db(transaction=True)
def test_four_relays_at_once_hand_over_each_message_once(settings: object):
    settings.RELAY_ON_COMMIT = False
    with transaction.atomic():
        for number in range(40):
            key = f"order:{number % 10}"
            publish(topic="order.placed", payload={"order_id": number}, key=key, now=NOW)
    together = threading.Barrier(4)
    sent: list[int] = []

    def one() -> None:
        together.wait()
        relay(now=NOW, send=lambda message, _: sent.append(message.pk))
        connection.close()

    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    # Nobody has handled them yet, so each key has handed over its first message and no other.
    assert 10 == len(sent) == len(set(sent))


@pytest.mark.django_db(transaction=True)
def test_of_eight_beats_at_once_one_gets_the_job():
    together = threading.Barrier(8)
    held: list[object] = []

    def one() -> None:
        together.wait()
        held.append(take("reconcile", now=NOW, seconds=60))
        connection.close()

    threads = [threading.Thread(target=one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert 1 == sum(each is not None for each in held)
    assert 8 == len(held)
