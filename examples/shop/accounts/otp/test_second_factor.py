import pytest
from cryptography.fernet import Fernet

from shop.accounts.models import TokenFamily, User
from shop.accounts.otp import services
from shop.accounts.otp.conftest import App, Clock, Person
from shop.accounts.otp.models import Factor, RecoveryCode
from shop.conftest import PASSWORD, ApiClient

RFC_SECRET = b"12345678901234567890"
# RFC 6238 appendix B, SHA-1; its eight digits end with our six.
RFC_VECTORS = {
    59: "94287082",
    1111111109: "07081804",
    1111111111: "14050471",
    1234567890: "89005924",
    2000000000: "69279037",
    20000000000: "65353130",
}


def log_in(person: Person, code: str, challenge: str = "") -> object:
    body = {"challenge": challenge or person.challenge(), "code": code}
    return ApiClient().post_json("/api/v1/users/login/second-factor/", body)


@pytest.mark.parametrize("seconds", RFC_VECTORS)
def test_the_codes_are_those_of_the_rfc(seconds: int):
    from datetime import UTC, datetime

    now = datetime.fromtimestamp(seconds, UTC)

    step = services.matching_step(secret=RFC_SECRET, code=RFC_VECTORS[seconds][2:], now=now, after=-1)

    assert seconds // 30 == step


def test_a_factor_that_was_not_confirmed_guards_nothing(ada: Person):
    answer = ada.client.post("/api/v1/users/me/second-factor/")

    assert 201 == answer.status_code
    assert answer.json()["secret"] in answer.json()["otpauth_url"]
    assert "no-store" == answer.headers["Cache-Control"]
    assert 404 == ada.client.get("/api/v1/users/me/second-factor/").status_code
    again = ApiClient().post_json("/api/v1/users/login/", {"email": ada.user.email, "password": PASSWORD})
    assert 200 == again.status_code


def test_a_confirmed_factor_is_asked_for_at_log_in(guarded: Person):
    before = TokenFamily.objects.count()

    password = ApiClient().post_json(
        "/api/v1/users/login/", {"email": guarded.user.email, "password": PASSWORD}
    )

    assert (202, {"status", "challenge"}) == (password.status_code, set(password.json()))
    assert before == TokenFamily.objects.count()
    code = log_in(guarded, guarded.app.code(), password.json()["challenge"])
    assert (200, {"access", "refresh"}) == (code.status_code, set(code.json()))
    assert 200 == ApiClient(code.json()["access"]).get(f"/api/v1/users/{guarded.user.pk}/").status_code


def test_the_service_that_knows_a_password_alone_hands_out_no_tokens(guarded: Person):
    from shop.accounts.services import log_in
    from shop.accounts.step_up import SecondFactorNeeded

    with pytest.raises(SecondFactorNeeded):
        log_in(email=guarded.user.email, password=PASSWORD)


@pytest.mark.parametrize(("steps", "status"), [(-2, 401), (-1, 200), (0, 200), (1, 200), (2, 401)])
def test_a_code_of_the_step_before_and_after_is_accepted_and_no_other(
    guarded: Person, steps: int, status: int
):
    assert status == log_in(guarded, guarded.app.code(steps)).status_code


def test_a_code_works_once(guarded: Person):
    code = guarded.app.code()
    assert 200 == log_in(guarded, code).status_code

    replayed = log_in(guarded, code)

    assert 401 == replayed.status_code
    assert replayed.json()["type"].endswith(":wrong-code")


def test_a_code_of_an_earlier_step_is_refused_after_a_later_one(guarded: Person):
    assert 200 == log_in(guarded, guarded.app.code(1)).status_code

    assert 401 == log_in(guarded, guarded.app.code()).status_code


def test_the_code_that_confirmed_does_not_log_in(ada: Person, clock: Clock):
    import base64

    app = App(base64.b32decode(ada.client.post("/api/v1/users/me/second-factor/").json()["secret"]), clock)
    code = app.code()
    assert 200 == ada.post("me/second-factor/confirm/", {"code": code}).status_code

    assert 401 == log_in(ada, code).status_code


def test_a_challenge_works_once_and_ends_the_others(guarded: Person, clock: Clock):
    first, second = guarded.challenge(), guarded.challenge()
    assert 200 == log_in(guarded, guarded.app.code(), first).status_code
    clock.wait(30)

    for challenge in (first, second):
        answer = log_in(guarded, guarded.app.code(), challenge)

        assert 401 == answer.status_code
        assert answer.json()["type"].endswith(":bad-challenge")


def test_a_challenge_ends_after_five_minutes(guarded: Person, clock: Clock):
    challenge = guarded.challenge()
    clock.wait(300)

    assert log_in(guarded, guarded.app.code(), challenge).json()["type"].endswith(":bad-challenge")


def test_a_challenge_ends_with_the_password_it_stood_for(guarded: Person):
    challenge = guarded.challenge()
    guarded.user.set_password("nine lives of a cat")
    guarded.user.save()

    assert log_in(guarded, guarded.app.code(), challenge).json()["type"].endswith(":bad-challenge")


def test_a_challenge_belongs_to_its_account(guarded: Person, db: None):
    from django.core import signing

    mallory = User.objects.create_user("mallory@example.com", PASSWORD)
    values = signing.loads(guarded.challenge(), salt=services.SALT)
    forged = signing.dumps([mallory.pk, *values[1:]], key="x" * 50, salt=services.SALT)
    moved = signing.dumps([mallory.pk, *values[1:]], salt=services.SALT)

    for challenge in (forged, moved, "mug", f"{guarded.challenge()}x"):
        answer = log_in(guarded, guarded.app.code(), challenge)

        assert answer.json()["type"].endswith(":bad-challenge"), challenge


def test_a_user_who_was_locked_out_gets_no_further_with_a_code(guarded: Person):
    challenge = guarded.challenge()
    User.objects.filter(pk=guarded.user.pk).update(is_active=False)

    assert log_in(guarded, guarded.app.code(), challenge).json()["type"].endswith(":bad-challenge")


def test_five_wrong_codes_and_the_right_one_has_to_wait(guarded: Person, clock: Clock):
    challenge = guarded.challenge()
    wrong = f"{(int(guarded.app.code()) + 1) % 1000000:06}"
    assert [401] * 5 == [log_in(guarded, wrong, challenge).status_code for _ in range(5)]

    refused = log_in(guarded, guarded.app.code(), challenge)

    assert (429, "300") == (refused.status_code, refused.headers["Retry-After"])
    assert '"second-factor";r=0' in refused.headers["RateLimit"]
    clock.wait(299)
    assert 429 == log_in(guarded, guarded.app.code(), challenge).status_code
    clock.wait(1)
    assert 200 == log_in(guarded, guarded.app.code()).status_code


def test_the_tries_of_one_user_cost_another_nothing(guarded: Person):
    for user_id in [guarded.user.pk + 1] * 6:
        services.TRIES.take(user_id, 0)

    assert 200 == log_in(guarded, guarded.app.code()).status_code


def test_each_recovery_code_works_once_in_place_of_a_code(guarded: Person, clock: Clock):
    assert (10, 10) == (len(set(guarded.recovery_codes)), RecoveryCode.objects.count())
    first, second = guarded.recovery_codes[:2]

    assert 200 == log_in(guarded, first).status_code
    assert 401 == log_in(guarded, first).status_code
    assert 200 == log_in(guarded, second.upper()).status_code
    state = guarded.client.get("/api/v1/users/me/second-factor/")
    assert 8 == state.json()["recovery_codes_left"]


def test_recovery_codes_are_kept_as_hashes_only(guarded: Person):
    kept = set(RecoveryCode.objects.values_list("digest", flat=True))

    assert not kept & set(guarded.recovery_codes)
    assert {64} == {len(digest) for digest in kept}


def test_the_secret_is_kept_encrypted(guarded: Person):
    kept = Factor.objects.get().secret

    assert services.base32(guarded.app.secret) not in kept
    assert guarded.app.secret.hex() not in kept
    assert services.decrypt(kept) == guarded.app.secret


def test_an_old_key_still_reads_what_it_encrypted(guarded: Person, settings: object):
    old, new = (Fernet.generate_key().decode() for _ in range(2))
    settings.FACTOR_KEYS = [old]
    kept = services.encrypt(b"secret")

    settings.FACTOR_KEYS = [new, old]

    assert b"secret" == services.decrypt(kept)


def test_where_the_key_was_lost_recovery_codes_still_log_in(
    guarded: Person, settings: object, caplog: object
):
    settings.FACTOR_KEYS = [Fernet.generate_key().decode()]

    assert 401 == log_in(guarded, guarded.app.code()).status_code
    assert f"The second factor of user {guarded.user.pk} cannot be read" in caplog.text
    assert 200 == log_in(guarded, guarded.recovery_codes[0]).status_code


@pytest.mark.parametrize("code", ["12345", "1234567", "١٢٣٤٥٦", "12345a", "", 123456, "-12345", "a" * 27])
def test_what_is_no_code_is_refused_without_a_try(guarded: Person, code: object):
    challenge = guarded.challenge()

    for _ in range(6):
        answer = ApiClient().post_json(
            "/api/v1/users/login/second-factor/", {"challenge": challenge, "code": code}
        )

        assert (400, ["#/code"]) == (
            answer.status_code,
            [each["pointer"] for each in answer.json()["errors"]],
        )


def test_a_second_enrolment_replaces_only_what_was_not_confirmed(ada: Person, clock: Clock):
    import base64

    first, second = (ada.client.post("/api/v1/users/me/second-factor/").json()["secret"] for _ in range(2))

    old = ada.post("me/second-factor/confirm/", {"code": App(base64.b32decode(first), clock).code()})
    new = ada.post("me/second-factor/confirm/", {"code": App(base64.b32decode(second), clock).code()})

    assert (403, 200) == (old.status_code, new.status_code)


def test_what_cannot_be_done_to_a_factor_says_why(ada: Person, clock: Clock):
    assert "no-second-factor" in ada.post("me/second-factor/confirm/", {"code": "123456"}).json()["type"]
    assert "no-second-factor" in ada.post("me/second-factor/recovery-codes/").json()["type"]
    assert "no-second-factor" in ada.client.delete("/api/v1/users/me/second-factor/").json()["type"]


def test_a_browser_logs_in_by_cookie_in_two_steps_and_needs_the_csrf_token(guarded: Person):
    browser = ApiClient(enforce_csrf_checks=True)
    token = {"X-CSRFToken": browser.get("/api/v1/session/").json()["csrf_token"]}
    credentials = {"email": guarded.user.email, "password": PASSWORD}

    password = browser.post("/api/v1/session/", credentials, "application/json", headers=token)
    assert 202 == password.status_code
    assert browser.get("/api/v1/session/").json()["user"] is None
    body = {"challenge": password.json()["challenge"], "code": guarded.app.code()}
    path = "/api/v1/session/second-factor/"
    assert 403 == browser.post(path, body, "application/json").status_code
    assert 200 == browser.post(path, body, "application/json", headers=token).status_code

    assert guarded.user.email == browser.get("/api/v1/session/").json()["user"]["email"]
    assert "second-factor" == browser.session["acr"]
