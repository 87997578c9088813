"""Logging in by cookie: who may read the cookie, which requests count, and what ends it."""

import re
from io import StringIO

import pytest
from django.conf import settings as configured
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from shop.accounts import services
from shop.accounts.models import Role, User
from shop.conftest import PASSWORD, ApiClient

SESSION = "/api/v1/session/"
LOGOUT = "/api/v1/users/logout-everywhere/"


class Browser(Client):
    """Keeps cookies, checks the CSRF token as a live shop does, and sends it where told to."""

    def __init__(self, **settings: object) -> None:
        super().__init__(enforce_csrf_checks=True, **settings)
        self.token = ""

    def open(self) -> dict:
        content = self.get(SESSION).json()
        self.token = content["csrf_token"]
        return content

    def send(self, method: str, path: str, body: object = "", token: str | None = None) -> object:
        headers = {"X-CSRFToken": self.token if token is None else token}
        ask = getattr(self, method.lower())
        return ask(path, body, content_type="application/json", headers=headers)

    def log_in(self, user: User) -> object:
        self.open()
        answer = self.send("POST", SESSION, {"email": user.email, "password": PASSWORD})
        self.token = answer.json().get("csrf_token", "")
        return answer


@pytest.fixture
def browser(customer: User) -> Browser:
    """A browser in which the customer is logged in."""
    browser = Browser()
    assert 200 == browser.log_in(customer).status_code
    return browser


def test_a_browser_logs_in_asks_who_it_is_and_logs_out(customer: User):
    browser = Browser()
    assert browser.open()["user"] is None

    answer = browser.log_in(customer)

    expected = {"id": customer.pk, "email": customer.email, "role": "customer", "is_active": True}
    assert (200, expected) == (answer.status_code, answer.json()["user"])
    assert expected == browser.open()["user"]
    assert 404 == browser.get("/api/v1/orders/1/").status_code
    assert "no-store" == answer.headers["Cache-Control"]
    assert 204 == browser.send("DELETE", SESSION).status_code
    assert browser.open()["user"] is None
    assert 401 == browser.get("/api/v1/orders/1/").status_code
    assert not Session.objects.exists()


def test_no_script_reads_the_cookies_and_no_other_site_sends_them_with_a_change(browser: Browser):
    for name in (configured.SESSION_COOKIE_NAME, configured.CSRF_COOKIE_NAME):
        cookie = browser.cookies[name]

        assert (True, "Lax", "/", "") == (
            cookie["httponly"],
            cookie["samesite"],
            cookie["path"],
            cookie["domain"],
        )


@pytest.mark.parametrize("token", ["", "x" * 64, "of another browser"])
@pytest.mark.parametrize("method", ["POST", "DELETE", "log in"])
def test_a_change_by_cookie_without_the_csrf_token_is_refused(browser: Browser, method: str, token: str):
    if " " in token:
        other = Browser()
        other.open()
        token = other.token
    request = {
        "POST": ("POST", "/api/v1/orders/", {"items": [{"product_id": 1, "quantity": 1}]}),
        "DELETE": ("DELETE", SESSION, ""),
        "log in": ("POST", SESSION, {"email": "ada@example.com", "password": PASSWORD}),
    }[method]

    answer = browser.send(*request, token=token)

    assert (403, "application/problem+json") == (answer.status_code, answer.headers["Content-Type"])
    assert answer.json()["type"].endswith(":csrf-failed")
    assert browser.open()["user"]


def test_the_same_change_with_the_csrf_token_gets_through(browser: Browser):
    body = {"items": [{"product_id": 1, "quantity": 1}]}

    assert 409 == browser.send("POST", "/api/v1/orders/", body).status_code  # there is no product yet


def test_a_form_of_another_site_changes_nothing(browser: Browser):
    answer = browser.post(LOGOUT, {"csrfmiddlewaretoken": "x"})

    assert 403 == answer.status_code
    assert browser.open()["user"]


def test_a_token_needs_no_csrf_token_and_counts_before_the_cookie(browser: Browser):
    grace = User.objects.create_user("grace@example.com", PASSWORD, Role.SELLER)
    access = services.log_in(email=grace.email, password=PASSWORD).access

    answer = browser.post(LOGOUT, headers={"Authorization": f"Bearer {access}"})

    assert 204 == answer.status_code
    assert "ada@example.com" == browser.open()["user"]["email"]
    assert 401 == ApiClient(access).get("/api/v1/orders/1/").status_code


def test_a_session_id_from_before_the_log_in_is_worth_nothing_after_it(customer: User):
    browser, attacker = Browser(), Browser()
    session = browser.session  # what an attacker planted in the browser
    session["planted"] = True
    session.save()
    attacker.cookies[configured.SESSION_COOKIE_NAME] = session.session_key

    browser.log_in(customer)

    assert session.session_key != browser.cookies[configured.SESSION_COOKIE_NAME].value
    assert attacker.open()["user"] is None


@pytest.mark.parametrize("ending", ["everywhere", "password", "role", "closed"])
def test_what_ends_every_session_ends_this_one(browser: Browser, customer: User, ending: str):
    admin, now = User.objects.create_superuser("root@example.com", PASSWORD), timezone.now()
    if ending == "everywhere":
        services.log_out_everywhere(user=customer, now=now)
    if ending == "password":
        services.change_password(user=customer, current=PASSWORD, new=PASSWORD + " staple", now=now)
    if ending in ("role", "closed"):
        changes = {"role": Role.SELLER} if ending == "role" else {"is_active": False}
        services.change_access(user_id=customer.pk, admin=admin, changes=changes, now=now)

    assert browser.open()["user"] is None
    assert 401 == browser.get("/api/v1/orders/1/").status_code


def test_a_key_that_replaced_another_keeps_the_sessions_of_before(browser: Browser, settings: object):
    old, settings.SECRET_KEY = settings.SECRET_KEY, "a new key of fifty characters 0123456789 0123456789"
    settings.SECRET_KEY_FALLBACKS = [old]
    assert browser.open()["user"]

    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another key of fifty characters 0123456789 0123", []
    assert browser.open()["user"] is None


def test_a_wrong_password_begins_no_session(customer: User):
    browser = Browser()
    browser.open()

    answer = browser.send("POST", SESSION, {"email": customer.email, "password": PASSWORD + "!"})

    assert (401, False) == (answer.status_code, Session.objects.exists())


def test_sessions_that_are_over_are_swept_away(browser: Browser):
    assert 1 == Session.objects.count()
    Session.objects.update(expire_date=timezone.now())

    call_command("clean_up_logins", stdout=StringIO())

    assert not Session.objects.exists()


def test_a_request_without_a_cookie_reads_no_session(anybody: ApiClient, django_assert_num_queries: object):
    with django_assert_num_queries(0):
        answer = anybody.get(SESSION)

    assert re.fullmatch(r"\w{64}", answer.json()["csrf_token"])
