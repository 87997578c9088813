"""Drive the shop's API from its specification, and report every answer that the specification does not allow.

    python fuzz_api.py --seed 1 --seed 2

Each seed gets an empty database with the seeded catalogue, an admin's tokens and one order. Requests
that fit the specification and requests that break it are sent to a server on this machine. The program ends with
status 1 where an answer is undocumented, has another shape than documented, or accepts what it must refuse.
"""

import io
import re
import sys

from conventions.fuzzing import Target, main

# What the schema does not say: which passwords are common, which cursors we signed, that a product stands on one
# line only, which categories, sellers and payments there are, that text holds no NUL, that nobody changes the own
# role, which tokens were mailed.
EXCUSED = (
    "registerUser",
    "logIn",
    "listProducts",
    "listProductsV2",
    "createProduct",
    "replaceProduct",
    "changeProduct",
    "listOrders",
    "placeOrder",
    "receiveEvent",
    "changeUser",
    "changePassword",
    "changeEmail",
    "confirmEmail",
)
# The state in which an order can be asked for this; elsewhere it is placed.
BEFORE = {"ship": "paid", "deliver": "shipped", "refund": "delivered"}
ADMIN = ("root@example.com", "a key to every door")


def new_target() -> Target:
    """Empty the database, seed it, and log an admin in who has order number 1."""
    from django.core.cache import cache
    from django.core.management import call_command
    from django.utils import timezone

    from shop.accounts.models import EmailChange, Role, TokenFamily, User
    from shop.accounts.services import NEW, confirmation, log_in
    from shop.management.commands.seed import seed
    from shop.orders.models import Order, OrderMove
    from shop.orders.services import Line, place_order
    from shop.outbox.services import relay
    from shop.payments.api import EVENT
    from shop.payments.models import Payment
    from shop.payments.services import News, record, start_payment

    call_command("flush", interactive=False, reset_sequences=True, verbosity=0)
    cache.clear()
    seed()
    email, password = ADMIN
    root = User.objects.create_user(email, password, Role.ADMIN)
    now = timezone.now()
    order = place_order(customer=root, lines=[Line(1, 2)], now=now)
    # A declined card, so there is a payment to read, and the order can be paid.
    payment = start_payment(order_id=order.pk, customer=root, source="tok_ok", reference="1", now=now)
    record(News("evt_1", "charge.failed", "1", payment.amount_minor, payment.currency), now=now)
    relay(now=now, key="payment.news:1")
    tokens = log_in(email=email, password=password)
    wish = EmailChange(user=root, email="root@new.example", by_second_factor=True, asked_at=now)
    row, logged_in = User.objects.filter(pk=root.pk).values().get(), TokenFamily.objects.get(user=root)

    def restore(environ: dict) -> None:
        if environ["PATH_INFO"] == "/api/v1/payments/events/":
            _sign(environ)
        if asked := re.fullmatch(rf"/api/v1/orders/{order.pk}/(\w+)/", environ["PATH_INFO"]):
            OrderMove.objects.filter(order=order).delete()
            Order.objects.filter(pk=order.pk).update(status=BEFORE.get(asked[1], Order.Status.PLACED))
            paid = asked[1] == "refund"
            status = Payment.Status.PAID if paid else Payment.Status.FAILED
            Payment.objects.filter(order=order).update(status=status, pays_the_order=paid)
        EmailChange.objects.filter(user=root).delete()
        wish.save()
        User.objects.filter(pk=root.pk).update(**row)
        TokenFamily.objects.filter(pk=logged_in.pk).update(ended_at=None)

    return Target(
        headers={"Authorization": f"Bearer {tokens.access}"},
        excused=EXCUSED,
        examples={
            "renewAccess": {"refresh": tokens.refresh},
            "changePassword": {"current_password": password, "new_password": "another key to every door"},
            "confirmEmail": {"token": confirmation(wish, NEW)},
            "stepUp": {"credential": password},
            "receiveEvent": EVENT | {"id": "evt_2", "reference": payment.reference},
        },
        restore=restore,
    )


def _sign(environ: dict) -> None:
    """Sign a webhook as the payment provider would, where its signature has the right form."""
    from django.conf import settings
    from django.utils import timezone

    from shop.payments.signatures import FORM, sign

    if not re.match(FORM, environ.get("HTTP_SHOP_SIGNATURE", "")):
        return
    settings.PAYMENTS_SECRETS = ["a secret of this run"]
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    now = timezone.now().timestamp()
    environ["HTTP_SHOP_SIGNATURE"] = sign(body, secret=settings.PAYMENTS_SECRETS[0], now=now)


if __name__ == "__main__":
    sys.exit(main("shop", new_target, __doc__, sys.argv[1:]))
