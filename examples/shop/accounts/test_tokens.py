from datetime import UTC, datetime, timedelta
from io import StringIO

import jwt
import pytest
from django.conf import settings
from django.core.management import call_command
from django.utils import timezone

from shop.accounts import services
from shop.accounts.models import TokenFamily, User
from shop.accounts.services import Tokens, log_in
from shop.accounts.tokens import key_id
from shop.conftest import PASSWORD, ApiClient

OLD_KEY = "the key of last year, of which no secret is left 0123456789"


@pytest.fixture
def tokens(customer: User) -> Tokens:
    return log_in(email=customer.email, password=PASSWORD)


def claims(token: str) -> dict[str, object]:
    return jwt.decode(token, options={"verify_signature": False})


def signed(
    changes: dict[str, object], tokens: Tokens, key: str = "", algorithm: str = "HS256", kid: object = ""
) -> str:
    payload = {name: value for name, value in (claims(tokens.access) | changes).items() if value is not None}
    headers = {"kid": key_id(settings.SECRET_KEY) if kid == "" else kid} if kid is not None else None
    return jwt.encode(payload, key or settings.SECRET_KEY, algorithm=algorithm, headers=headers)


def ask(token: str) -> int:
    return ApiClient(token).get("/api/v1/orders/1/").status_code


def renew(token: str) -> object:
    return ApiClient().post_json("/api/v1/users/refresh/", {"refresh": token})


def test_the_access_token_of_a_log_in_opens_the_api(tokens: Tokens):
    assert 404 == ask(tokens.access)  # there is no order yet, and it may be looked for
    assert 401 == ask("")


def test_a_token_made_here_as_the_service_makes_it_is_accepted(tokens: Tokens):
    # So that the refusals below are for what each forgery changes, and not for how this test builds tokens.
    assert 404 == ask(signed({}, tokens))


def used(tokens: Tokens) -> str:
    """The access token of a family whose first refresh token came twice."""
    services.renew(refresh=tokens.refresh)
    renew(tokens.refresh)
    return tokens.access


def logged_out(tokens: Tokens) -> str:
    ApiClient(tokens.access).post("/api/v1/users/logout/")
    return tokens.access


def password_changed(tokens: Tokens) -> str:
    user = User.objects.get(pk=claims(tokens.access)["sub"])
    services.change_password(user=user, current=PASSWORD, new=PASSWORD + " staple", now=timezone.now())
    return tokens.access


def locked_out(tokens: Tokens) -> str:
    User.objects.filter(pk=claims(tokens.access)["sub"]).update(is_active=False)
    return tokens.access


def of_another_user(tokens: Tokens) -> str:
    """Our signature, a family that holds, and the number of a user whose family it is not."""
    grace = User.objects.create_user("grace@example.com", PASSWORD)
    return signed({"sub": str(grace.pk)}, tokens)


FORGERIES = {
    "signed with another key": lambda tokens: signed({}, tokens, key="x" * 50),
    "not signed (alg none)": lambda tokens: jwt.encode(
        claims(tokens.access), None, algorithm="none", headers={"kid": key_id(settings.SECRET_KEY)}
    ),
    "signed with another algorithm": lambda tokens: signed({}, tokens, algorithm="HS384"),
    "with the name of no key": lambda tokens: signed({}, tokens, kid=None),
    "with the name of an unknown key": lambda tokens: signed({}, tokens, kid="00000000"),
    "with a path for the name of its key": lambda tokens: signed({}, tokens, key="", kid="../../dev/null"),
    "signed with an old key under the name of the new one": lambda tokens: signed({}, tokens, key=OLD_KEY),
    "signed with an old key that was taken off the list": lambda tokens: signed(
        {}, tokens, key="a key before the old key 0123456789 0123456789 01234", kid=key_id("a key before")
    ),
    "expired": lambda tokens: signed({"exp": datetime.now(UTC) - timedelta(seconds=1)}, tokens),
    "without an end": lambda tokens: signed({"exp": None}, tokens),
    "from another issuer": lambda tokens: signed({"iss": "another shop"}, tokens),
    "without an issuer": lambda tokens: signed({"iss": None}, tokens),
    "for another audience": lambda tokens: signed({"aud": "another shop"}, tokens),
    "without an audience": lambda tokens: signed({"aud": None}, tokens),
    "without a user": lambda tokens: signed({"sub": None}, tokens),
    "of a user who is gone": lambda tokens: signed({"sub": "999999"}, tokens),
    "of another user": of_another_user,
    "without a family": lambda tokens: signed({"sid": None}, tokens),
    "of a family that never was": lambda tokens: signed(
        {"sid": "00000000-0000-4000-8000-000000000000"}, tokens
    ),
    "a refresh token": lambda tokens: tokens.refresh,
    "another user's number under our signature": lambda tokens: ".".join(
        [
            *jwt.encode(claims(tokens.access) | {"sub": "2"}, "x" * 50).split(".")[:2],
            tokens.access.rpartition(".")[2],
        ]
    ),
    "revoked by logging out": logged_out,
    "revoked by a new password": password_changed,
    "revoked because a refresh token was reused": used,
    "of a user who was locked out": locked_out,
    "no token at all": lambda _: "mug",
    "not ASCII": lambda _: "mög",
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_token_that_does_not_hold_is_refused(name: str, tokens: Tokens, settings: object):
    settings.SECRET_KEY_FALLBACKS = [OLD_KEY]

    answer = ApiClient(FORGERIES[name](tokens)).get("/api/v1/orders/1/")

    assert (401, "application/problem+json") == (answer.status_code, answer.headers["Content-Type"])
    assert 'Bearer realm="shop"' == answer.headers["WWW-Authenticate"]


def test_an_old_key_verifies_and_signs_nothing(tokens: Tokens, customer: User, settings: object):
    new_key, settings.SECRET_KEY = settings.SECRET_KEY, OLD_KEY
    before = log_in(email=customer.email, password=PASSWORD)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = new_key, [OLD_KEY]

    after = services.renew(refresh=before.refresh)

    assert 404 == ask(before.access)
    assert [key_id(OLD_KEY), key_id(new_key), key_id(new_key)] == [
        jwt.get_unverified_header(token)["kid"] for token in (before.access, after.access, after.refresh)
    ]
    settings.SECRET_KEY_FALLBACKS = []
    assert (401, 404) == (ask(before.access), ask(after.access))


def test_one_statement_finds_the_user_and_whether_the_tokens_were_revoked(
    tokens: Tokens, django_assert_num_queries: object
):
    with django_assert_num_queries(2):  # and the one for the order
        ask(tokens.access)


def test_a_refresh_token_gives_two_new_tokens_that_nobody_may_store(tokens: Tokens):
    answer = renew(tokens.refresh)

    assert (200, "no-store") == (answer.status_code, answer.headers["Cache-Control"])
    fresh = answer.json()
    assert 404 == ask(fresh["access"])
    assert 404 == ask(tokens.access)  # until its own end
    assert 200 == renew(fresh["refresh"]).status_code


def test_a_refresh_token_that_comes_twice_ends_its_family_and_no_other(
    tokens: Tokens, customer: User, caplog: pytest.LogCaptureFixture
):
    other = log_in(email=customer.email, password=PASSWORD)
    stolen, fresh = tokens.refresh, renew(tokens.refresh).json()

    answer = renew(stolen)

    assert (401, True) == (answer.status_code, answer.json()["type"].endswith(":bad-token"))
    assert (401, 401) == (ask(fresh["access"]), renew(fresh["refresh"]).status_code)
    assert (404, 200) == (ask(other.access), renew(other.refresh).status_code)
    assert "a used refresh token came again" in caplog.text
    assert stolen not in caplog.text


@pytest.mark.parametrize(
    "name", ["an access token", "a user who is gone", "locked out", "expired", "logged out", "nonsense"]
)
def test_only_a_valid_refresh_token_renews(name: str, tokens: Tokens, customer: User):
    token = {"an access token": tokens.access, "nonsense": "mug"}.get(name, tokens.refresh)
    if name == "a user who is gone":
        customer.delete()
    if name == "locked out":
        locked_out(tokens)
    if name == "logged out":
        logged_out(tokens)
    if name == "expired":
        yesterday = timezone.now() - timedelta(days=1, seconds=1)
        token = log_in(email=customer.email, password=PASSWORD, now=yesterday).refresh

    answer = renew(token)

    assert 401 == answer.status_code
    assert answer.json()["type"].endswith(":bad-token")


def test_no_renewal_carries_a_log_in_beyond_thirty_days(customer: User):
    now = timezone.now()
    began = now - timedelta(days=29, hours=12)
    tokens = log_in(email=customer.email, password=PASSWORD, now=began)
    TokenFamily.objects.update(expires_at=now + timedelta(hours=1))  # as if it had been renewed every day
    young = jwt.encode(
        claims(tokens.refresh) | {"exp": now + timedelta(hours=1)},
        settings.SECRET_KEY,
        headers={"kid": key_id(settings.SECRET_KEY)},
    )

    renewed = services.renew(refresh=young, now=now)

    assert int((began + timedelta(days=30)).timestamp()) == claims(renewed.refresh)["exp"]


def test_logging_out_everywhere_ends_every_family(tokens: Tokens, customer: User):
    other = log_in(email=customer.email, password=PASSWORD)

    assert 204 == ApiClient(tokens.access).post("/api/v1/users/logout-everywhere/").status_code

    assert {401} == {ask(tokens.access), ask(other.access), renew(other.refresh).status_code}


def test_a_new_password_needs_the_old_one_and_ends_every_family(tokens: Tokens, customer: User):
    new = "nine lives of a cat"

    def change(current: str, to: str) -> object:
        body = {"current_password": current, "new_password": to}
        return ApiClient(tokens.access).post_json("/api/v1/users/password/", body)

    wrong, weak = change("not my password", new), change(PASSWORD, "password123")
    assert (403, "#/current_password") == (wrong.status_code, wrong.json()["errors"][0]["pointer"])
    assert (400, "#/new_password") == (weak.status_code, weak.json()["errors"][0]["pointer"])
    assert 404 == ask(tokens.access)

    assert 204 == change(PASSWORD, new).status_code
    assert {401} == {ask(tokens.access), renew(tokens.refresh).status_code}
    with pytest.raises(services.WrongCredentials):
        log_in(email=customer.email, password=PASSWORD)
    assert log_in(email=customer.email, password=new)


def test_no_token_is_stored_and_what_is_stored_is_swept_away_when_it_is_of_no_use(
    tokens: Tokens, customer: User
):
    stored = str(TokenFamily.objects.values().get())
    assert tokens.refresh not in stored
    assert claims(tokens.refresh)["jti"] in stored  # which opens nothing without our signature
    log_in(email=customer.email, password=PASSWORD, now=timezone.now() - timedelta(days=2))
    out = StringIO()

    call_command("clean_up_logins", stdout=out)

    assert "1 token families deleted" in out.getvalue()
    assert (1, 404) == (TokenFamily.objects.count(), ask(tokens.access))


def test_a_token_tells_whose_it_is_and_how_and_for_how_long_and_nothing_else(tokens: Tokens, customer: User):
    payload = claims(tokens.access)

    known = {"token_type", "exp", "iat", "jti", "sub", "iss", "aud", "sid", "acr", "auth_time"}
    assert known == set(payload)
    assert (str(customer.pk), "shop", "shop") == (payload["sub"], payload["iss"], payload["aud"])
    assert 15 * 60 == payload["exp"] - payload["iat"]
    assert "HS256" == jwt.get_unverified_header(tokens.access)["alg"]
