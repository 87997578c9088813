from datetime import UTC, datetime, timedelta

import jwt
import pytest
from django.conf import settings
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken

from shop.accounts.models import User
from shop.accounts.services import Tokens, log_in
from shop.conftest import PASSWORD, ApiClient


@pytest.fixture
def tokens(customer: User) -> Tokens:
    return log_in(email=customer.email, password=PASSWORD)


def claims(token: str) -> dict[str, object]:
    return jwt.decode(token, options={"verify_signature": False})


def signed(changes: dict[str, object], tokens: Tokens, key: str = "", algorithm: str = "HS256") -> str:
    payload = {name: value for name, value in (claims(tokens.access) | changes).items() if value is not None}
    return jwt.encode(payload, key or settings.SECRET_KEY, algorithm=algorithm)


def ask(token: str) -> int:
    return ApiClient(token).get("/api/v1/orders/1/").status_code


def test_the_access_token_of_a_log_in_opens_the_api(tokens: Tokens):
    assert 404 == ask(tokens.access)  # there is no order yet, and it may be looked for
    assert 401 == ask("")


def test_a_token_made_here_as_the_service_makes_it_is_accepted(tokens: Tokens):
    # So that the refusals below are for what each forgery changes, and not for how this test builds tokens.
    assert 404 == ask(signed({}, tokens))


FORGERIES = {
    "signed with another key": lambda tokens: signed({}, tokens, key="x" * 50),
    "not signed (alg none)": lambda tokens: jwt.encode(claims(tokens.access), None, algorithm="none"),
    "signed with another algorithm": lambda tokens: signed({}, tokens, algorithm="HS384"),
    "expired": lambda tokens: signed({"exp": datetime.now(UTC) - timedelta(seconds=1)}, tokens),
    "without an end": lambda tokens: signed({"exp": None}, tokens),
    "from another issuer": lambda tokens: signed({"iss": "another shop"}, tokens),
    "without an issuer": lambda tokens: signed({"iss": None}, tokens),
    "for another audience": lambda tokens: signed({"aud": "another shop"}, tokens),
    "without an audience": lambda tokens: signed({"aud": None}, tokens),
    "without a user": lambda tokens: signed({"sub": None}, tokens),
    "of a user who is gone": lambda tokens: signed({"sub": "999999"}, tokens),
    "a refresh token": lambda tokens: tokens.refresh,
    "another user's number under our signature": lambda tokens: ".".join(
        [
            *jwt.encode(claims(tokens.access) | {"sub": "2"}, "x" * 50).split(".")[:2],
            tokens.access.rpartition(".")[2],
        ]
    ),
    "no token at all": lambda _: "mug",
    "not ASCII": lambda _: "mög",
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_token_that_does_not_hold_is_refused(name: str, tokens: Tokens):
    answer = ApiClient(FORGERIES[name](tokens)).get("/api/v1/orders/1/")

    assert (401, "application/problem+json") == (answer.status_code, answer.headers["Content-Type"])
    assert 'Bearer realm="shop"' == answer.headers["WWW-Authenticate"]


def test_a_user_who_was_locked_out_is_refused_at_once(tokens: Tokens, customer: User, anybody: ApiClient):
    User.objects.filter(pk=customer.pk).update(is_active=False)

    assert 401 == ask(tokens.access)
    assert 401 == anybody.post_json("/api/v1/users/refresh/", {"refresh": tokens.refresh}).status_code


def test_a_refresh_token_gives_a_new_access_token(tokens: Tokens, anybody: ApiClient):
    answer = anybody.post_json("/api/v1/users/refresh/", {"refresh": tokens.refresh})

    assert 200 == answer.status_code
    assert 404 == ask(answer.json()["access"])
    assert "no-store" == answer.headers["Cache-Control"]


@pytest.mark.parametrize("name", ["an access token", "a user who is gone", "expired", "nonsense"])
def test_only_a_valid_refresh_token_renews(name: str, tokens: Tokens, customer: User, anybody: ApiClient):
    token = {"an access token": tokens.access, "nonsense": "mug"}.get(name, tokens.refresh)
    if name == "a user who is gone":
        customer.delete()
    if name == "expired":
        old = RefreshToken.for_user(customer)
        old.set_exp(lifetime=-timedelta(seconds=1))
        token = str(old)

    answer = anybody.post_json("/api/v1/users/refresh/", {"refresh": token})

    assert 401 == answer.status_code
    assert answer.json()["type"].endswith(":bad-token")


def test_a_token_tells_whose_it_is_and_for_how_long_and_nothing_else(tokens: Tokens, customer: User):
    payload = claims(tokens.access)

    assert {"token_type", "exp", "iat", "jti", "sub", "iss", "aud"} == set(payload)
    assert (str(customer.pk), "shop", "shop") == (payload["sub"], payload["iss"], payload["aud"])
    assert 15 * 60 == payload["exp"] - payload["iat"]
    assert "HS256" == jwt.get_unverified_header(tokens.access)["alg"]
    assert AccessToken(tokens.access)
