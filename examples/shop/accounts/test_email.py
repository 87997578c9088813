"""Another e-mail address: who has to agree, what a stranger learns, and what ends."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from shop.accounts import services
from shop.accounts.models import EmailChange, TokenFamily, User
from shop.accounts.services import log_in
from shop.accounts.step_up import PASSWORD as BY_PASSWORD
from shop.accounts.step_up import SECOND_FACTOR, authentication
from shop.conftest import PASSWORD, ApiClient
from shop.outbox.models import Message
from shop.outbox.services import relay

NEW = "ada@new.example"
CONFIRM = "/api/v1/users/email/confirm/"


def ask(client: ApiClient, email: str = NEW) -> object:
    """Ask for an address, and let the mails leave."""
    mail.outbox.clear()
    answer = client.post_json("/api/v1/users/me/email/", {"email": email})
    relay(now=timezone.now())
    return answer


def mailed() -> dict[str, tuple[str, str]]:
    """Subject and token, if there is one, of the newest mail to each address."""
    tokens = {each: re.search(r"^\S+:\S+$", each.body, re.MULTILINE) for each in mail.outbox}
    return {each.to[0]: (each.subject, token[0] if token else "") for each, token in tokens.items()}


def confirm(token: str) -> object:
    return ApiClient().post_json(CONFIRM, {"token": token})


def email_of(user: User) -> str:
    user.refresh_from_db()
    return user.email


def test_with_a_password_alone_both_addresses_have_to_agree(logged_in: ApiClient, customer: User):
    asked = ask(logged_in, "Ada@New.example")
    tokens = {address: token for address, (_, token) in mailed().items()}
    assert (202, ["current", "new"]) == (asked.status_code, asked.json()["confirm_at"])

    first = confirm(tokens[NEW])
    assert (200, False, "ada@example.com") == (
        first.status_code,
        first.json()["is_changed"],
        email_of(customer),
    )
    second = confirm(tokens["ada@example.com"])

    assert (200, True, NEW) == (second.status_code, second.json()["is_changed"], email_of(customer))
    assert log_in(email=NEW, password=PASSWORD)


def test_with_a_second_factor_the_present_address_is_told_and_not_asked(customer: User, monkeypatch):
    monkeypatch.setattr("shop.accounts.step_up.has_second_factor", lambda _: True)
    monkeypatch.setattr("shop.accounts.api.has_second_factor", lambda _: True)
    now = timezone.now()
    proofs = {
        proof: services.begin_tokens(user=customer, now=now, claims=authentication(proof, now))
        for proof in (BY_PASSWORD, SECOND_FACTOR)
    }

    refused = ask(ApiClient(proofs[BY_PASSWORD].access))
    asked = ask(ApiClient(proofs[SECOND_FACTOR].access))
    told = mailed()

    assert (401, 202, ["new"]) == (refused.status_code, asked.status_code, asked.json()["confirm_at"])
    assert ("Your account gets another address", "") == told["ada@example.com"]
    assert confirm(told[NEW][1]).json()["is_changed"]
    assert NEW == email_of(customer)


def test_an_old_log_in_asks_for_no_address(customer: User):
    now = timezone.now()
    proof = authentication(BY_PASSWORD, now - timedelta(seconds=301))

    answer = ask(ApiClient(services.begin_tokens(user=customer, now=now, claims=proof).access))

    assert (401, []) == (answer.status_code, mail.outbox)
    assert answer.json()["type"].endswith(":insufficient-authentication")


def test_a_stranger_does_not_learn_who_has_an_address(logged_in: ApiClient):
    grace = User.objects.create_user("grace@example.com", PASSWORD)
    answers = {}
    for email in ("grace@example.com", "nobody@example.com"):
        with CaptureQueriesContext(connection) as statements:
            answer = logged_in.post_json("/api/v1/users/me/email/", {"email": email})
        answers[email] = (
            answer.status_code,
            answer.json()["confirm_at"],
            sorted(answer.json()),
            len(statements),
        )
        mail.outbox.clear()
        relay(now=timezone.now())
        told = mailed()
        agreed = confirm(told["ada@example.com"][1])
        answers[email] += (agreed.status_code, agreed.json(), len(told))

    assert answers["grace@example.com"] == answers["nobody@example.com"]
    assert "grace@example.com" == email_of(grace)


def test_whoever_has_the_address_is_told_and_gets_no_token(logged_in: ApiClient, customer: User):
    User.objects.create_user(NEW, PASSWORD)

    ask(logged_in)

    assert ("You have an account with this address", "") == mailed()[NEW]


def test_an_address_that_somebody_registers_meanwhile_is_refused_and_nothing_changes(
    logged_in: ApiClient, customer: User
):
    ask(logged_in)
    tokens = [token for _, token in mailed().values()]
    User.objects.create_user(NEW, PASSWORD)

    statuses = [confirm(token).status_code for token in tokens]

    assert ([200, 409], "ada@example.com") == (statuses, email_of(customer))


@pytest.mark.parametrize(
    "after",
    [
        "the address changed",
        "an hour",
        "another wish",
        "a new password",
        "the account closed",
        "it agreed",
        "it was tampered with",
    ],
)
def test_a_token_holds_once_for_an_hour_and_for_the_last_wish(
    logged_in: ApiClient, customer: User, after: str
):
    ask(logged_in)
    present, new = mailed()["ada@example.com"][1], mailed()[NEW][1]
    if after == "the address changed":
        assert [200, 200] == [confirm(token).status_code for token in (present, new)]
    elif after == "an hour":
        EmailChange.objects.update(asked_at=timezone.now() - services.EMAIL_CHANGE_LIFETIME)
    elif after == "another wish":
        ask(logged_in, "ada@third.example")
    elif after == "a new password":
        services.change_password(
            user=customer, current=PASSWORD, new="nine lives of a cat", now=timezone.now()
        )
    elif after == "the account closed":
        User.objects.update(is_active=False)
    elif after == "it agreed":
        confirm(new)
    else:
        new = new.replace("W", "X", 1)
    before = email_of(customer)

    answer = confirm(new)

    assert (403, before) == (answer.status_code, email_of(customer))
    assert answer.json()["type"].endswith(":bad-confirmation")


def test_a_changed_address_ends_every_log_in_and_both_addresses_are_told(
    logged_in: ApiClient, customer: User
):
    ask(logged_in)
    for _, token in mailed().values():
        confirm(token)
    mail.outbox.clear()

    relay(now=timezone.now())

    assert {
        "ada@example.com": ("Your address has changed", ""),
        NEW: ("Your address has changed", ""),
    } == mailed()
    assert not TokenFamily.objects.filter(ended_at=None).exists()
    assert 401 == logged_in.get(f"/api/v1/users/{customer.pk}/").status_code


def test_a_message_that_is_handled_twice_mails_once_and_keeps_no_token(logged_in: ApiClient):
    ask(logged_in)
    tokens = [token for _, token in mailed().values()]
    mail.outbox.clear()
    Message.objects.update(state=Message.State.WAITING)

    relay(now=timezone.now())

    assert [] == mail.outbox
    assert not [each for each in Message.objects.all() for token in tokens if token in str(each.payload)]


def test_the_own_address_is_no_other_address(logged_in: ApiClient):
    answer = ask(logged_in, "ADA@example.com")

    assert (400, "#/email") == (answer.status_code, answer.json()["errors"][0]["pointer"])


def test_wishes_that_have_ended_are_forgotten(logged_in: ApiClient):
    ask(logged_in)
    now = timezone.now()

    services.forget_logins(now=now)
    assert EmailChange.objects.exists()
    services.forget_logins(now=now + services.EMAIL_CHANGE_LIFETIME)

    assert not EmailChange.objects.exists()
