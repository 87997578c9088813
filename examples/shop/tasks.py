"""What a worker does: handle a message of the outbox, and what the clock asks for, each in one place at a time."""

from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from shop.accounts import services as accounts
from shop.idempotency import services as idempotency
from shop.outbox import leases, services
from shop.outbox.models import Message
from shop.payments import services as payments
from shop.worker import QUEUES, app

KEEP_DONE = timedelta(days=7)


# --8<-- [start:tasks]
def send(message: Message, now: datetime) -> None:  # noqa: ARG001 - the same shape as handling it here
    """Hand a message to a worker. Raises `OperationalError` where the broker did not confirm it."""
    name = "notifications" if settings.OUTBOX_HANDLERS[message.topic].startswith("shop.notif") else "payments"
    handle.apply_async((message.pk,), queue=QUEUES[name].name)


@app.task(name="shop.handle")
def handle(message_id: int) -> None:
    services.handle(message_id=message_id, now=timezone.now())


@app.task(name="shop.relay")
def relay() -> None:
    with leases.lease("relay", now=timezone.now(), seconds=30) as held:
        if held:
            services.relay(now=timezone.now(), send=send)


# --8<-- [end:tasks]
@app.task(name="shop.reconcile")
def reconcile() -> None:
    now = timezone.now()
    with leases.lease("reconcile", now=now, seconds=120) as held:
        if held:
            payments.reconcile(now=now, older_than_seconds=60, still_ours=held.check)


@app.task(name="shop.clean_up")
def clean_up() -> None:
    now = timezone.now()
    with leases.lease("clean up", now=now, seconds=600) as held:
        if held:
            services.forget_done(before=now - KEEP_DONE)
            idempotency.forget(now=now)
            accounts.forget_logins(now=now)
