from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from shop.outbox import services
from shop.outbox.models import Message
from shop.outbox.services import MOST_ATTEMPTS, claim, handle, pause_seconds, publish, relay, retry_dead

NOW = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
handled: list[object] = []


class Refused(Exception):
    """What the handler of a test raises."""


def remember(payload: dict, *, now: datetime) -> None:
    if payload.get("fails", 0) > sum(each == payload for each in handled):
        handled.append(payload)
        raise Refused("the mail server is asleep")
    handled.append(payload["number"])


def publish_another(payload: dict, *, now: datetime) -> None:
    handled.append("first")
    with transaction.atomic():
        tell(7, key="other")


@pytest.fixture(autouse=True)
def _handlers(settings: object) -> None:
    handled.clear()
    settings.OUTBOX_HANDLERS = {
        "test.told": f"{__name__}.remember",
        "test.first": f"{__name__}.publish_another",
    }
    settings.RELAY_ON_COMMIT = False


def tell(number: int, key: str = "order:1", **payload: object) -> Message:
    return publish(topic="test.told", payload={"number": number, **payload}, key=key, now=NOW)


def test_a_message_is_handled_once_and_is_done(db: None):
    message = tell(1)

    assert 1 == relay(now=NOW)
    assert 0 == relay(now=LATER)

    message.refresh_from_db()
    assert (Message.State.DONE, 1, [1]) == (message.state, message.attempts, handled)


@pytest.mark.django_db(transaction=True)
def test_a_message_of_a_transaction_that_was_rolled_back_never_was():
    with transaction.atomic():
        tell(1)
        transaction.set_rollback(True)

    assert 0 == relay(now=NOW)
    assert [] == handled


@pytest.mark.django_db(transaction=True)
def test_publishing_outside_of_a_transaction_is_refused():
    with pytest.raises(services.NoTransaction, match="publish inside of"):
        tell(1)

    assert not Message.objects.exists()


def test_a_topic_that_nobody_handles_is_refused_when_it_is_published(db: None):
    with pytest.raises(services.UnknownTopic, match=r"order\.eaten"):
        publish(topic="order.eaten", payload={}, key="order:1", now=NOW)


@pytest.mark.django_db(transaction=True)
def test_without_a_broker_a_message_is_handled_after_the_commit_with_all_that_follows(settings: object):
    settings.RELAY_ON_COMMIT = True
    with transaction.atomic():
        publish(topic="test.first", payload={}, key="order:1", now=NOW)
        tell(1)
        assert [] == handled

    assert ["first", 1, 7] == handled
    assert {Message.State.DONE} == set(Message.objects.values_list("state", flat=True))


@pytest.mark.django_db(transaction=True)
def test_a_request_handles_its_own_messages_and_not_what_waits_for_others(settings: object):
    with transaction.atomic():
        tell(1, key="order:1")
    settings.RELAY_ON_COMMIT = True

    with transaction.atomic():
        tell(2, key="order:2")

    assert [2] == handled


def test_messages_of_one_key_wait_for_the_one_before_and_others_do_not(db: None):
    for number, key in ((1, "a"), (2, "a"), (3, "b"), (4, "a")):
        tell(number, key, fails=1 if number == 1 else 0)

    relay(now=NOW)
    assert [3] == [each for each in handled if isinstance(each, int)]

    relay(now=LATER)
    assert [3, 1, 2, 4] == [each for each in handled if isinstance(each, int)]


def test_a_message_is_claimed_by_one_relay_and_again_when_that_one_is_dead(db: None):
    message = tell(1)

    assert message == claim(now=NOW, seconds=60)
    assert claim(now=NOW + timedelta(seconds=59), seconds=60) is None
    assert message == claim(now=NOW + timedelta(seconds=60), seconds=60)


def test_a_failed_message_comes_back_after_a_pause_with_its_reason(db: None):
    message = tell(1, fails=2)

    assert Message.State.WAITING == handle(message_id=message.pk, now=NOW, jitter=0)
    message.refresh_from_db()
    assert ("Refused: the mail server is asleep", 1) == (message.reason, message.attempts)
    assert NOW + timedelta(seconds=1) == message.due_at
    assert 0 == relay(now=NOW)

    relay(now=LATER)
    relay(now=LATER + timedelta(days=1))
    message.refresh_from_db()
    assert (Message.State.DONE, 3, "") == (message.state, message.attempts, message.reason)


def test_pauses_double_are_spread_by_half_and_have_an_end():
    assert [1, 2, 4, 8] == [pause_seconds(attempts, 0) for attempts in (1, 2, 3, 4)]
    assert [2, 4, 8, 16] == [pause_seconds(attempts, 1) for attempts in (1, 2, 3, 4)]
    assert 600 == pause_seconds(60, 1)


def test_after_its_attempts_a_message_is_given_up_listed_and_can_be_tried_again(
    db: None, capsys: pytest.CaptureFixture
):
    message = tell(1, fails=MOST_ATTEMPTS)
    tell(2)

    for day in range(MOST_ATTEMPTS + 2):
        relay(now=NOW + timedelta(days=day))

    message.refresh_from_db()
    assert (Message.State.DEAD, MOST_ATTEMPTS) == (message.state, message.attempts)
    assert 2 == handled[-1], "the next message of the key goes on"
    call_command("dead_letters", "list")
    listed = f"{message.pk} test.told of order:1, 12 attempts: Refused: the mail server is asleep\n"
    assert listed == capsys.readouterr().out

    call_command("dead_letters", "retry", str(message.pk))
    relay(now=datetime.now(UTC))
    message.refresh_from_db()
    assert (Message.State.DONE, 1) == (message.state, handled[-1])


def test_retry_wants_a_number_and_leaves_messages_alone_that_are_not_dead(db: None):
    message = tell(1)

    with pytest.raises(CommandError, match=r"no message named\. Fix: retry 17"):
        call_command("dead_letters", "retry")
    assert 0 == retry_dead(message_ids=[message.pk], now=NOW)


def test_a_message_that_kills_its_process_every_time_is_given_up_too(db: None):
    message = tell(1)
    Message.objects.filter(pk=message.pk).update(attempts=MOST_ATTEMPTS)

    assert Message.State.DEAD == handle(message_id=message.pk, now=NOW)

    message.refresh_from_db()
    assert ("its process died in every attempt", []) == (message.reason, handled)


def test_what_is_done_is_not_handled_again(db: None):
    message = tell(1)
    handle(message_id=message.pk, now=NOW)

    assert handle(message_id=message.pk, now=NOW) is None
    assert handle(message_id=999_999, now=NOW) is None
    assert [1] == handled


def test_only_old_messages_that_are_done_are_forgotten(db: None):
    tell(1)
    relay(now=NOW)
    waiting = tell(2)

    assert 0 == services.forget_done(before=NOW)
    assert 1 == services.forget_done(before=LATER)
    assert [waiting] == list(Message.objects.all())


def test_one_command_relays_what_is_due(db: None, capsys: pytest.CaptureFixture):
    tell(1)

    call_command("relay")

    assert ("1 messages\n", [1]) == (capsys.readouterr().out, handled)
