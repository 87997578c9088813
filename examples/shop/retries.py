"""Send an order several times at once, as a client does that gets no answer: without a key, and with one."""

import argparse
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from conventions.throwaway import throwaway


# --8<-- [start:send]
def send(token: str, key: str | None, everybody: Barrier) -> tuple[int, int, bool]:
    """Order a mug; the status, the number of the order, and whether it is the answer to an earlier request."""
    headers = {"Authorization": f"Bearer {token}"} | ({"Idempotency-Key": key} if key else {})
    everybody.wait()
    answer = Client(SERVER_NAME="localhost").post(
        "/api/v1/orders/",
        {"items": [{"product_id": 1, "quantity": 1}]},
        content_type="application/json",
        headers=headers,
    )
    connection.close()
    return answer.status_code, answer.json()["id"], "Idempotency-Replayed" in answer.headers


# --8<-- [end:send]


def sent_at_once(token: str, key: str | None, *, times: int) -> str:
    """What came of one order that was sent `times` times at once."""
    orders, stock = Order.objects.count(), Product.objects.get(pk=1).stock
    everybody = Barrier(times)
    with ThreadPoolExecutor(times) as threads:
        answers = list(threads.map(lambda _: send(token, key, everybody), range(times)))
    statuses = Counter(status for status, _, _ in answers)
    return (
        f"{', '.join(f'{count} x {status}' for status, count in statuses.items())}, "
        f"orders {Order.objects.count() - orders}, mugs sold {stock - Product.objects.get(pk=1).stock}, "
        f"different answers {len({number for _, number, _ in answers})}, "
        f"replayed {sum(replayed for _, _, replayed in answers)}"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--postgresql", action="store_true", help="on PostgreSQL (default: SQLite)")
    parser.add_argument("--times", type=int, default=8)
    options = parser.parse_args()
    with throwaway("shop", postgresql=options.postgresql):
        from django.db import connection
        from django.test import Client

        from shop.accounts.services import log_in
        from shop.catalogue.models import Product
        from shop.management.commands.seed import CUSTOMERS, seed
        from shop.orders.models import Order

        seed()
        email, password = CUSTOMERS[0]
        token = log_in(email=email, password=password).access
        print(f"one order, sent {options.times} times at once, {connection.display_name}")
        for name, key in (("without a key", None), ("with a key", '"order-of-monday"')):
            print(f"{name}: {sent_at_once(token, key, times=options.times)}")
