"""What is sensitive asks for a log-in of the last five minutes, with the strongest means that the user has."""

import jwt
import pytest
from gatekeeper.buckets import MEMORY

from shop.accounts.models import Role, User
from shop.accounts.otp.conftest import Clock, Person
from shop.conftest import PASSWORD, ApiClient

FACTOR = "/api/v1/users/me/second-factor/"


def step_up(person: Person, credential: str) -> object:
    answer = person.post("step-up/", {"credential": credential})
    if answer.status_code == 200:
        person.client = ApiClient(answer.json()["access"])
    return answer


def asked_for(answer: object) -> str:
    """The means that a refusal asks for."""
    assert 401 == answer.status_code, answer.content
    assert answer.json()["type"].endswith(":insufficient-authentication")
    challenge = answer.headers["WWW-Authenticate"]
    # RFC 9470 section 3
    assert challenge.startswith('Bearer realm="shop", error="insufficient_user_authentication", acr_values="')
    assert challenge.endswith('max_age="300"')
    return challenge.split('acr_values="')[1].split('"')[0]


SENSITIVE = {
    "remove the factor": lambda person: person.client.delete(FACTOR),
    "make new recovery codes": lambda person: person.client.post(f"{FACTOR}recovery-codes/"),
    "change the password": lambda person: person.post(
        "password/", {"current_password": PASSWORD, "new_password": "nine lives of a cat"}
    ),
}


@pytest.mark.parametrize("name", SENSITIVE)
def test_a_password_is_too_weak_where_there_is_a_second_factor(guarded: Person, name: str):
    # The token is from before the enrolment: whoever has it knows the password at most.
    assert "second-factor" == asked_for(SENSITIVE[name](guarded))


@pytest.mark.parametrize("name", SENSITIVE)
def test_a_code_lets_through_for_five_minutes(guarded: Person, clock: Clock, name: str):
    assert 200 == step_up(guarded, guarded.app.code()).status_code
    clock.wait(300)

    assert SENSITIVE[name](guarded).status_code < 300


@pytest.mark.parametrize("name", SENSITIVE)
def test_after_five_minutes_it_is_asked_for_again(guarded: Person, clock: Clock, name: str):
    assert 200 == step_up(guarded, guarded.app.code()).status_code
    clock.wait(301)

    assert "second-factor" == asked_for(SENSITIVE[name](guarded))
    assert 200 == guarded.client.get(FACTOR).status_code  # what is not sensitive goes on


def test_without_a_second_factor_a_fresh_log_in_by_password_enrols_one(ada: Person, clock: Clock):
    clock.wait(301)
    assert "password" == asked_for(ada.client.post(FACTOR))

    stepped = step_up(ada, PASSWORD)

    assert (200, "password") == (stepped.status_code, stepped.json()["acr"])
    assert 201 == ada.client.post(FACTOR).status_code


def test_a_wrong_password_does_not_step_up_and_costs_a_try(ada: Person):
    assert [403] * 5 == [step_up(ada, PASSWORD + "!").status_code for _ in range(5)]

    assert 429 == step_up(ada, PASSWORD).status_code


def test_the_password_does_not_step_up_where_there_is_a_second_factor(guarded: Person):
    assert 403 == step_up(guarded, PASSWORD).status_code


def test_a_recovery_code_steps_up_for_whoever_lost_the_app(guarded: Person):
    assert 200 == step_up(guarded, guarded.recovery_codes[0]).status_code
    assert 204 == guarded.client.delete(FACTOR).status_code

    answer = ApiClient().post_json(
        "/api/v1/users/login/", {"email": guarded.user.email, "password": PASSWORD}
    )

    assert 200 == answer.status_code


def test_a_code_that_logged_in_does_not_step_up(guarded: Person):
    code = guarded.app.code()
    body = {"challenge": guarded.challenge(), "code": code}
    assert 200 == ApiClient().post_json("/api/v1/users/login/second-factor/", body).status_code

    assert 403 == step_up(guarded, code).status_code


def test_a_log_in_with_a_code_is_fresh_and_says_so_in_the_token(guarded: Person, clock: Clock):
    body = {"challenge": guarded.challenge(), "code": guarded.app.code()}
    tokens = ApiClient().post_json("/api/v1/users/login/second-factor/", body).json()

    claims = jwt.decode(tokens["access"], options={"verify_signature": False})

    assert ("second-factor", int(clock.now.timestamp())) == (claims["acr"], claims["auth_time"])
    assert 200 == ApiClient(tokens["access"]).post(f"{FACTOR}recovery-codes/").status_code


def test_a_renewed_token_is_as_old_as_its_log_in(guarded: Person, clock: Clock):
    body = {"challenge": guarded.challenge(), "code": guarded.app.code()}
    tokens = ApiClient().post_json("/api/v1/users/login/second-factor/", body).json()
    clock.wait(301)

    renewed = ApiClient().post_json("/api/v1/users/refresh/", {"refresh": tokens["refresh"]}).json()

    answer = ApiClient(renewed["access"]).post(f"{FACTOR}recovery-codes/")
    assert "second-factor" == asked_for(answer)


def test_a_stepped_up_token_ends_with_its_log_in(guarded: Person):
    step_up(guarded, guarded.app.code())

    guarded.client.post("/api/v1/users/logout/")

    assert 401 == guarded.client.get(FACTOR).status_code


def test_new_recovery_codes_end_the_old_ones(guarded: Person):
    step_up(guarded, guarded.app.code())
    codes = guarded.client.post(f"{FACTOR}recovery-codes/").json()["recovery_codes"]
    MEMORY.clear()

    assert not set(codes) & set(guarded.recovery_codes)
    assert 403 == step_up(guarded, guarded.recovery_codes[0]).status_code
    assert 200 == step_up(guarded, codes[0]).status_code


def test_an_admin_steps_up_before_giving_a_role(ada: Person, clock: Clock):
    User.objects.filter(pk=ada.user.pk).update(role=Role.ADMIN)
    other = User.objects.create_user("linus@example.com", PASSWORD)
    path = f"/api/v1/users/{other.pk}/"
    clock.wait(301)

    old = ada.client.patch(path, {"role": "seller"}, "application/json")
    step_up(ada, PASSWORD)
    fresh = ada.client.patch(path, {"role": "seller"}, "application/json")

    assert "password" == asked_for(old)
    assert (200, "seller") == (fresh.status_code, fresh.json()["role"])


def test_a_session_steps_up_under_a_new_id(ada: Person, clock: Clock):
    browser = ApiClient()
    browser.post_json("/api/v1/session/", {"email": ada.user.email, "password": PASSWORD})
    clock.wait(301)
    assert "password" == asked_for(browser.post(FACTOR))
    before = browser.cookies["sessionid"].value

    answer = browser.post_json("/api/v1/users/step-up/", {"credential": PASSWORD})

    assert (200, {"acr", "fresh_until"}) == (answer.status_code, set(answer.json()))
    assert before != browser.cookies["sessionid"].value
    assert 201 == browser.post(FACTOR).status_code
