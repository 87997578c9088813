"""Log in at the provider that ships with the shop, over HTTP, and everything that somebody could send in its place."""

import secrets
from dataclasses import replace
from urllib.parse import parse_qs, parse_qsl, urlencode, urljoin, urlsplit

import pytest
import requests
from django.utils import timezone

from shop.accounts.models import User
from shop.accounts.oidc import provider as protocol
from shop.accounts.oidc.conftest import CALLBACK
from shop.accounts.oidc.models import Identity
from shop.conftest import PASSWORD, ApiClient
from shop.provider.running import Person, Running

LOG_IN = "/api/v1/oidc/log-in/"


def path_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


def asked_of(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def changed(url: str, **changes: str | None) -> str:
    """`url` with other parameters; None takes one out."""
    query = {name: value for name, value in (asked_of(url) | changes).items() if value is not None}
    return urlsplit(url)._replace(query=urlencode(query)).geturl()


def come_back(shop: ApiClient, person: Person, *, url: str = "") -> str:
    """Begin at the shop and log in at the provider; where the provider sends the browser, which does not go there."""
    return person.go(url or shop.get(LOG_IN).headers["Location"])


def client(provider: Running) -> protocol.Client:
    return protocol.Client(provider.issuer, "shop", provider.client_secret, CALLBACK)


def whoami(shop: ApiClient) -> str | None:
    user = shop.get("/api/v1/session/").json()["user"]
    return user and user["email"]


def test_somebody_new_is_registered_logged_in_and_sent_to_the_page_they_wanted(
    shop: ApiClient, grace: Person
):
    begun = shop.get(f"{LOG_IN}?next=/orders/7%3Fpage=2")
    assert (302, "no-store") == (begun.status_code, begun.headers["Cache-Control"])
    before = shop.cookies["sessionid"].value

    answer = shop.get(path_of(grace.go(begun.headers["Location"])))

    assert (302, "/orders/7?page=2") == (answer.status_code, answer.headers["Location"])
    assert "grace@example.com" == whoami(shop)
    assert before != shop.cookies["sessionid"].value
    assert not User.objects.get().has_usable_password()


def test_the_same_person_comes_back_to_the_same_account_whatever_its_address_is_now(
    shop: ApiClient, grace: Person
):
    shop.get(path_of(come_back(shop, grace)))
    User.objects.update(email="grace@elsewhere.example")
    other = ApiClient()

    other.get(path_of(come_back(other, grace)))

    assert "grace@elsewhere.example" == whoami(other)
    assert (1, 1) == (User.objects.count(), Identity.objects.count())


def test_what_is_asked_of_the_provider_keeps_the_verifier_and_the_secret_here(
    shop: ApiClient, provider: Running
):
    asked = asked_of(shop.get(LOG_IN).headers["Location"])

    (kept,) = shop.session["oidc"].values()
    assert {
        "response_type",
        "client_id",
        "redirect_uri",
        "scope",
        "state",
        "nonce",
        "code_challenge",
        "code_challenge_method",
    } == set(asked)
    assert ("code", "S256", "openid email") == (
        asked["response_type"],
        asked["code_challenge_method"],
        asked["scope"],
    )
    assert not {kept["flow"]["verifier"], provider.client_secret} & set(asked.values())


def test_an_address_that_the_provider_does_not_vouch_for_registers_nobody(shop: ApiClient, mallory: Person):
    answer = shop.get(path_of(come_back(shop, mallory)))

    assert 403 == answer.status_code
    assert "does not vouch" in answer.json()["detail"]
    assert not User.objects.exists()


def test_an_account_with_a_password_is_not_taken_over_by_its_address(shop: ApiClient, grace: Person):
    User.objects.create_user("grace@example.com", PASSWORD)

    answer = shop.get(path_of(come_back(shop, grace)))

    assert 409 == answer.status_code
    assert answer.json()["type"].endswith(":account-exists")
    assert whoami(shop) is None
    assert not Identity.objects.exists()


def log_in_by_password(shop: ApiClient, email: str) -> dict[str, str]:
    token = {"X-CSRFToken": shop.get("/api/v1/session/").json()["csrf_token"]}
    body = {"email": email, "password": PASSWORD}
    answer = shop.post("/api/v1/session/", body, "application/json", headers=token)
    return {"X-CSRFToken": answer.json()["csrf_token"]}


def test_its_owner_links_it_after_a_log_in_and_uses_either_from_then_on(shop: ApiClient, grace: Person):
    owner = User.objects.create_user("grace@example.com", PASSWORD)
    headers = log_in_by_password(shop, owner.email)
    assert 403 == shop.post("/api/v1/oidc/link/", {}, "application/json").status_code
    begun = shop.post("/api/v1/oidc/link/", {"next": "/account"}, "application/json", headers=headers)

    linked = shop.get(path_of(grace.go(begun.json()["authorization_url"])))

    assert (302, "/account") == (linked.status_code, linked.headers["Location"])
    later = ApiClient()
    later.get(path_of(come_back(later, grace)))
    assert owner.email == whoami(later)


@pytest.mark.parametrize("name", ["another address", "an identity that is linked"])
def test_nothing_is_linked_that_is_not_the_owners(shop: ApiClient, grace: Person, name: str):
    if name == "an identity that is linked":
        first = ApiClient()
        first.get(path_of(come_back(first, grace)))
        User.objects.update(email="grace@elsewhere.example")
    email = {"another address": "ada@example.com"}.get(name, "grace@example.com")
    headers = log_in_by_password(shop, User.objects.create_user(email, PASSWORD).email)
    begun = shop.post("/api/v1/oidc/link/", {}, "application/json", headers=headers)

    answer = shop.get(path_of(grace.go(begun.json()["authorization_url"])))

    assert 409 == answer.status_code
    assert answer.json()["type"].endswith(":not-linked")


def test_a_closed_account_stays_closed(shop: ApiClient, grace: Person):
    shop.get(path_of(come_back(shop, grace)))
    User.objects.update(is_active=False)
    other = ApiClient()

    assert 403 == other.get(path_of(come_back(other, grace))).status_code
    assert whoami(other) is None


def test_an_account_with_a_second_factor_is_asked_for_its_code_as_well(shop: ApiClient, grace: Person):
    from shop.accounts.otp.models import Factor

    shop.get(path_of(come_back(shop, grace)))
    now = timezone.now()
    Factor.objects.create(user=User.objects.get(), secret="kept", created_at=now, confirmed_at=now)
    other = ApiClient()

    answer = other.get(path_of(come_back(other, grace)))

    assert (202, "second_factor_required") == (answer.status_code, answer.json()["status"])
    assert whoami(other) is None


def test_whoever_declines_at_the_provider_is_not_logged_in(shop: ApiClient, grace: Person):
    back = grace.go(shop.get(LOG_IN).headers["Location"], consents=False)

    answer = shop.get(path_of(back))

    assert ("access_denied", 403) == (asked_of(back)["error"], answer.status_code)
    assert whoami(shop) is None


def test_a_log_in_by_the_provider_is_as_old_as_the_password_there(shop: ApiClient, grace: Person):
    shop.get(path_of(come_back(shop, grace)))
    other = ApiClient()
    other.get(path_of(come_back(other, grace)))

    assert ("provider", "provider") == (shop.session["acr"], other.session["acr"])
    assert 0 < shop.session["auth_time"] == other.session["auth_time"] <= timezone.now().timestamp()


def test_the_provider_can_be_made_to_ask_again(shop: ApiClient, grace: Person):
    come_back(shop, grace)  # it knows the browser

    page = grace.browser.get(shop.get(f"{LOG_IN}?again=true").headers["Location"], timeout=10)

    assert "/login/" in page.url


# What somebody could send in its place. Nobody is logged in by any of it.


def refused(shop: ApiClient, url: str, kind: str = "bad-answer") -> None:
    answer = shop.get(path_of(url))
    assert 400 == answer.status_code, answer.content
    assert answer.json()["type"].endswith(f":{kind}")
    assert whoami(shop) is None
    assert not Identity.objects.exists()


def test_an_answer_with_another_state_is_refused(shop: ApiClient, grace: Person):
    refused(shop, changed(come_back(shop, grace), state="x" * 43))


def test_an_answer_without_a_state_is_refused(shop: ApiClient, grace: Person):
    refused(shop, changed(come_back(shop, grace), state=None))


def test_the_exchange_itself_refuses_an_answer_to_another_flow(
    shop: ApiClient, grace: Person, provider: Running
):
    back = come_back(shop, grace)
    (kept,) = shop.session["oidc"].values()
    flow = replace(protocol.Flow(**kept["flow"]), state=secrets.token_urlsafe(32))

    with pytest.raises(protocol.BadAnswer, match="state"):
        protocol.finish(client(provider), flow, asked_of(back), now=timezone.now())


def test_an_answer_that_another_browser_began_is_refused(shop: ApiClient, grace: Person):
    # Log-in CSRF: the visitor would shop on, and pay, in the account of whoever sent the link.
    refused(ApiClient(), come_back(shop, grace))


def test_an_answer_works_once(shop: ApiClient, grace: Person):
    back = come_back(shop, grace)
    assert 302 == shop.get(path_of(back)).status_code

    assert 400 == shop.get(path_of(back)).status_code
    assert {} == shop.session["oidc"]  # and the shop did not have to ask the provider


def test_an_answer_after_ten_minutes_is_refused(
    shop: ApiClient, grace: Person, monkeypatch: pytest.MonkeyPatch
):
    from datetime import timedelta

    back, later = come_back(shop, grace), timezone.now() + timedelta(minutes=10)
    monkeypatch.setattr(timezone, "now", lambda: later)

    answer = shop.get(path_of(back))

    assert 400 == answer.status_code
    assert "began no such log-in" in answer.json()["detail"]


def test_a_code_is_exchanged_once_even_if_the_flow_is_begun_again(
    shop: ApiClient, grace: Person, provider: Running
):
    back = come_back(shop, grace)
    (kept,) = shop.session["oidc"].values()
    flow, now = protocol.Flow(**kept["flow"]), timezone.now()
    assert "grace@example.com" == protocol.finish(client(provider), flow, asked_of(back), now=now)["email"]

    with pytest.raises(protocol.BadAnswer, match="refused the code"):
        protocol.finish(client(provider), flow, asked_of(back), now=now)


def test_a_code_of_another_flow_is_refused(shop: ApiClient, grace: Person):
    # Code injection: a stolen code in a flow of the thief's own, whose verifier is another one.
    stolen = asked_of(come_back(ApiClient(), grace))["code"]

    refused(shop, changed(come_back(shop, grace), code=stolen))


def exchange(provider: Running, **parameters: str) -> requests.Response:
    return requests.post(
        f"{provider.issuer}/token/",
        {"grant_type": "authorization_code", "redirect_uri": CALLBACK} | parameters,
        auth=("shop", provider.client_secret),
        timeout=10,
    )


@pytest.mark.parametrize("verifier", [None, "", "x" * 43])
def test_a_code_without_its_verifier_is_worth_nothing(
    shop: ApiClient, grace: Person, provider: Running, verifier: str | None
):
    code = asked_of(come_back(shop, grace))["code"]

    answer = exchange(provider, code=code, **({} if verifier is None else {"code_verifier": verifier}))

    assert 400 == answer.status_code
    assert "access_token" not in answer.text


@pytest.mark.parametrize("method", ["plain", None])
def test_a_challenge_that_was_downgraded_to_plain_gets_no_code(
    shop: ApiClient, grace: Person, method: str | None
):
    back = come_back(
        shop, grace, url=changed(shop.get(LOG_IN).headers["Location"], code_challenge_method=method)
    )

    assert "code" not in asked_of(back)
    assert "invalid_request" == asked_of(back)["error"]


def test_a_request_without_a_challenge_gets_no_code(shop: ApiClient, grace: Person):
    url = changed(shop.get(LOG_IN).headers["Location"], code_challenge=None, code_challenge_method=None)

    answer = grace.browser.get(url, allow_redirects=False, timeout=10)

    assert "code" not in asked_of(answer.headers["Location"])


@pytest.mark.parametrize(
    "elsewhere",
    [
        "http://evil.example/",
        CALLBACK + "x",
        CALLBACK.removesuffix("/"),
        CALLBACK.replace("testserver", "testserver.evil.example"),
        CALLBACK + "../open/?to=http://evil.example/",
    ],
)
def test_a_redirect_uri_that_is_not_registered_gets_a_page_and_no_redirect(
    shop: ApiClient, grace: Person, elsewhere: str
):
    grace.go(shop.get(LOG_IN).headers["Location"])  # the provider knows the browser now
    url = changed(shop.get(LOG_IN).headers["Location"], redirect_uri=elsewhere)

    answer = grace.browser.get(url, allow_redirects=False, timeout=10)

    assert 400 == answer.status_code
    assert "Location" not in answer.headers


def test_an_answer_of_another_issuer_is_refused(shop: ApiClient, grace: Person):
    # Mix-up: the browser was sent to one provider, and the answer is another one's.
    refused(shop, changed(come_back(shop, grace), iss="http://127.0.0.1:9/o"))


def test_an_answer_that_hides_its_issuer_is_refused(shop: ApiClient, grace: Person):
    refused(shop, changed(come_back(shop, grace), iss=None))


def test_an_id_token_with_the_nonce_of_another_flow_is_refused(
    shop: ApiClient, grace: Person, provider: Running
):
    back = come_back(shop, grace)
    (kept,) = shop.session["oidc"].values()
    flow = replace(protocol.Flow(**kept["flow"]), nonce=secrets.token_urlsafe(32))

    with pytest.raises(protocol.BadAnswer, match="ID token"):
        protocol.finish(client(provider), flow, asked_of(back), now=timezone.now())


def test_metadata_of_another_issuer_is_refused(provider: Running):
    same = provider.issuer.replace("127.0.0.1", "localhost")

    with pytest.raises(protocol.ProviderDown, match="another issuer"):
        protocol.discover(replace(client(provider), issuer=same))


@pytest.mark.parametrize(
    "elsewhere",
    [
        "http://evil.example/",
        "https:evil.example",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/a\r\nSet-Cookie: a=b",
        "/ /evil.example",
        "javascript:alert(1)",
        "evil.example",
        "/ä",
        "",
    ],
)
def test_nobody_is_sent_to_another_host_afterwards(shop: ApiClient, provider: Running, elsewhere: str):
    answer = shop.get(LOG_IN, {"next": elsewhere})

    assert (400, ["next"]) == (answer.status_code, [each["parameter"] for each in answer.json()["errors"]])


@pytest.mark.parametrize("path", ["/", "/orders/7", "/a?next=//evil.example", "/a@b", "/%2f%2fevil.example"])
def test_a_path_stays_on_this_host(shop: ApiClient, provider: Running, path: str):
    assert 302 == shop.get(LOG_IN, {"next": path}).status_code
    (kept,) = shop.session["oidc"].values()

    assert (
        "shop.example" == urlsplit(urljoin("https://shop.example/api/v1/oidc/callback/", kept["next"])).netloc
    )


def test_a_browser_keeps_its_five_newest_flows(shop: ApiClient, provider: Running):
    states = [
        dict(parse_qsl(urlsplit(shop.get(LOG_IN).headers["Location"]).query))["state"] for _ in range(7)
    ]

    assert states[-5:] == list(shop.session["oidc"])


def test_without_a_provider_there_is_nothing_to_log_in_by(shop: ApiClient, settings: object):
    settings.OIDC = {"issuer": "", "client_id": "", "client_secret": ""}

    for path in (LOG_IN, "/api/v1/oidc/callback/?state=x"):
        answer = shop.get(path)

        assert 404 == answer.status_code
        assert answer.json()["type"].endswith(":no-provider")


def test_a_provider_that_does_not_answer_is_said_to_be_down(shop: ApiClient, settings: object):
    settings.OIDC = {"issuer": "http://127.0.0.1:9/o", "client_id": "shop", "client_secret": "x"}

    answer = shop.get(LOG_IN)

    assert (503, "60") == (answer.status_code, answer.headers["Retry-After"])
    assert answer.json()["type"].endswith(":provider-down")
