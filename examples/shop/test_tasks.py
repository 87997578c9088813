"""The tasks themselves, in this process: what a worker runs, without a worker."""

from datetime import UTC, datetime, timedelta

import pytest
from kombu.exceptions import OperationalError

from shop import tasks
from shop.orders.models import Order
from shop.outbox.leases import take
from shop.outbox.models import Message
from shop.outbox.services import publish

NOW = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)


@pytest.fixture
def message(db: None, settings: object) -> Message:
    settings.OUTBOX_HANDLERS = {"test.told": f"{__name__}.nothing"}
    return publish(topic="test.told", payload={}, key="order:1", now=NOW)


def nothing(payload: dict, *, now: datetime) -> None:
    """A handler that is done at once."""


def test_a_relay_hands_over_the_number_of_a_message_and_nothing_else(
    message: Message, monkeypatch: pytest.MonkeyPatch
):
    sent = []
    monkeypatch.setattr(
        tasks.handle, "apply_async", lambda *arguments, **options: sent.append((arguments, options))
    )

    tasks.relay()
    tasks.relay()

    assert [((((message.pk,),)), {"queue": "shop.payments"})] == sent
    message.refresh_from_db()
    assert Message.State.WAITING == message.state


def test_a_broker_that_does_not_confirm_leaves_the_message_to_be_handed_over_again(
    message: Message, monkeypatch: pytest.MonkeyPatch
):
    def refuse(*_: object, **__: object) -> None:
        raise OperationalError("no route to the broker")

    monkeypatch.setattr(tasks.handle, "apply_async", refuse)

    with pytest.raises(OperationalError):
        tasks.relay()

    message.refresh_from_db()
    assert (Message.State.WAITING, 0) == (message.state, message.attempts)
    assert message.due_at < datetime.now(UTC) + timedelta(seconds=301)


def test_a_worker_handles_a_message_once(message: Message):
    tasks.handle(message.pk)
    tasks.handle(message.pk)

    message.refresh_from_db()
    assert (Message.State.DONE, 1) == (message.state, message.attempts)


@pytest.mark.parametrize("job", ["relay", "reconcile", "clean up"])
def test_a_second_beat_does_nothing_while_the_first_is_at_it(
    job: str, message: Message, monkeypatch: pytest.MonkeyPatch, customer: object
):
    Message.objects.update(state=Message.State.DONE)
    waiting = publish(topic="test.told", payload={}, key="order:2", now=NOW)
    monkeypatch.setattr(tasks.handle, "apply_async", lambda *_, **__: None)
    task = {"relay": tasks.relay, "reconcile": tasks.reconcile, "clean up": tasks.clean_up}[job]
    take(job, now=datetime.now(UTC), seconds=60)

    task()

    waiting.refresh_from_db()
    assert NOW == waiting.due_at
    assert 2 == Message.objects.count()


def test_the_clean_up_forgets_what_was_done_a_week_ago(message: Message):
    tasks.handle(message.pk)
    waiting = publish(topic="test.told", payload={}, key="order:2", now=NOW)

    tasks.clean_up()

    assert [waiting] == list(Message.objects.all())
    assert not Order.objects.exists()
