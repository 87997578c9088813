"""Pay, credit and issue eight times at once: each has one effect."""

import argparse
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from conventions.throwaway import throwaway

TIMES = 8


def ask(token: str, path: str, body: object, **headers: str) -> tuple[int, bytes]:
    answer = Client(SERVER_NAME="localhost").post(
        path, json.dumps(body), content_type="application/json", headers={"Authorization": token, **headers}
    )
    connection.close()
    return answer.status_code, answer.content


def at_once(request: Callable[[int], tuple[int, bytes]]) -> str:
    """How many of `TIMES` requests that start together are accepted, with how many different answers."""
    together = Barrier(TIMES)

    def one(number: int) -> tuple[int, bytes]:
        together.wait()
        return request(number)

    with ThreadPoolExecutor(TIMES) as threads:
        answers = list(threads.map(one, range(TIMES)))
    accepted = [content for status, content in answers if status < 300]
    refused = sum(400 <= status < 500 for status, _ in answers)
    return f"{len(accepted)} accepted, {refused} refused, {len(set(accepted))} different"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--postgresql", action="store_true", help="on PostgreSQL (default: SQLite)")
    options = parser.parse_args()
    with throwaway("invoices", postgresql=options.postgresql):
        from django.db import connection
        from django.test import Client

        from invoices.accounts.services import log_in
        from invoices.billing.models import Invoice, Payment
        from invoices.sample import new_sample

        sample = new_sample()
        token = f"Bearer {log_in(email='ada@example.com', password='correct horse battery').access}"  # noqa: S106
        draft, paid, credited = sample.draft(), sample.issued(), sample.issued()
        payment = {"customer_id": 1, "issuer_id": 1, "currency": "EUR", "received_on": "2026-03-09"}
        payment |= {"amount_minor": 2142, "invoice_id": paid.pk}
        same = {"Idempotency-Key": '"the-same"'}
        print(f"{TIMES} at once, {connection.display_name}")

        path = "/api/v1/payments/"
        print("one payment, one key:", at_once(lambda _: ask(token, path, payment, **same)))
        print("  payments:", Payment.objects.count())

        path = f"/api/v1/invoices/{credited.pk}/credit-notes/"
        keys = [{"Idempotency-Key": f'"{number}"'} for number in range(TIMES)]
        print("the whole credited, eight keys:", at_once(lambda number: ask(token, path, {}, **keys[number])))
        print("  credit notes:", Invoice.objects.filter(kind="credit_note").count())

        path = f"/api/v1/invoices/{draft.pk}/issue/"
        print("one draft issued:", at_once(lambda _: ask(token, path, {}, **{"If-Match": '"1"'})))
        print("  invoices:", Invoice.objects.filter(kind="invoice", status="issued").count())
