"""Pay an order for each way in which a payment provider can misbehave, and see where it ends.

The shop and the provider are two processes that talk by HTTP. Its tricks are in payments/hostile_provider.py.
"""

import contextlib
import os
import re
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

from conventions.throwaway import throwaway

PROVIDER = Path(__file__).parent / "payments" / "hostile_provider.py"
DEADLINE_SECONDS = 60


@contextlib.contextmanager
def hostile_provider(shop: str, secret: str) -> Iterator[str]:
    """Start the provider in a process of its own; its address."""
    command = [sys.executable, str(PROVIDER), "--port", "0", "--shop", shop]
    environment = os.environ | {"SHOP_PAYMENTS_SECRETS": secret}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
    ) as process:
        try:
            yield re.search(r"http://\S+(?=,)", process.stdout.readline())[0]
        finally:
            process.kill()


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("the provider has not sent its webhooks")
        time.sleep(0.05)


def soon() -> datetime:
    """Late enough for what failed a moment ago to be tried again."""
    return timezone.now() + timedelta(seconds=120)


def known(payment: "Payment") -> dict:
    """What the provider knows of a payment."""
    nothing = {"charges": 0, "refunds": 0, "webhooks": [], "still_to_send": 0}
    return ask("GET", f"/charges/{payment.reference}", now=timezone.now()) or nothing


def settle(payments: list["Payment"]) -> None:
    """Hand over what is due until nothing is, and the provider has nothing more to say."""
    while relay(now=soon()):
        wait_until(lambda: not any(known(payment)["still_to_send"] for payment in payments))


def show(payments: list["Payment"]) -> None:
    for payment in payments:
        payment.refresh_from_db()
        payment.order.refresh_from_db()
        told = known(payment)
        answers = " ".join(map(str, told["webhooks"])) or "none"
        ends = f"{payment.status:9}{payment.order.status}"
        print(f"{payment.source:19}{told['charges']:7}  {answers:25}{ends}")


if __name__ == "__main__":
    with throwaway("shop"):
        from conventions.fuzzing import live_server
        from django.conf import settings
        from django.core import mail
        from django.utils import timezone

        from shop.accounts.models import Role, User
        from shop.catalogue.models import Category, Product
        from shop.orders.services import Line, ask_for, place_order
        from shop.orders.states import Event
        from shop.outbox.services import relay
        from shop.payments.hostile_provider import TRICKS
        from shop.payments.models import Payment
        from shop.payments.provider import ask
        from shop.payments.services import ask_refund, reconcile, start_payment

        settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
        settings.PAYMENTS_SECRETS = [secrets.token_urlsafe(32)]
        mugs = Category.objects.create(name="Mugs", slug="mugs")
        mug = Product.objects.create(name="Mug", slug="mug", category=mugs, price_minor=900, stock=50)
        ada = User.objects.create_user("ada@example.com", None)
        root = User.objects.create_user("root@example.com", None, Role.ADMIN)
        payments = []
        with live_server() as shop, hostile_provider(shop, settings.PAYMENTS_SECRETS[0]) as address:
            settings.PAYMENTS_URL = address
            for number, source in enumerate(TRICKS):
                order = place_order(customer=ada, lines=[Line(mug.pk, 2)], now=timezone.now())
                payments.append(
                    start_payment(
                        order_id=order.pk,
                        customer=ada,
                        source=source,
                        reference=f"{number:02}",
                        now=timezone.now(),
                    )
                )
            settle(payments)
            print(f"{'the card is':19}charged  webhooks answered        payment  order")
            show(payments)

            reconcile(now=soon(), older_than_seconds=1)
            settle(payments)
            print("\nafter the provider was asked for news")
            show([payment for payment in payments if payment.source == "tok_silent"])

            paid = [payment for payment in payments if payment.status == "paid"]
            for number, payment in enumerate(paid):
                order = {"order_id": payment.order_id, "now": timezone.now()}
                if number % 2:
                    ask_for(Event.CANCEL, user=ada, **order)
                    continue
                for event in (Event.SHIP, Event.DELIVER):
                    ask_for(event, user=root, **order)
                for _ in range(2):
                    ask_refund(user=root, **order)
            settle(payments)
            reconcile(now=soon(), older_than_seconds=1)
            settle(payments)
            print("\nafter half of the paid orders were cancelled, and half delivered and refunded")
            for payment in payments:
                payment.refresh_from_db()
                payment.order.refresh_from_db()
            ends = [payment.order.status for payment in payments if payment.status == "refunded"]
            refunds = sum(known(payment)["refunds"] for payment in payments)
            print(
                f"{len(ends)} payments and {ends.count('refunded')} orders refunded, {refunds} refunds made"
            )
            subjects = [message.subject for message in mail.outbox]
            print(f"{len(subjects)} messages sent, {len(subjects) - len(set(subjects))} of them twice")
