"""The pages for admins: who gets in, how often one may try, what may be changed, and what a list costs."""

import os
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from gatekeeper.buckets import MEMORY

from shop.accounts.models import Role, TokenFamily, User
from shop.accounts.services import log_in
from shop.catalogue.models import Category, Product
from shop.conftest import PASSWORD
from shop.orders.models import Order
from shop.orders.services import Line, place_order

LOGIN = "/admin/login/?next=/admin/"


def enter(email: str, password: str = PASSWORD, **more: str) -> tuple[Client, object]:
    browser = Client(enforce_csrf_checks=True)
    browser.get(LOGIN)
    token = browser.cookies["csrftoken"].value
    form = {"username": email, "password": password, "csrfmiddlewaretoken": token, **more}
    return browser, browser.post(LOGIN, form)


@pytest.fixture
def admin(db: None) -> User:
    return User.objects.create_superuser("root@example.com", PASSWORD)


@pytest.fixture
def pages(admin: User) -> Client:
    """A browser in which the admin is logged in."""
    browser = Client()
    browser.force_login(admin)
    return browser


def test_an_admin_gets_in_by_session_and_nobody_else_does(admin: User, customer: User):
    User.objects.create_user("seller@example.com", PASSWORD, Role.SELLER)

    reached = {}
    for email in (admin.email, customer.email, "seller@example.com"):
        browser, answer = enter(email)
        reached[email] = (answer.status_code, browser.get("/admin/").status_code)

    assert {admin.email: (302, 200), customer.email: (200, 302), "seller@example.com": (200, 302)} == reached
    access = log_in(email=admin.email, password=PASSWORD).access
    assert 302 == Client(headers={"Authorization": f"Bearer {access}"}).get("/admin/").status_code


def test_a_form_without_the_csrf_token_is_refused(admin: User):
    answer = Client(enforce_csrf_checks=True).post(LOGIN, {"username": admin.email, "password": PASSWORD})

    assert (403, "application/problem+json") == (answer.status_code, answer.headers["Content-Type"])


@pytest.fixture
def limited(settings: object) -> Iterator[None]:
    settings.RATE_LIMITED = True
    settings.GATEKEEPER = settings.GATEKEEPER | {"REDIS_URL": ""}
    MEMORY.clear()
    yield
    MEMORY.clear()


def test_the_log_in_of_the_admin_has_the_same_limit_as_the_others(admin: User, limited: None):
    tries = [enter(admin.email, "wrong words")[1].status_code for _ in range(10)]

    _, answer = enter(admin.email)

    assert [200] * 10 == tries
    assert (429, "application/problem+json") == (answer.status_code, answer.headers["Content-Type"])
    assert int(answer.headers["Retry-After"]) <= 60


def test_a_role_that_was_taken_away_is_gone_at_once(pages: Client, admin: User):
    assert 200 == pages.get("/admin/").status_code

    User.objects.filter(pk=admin.pk).update(role=Role.CUSTOMER)

    assert 302 == pages.get("/admin/").status_code


def test_an_admin_changes_a_role_and_the_users_tokens_end(pages: Client, customer: User):
    log_in(email=customer.email, password=PASSWORD)

    answer = pages.post(f"/admin/accounts/user/{customer.pk}/change/", {"role": "seller", "is_active": "on"})

    customer.refresh_from_db()
    assert (302, Role.SELLER) == (answer.status_code, customer.role)
    assert not TokenFamily.objects.filter(ended_at=None).exists()


def test_admins_cannot_change_themselves_and_nobody_is_deleted(pages: Client, admin: User, customer: User):
    own = pages.post(f"/admin/accounts/user/{admin.pk}/change/", {"role": "customer"})
    deleted = pages.post(f"/admin/accounts/user/{customer.pk}/delete/", {"post": "yes"})

    assert (403, 403, 2) == (own.status_code, deleted.status_code, User.objects.count())


def fill(count: int) -> None:
    """So many users, products and orders, each order of another customer and another product."""
    category = Category.objects.create(name=f"Mugs {count}", slug=f"mugs-{count}")
    for number in range(count):
        user = User.objects.create_user(f"user{count}-{number}@example.com", None)
        product = Product.objects.create(
            name=f"Mug {number}",
            slug=f"mug-{count}-{number}",
            category=category,
            price_minor=900,
            stock=9,
            seller=user,
        )
        place_order(customer=user, lines=[Line(product.pk, 2)], now=timezone.now() - timedelta(days=number))


@pytest.mark.parametrize("page", ["accounts/user", "catalogue/category", "catalogue/product", "orders/order"])
def test_a_list_costs_as_many_statements_for_thirty_rows_as_for_three(pages: Client, page: str):
    def statements() -> int:
        with CaptureQueriesContext(
            connection,
        ) as context:
            assert 200 == pages.get(f"/admin/{page}/").status_code
        return len(context)

    fill(3)
    few = statements()
    fill(30)

    assert few == statements()
    assert few <= 7


@pytest.fixture
def an_order(customer: User, mug: Product) -> Order:
    return place_order(customer=customer, lines=[Line(mug.pk, 2)], now=timezone.now())


def test_what_was_paid_is_shown_and_cannot_be_changed(pages: Client, an_order: Order):
    address = f"/admin/orders/order/{an_order.pk}/change/"

    page = pages.get(address)
    answer = pages.post(address, {"status": "paid", "items-0-price_minor": "1"})

    assert "1800" in page.content.decode()
    assert (200, 403) == (page.status_code, answer.status_code)
    assert (900, "placed") == (an_order.items.get().price_minor, Order.objects.get().status)


@pytest.mark.parametrize(
    ("page", "words", "found"),
    [
        ("accounts/user", "ada@example.com", 1),
        ("accounts/user", "ada", 0),
        ("catalogue/product", "blue-mug", 1),
        ("orders/order", "ada@example.com", 1),
        ("orders/order", "no such thing", 0),
    ],
)
def test_a_search_asks_for_what_an_index_finds(
    pages: Client, an_order: Order, page: str, words: str, found: int
):
    with CaptureQueriesContext(connection) as context:
        answer = pages.get(f"/admin/{page}/", {"q": words})

    assert (200, found) == (answer.status_code, answer.context["cl"].result_count)
    assert not [query["sql"] for query in context if "LIKE" in query["sql"]]


def test_a_person_without_a_role_has_no_permission_in_the_admin():
    assert not AnonymousUser().is_staff
    assert not User(role=Role.ADMIN, is_active=False).has_perm("accounts.change_user")


def test_whoever_has_a_second_factor_needs_a_code_here_too(admin: User):
    from django_otp.oath import hotp

    from shop.accounts.otp import services

    now, secret = timezone.now(), bytes(range(20))
    step = int(now.timestamp()) // 30
    services.enrol(user=admin, secret=secret, now=now)
    codes = services.confirm(user=admin, code=f"{hotp(secret, step):06}", now=now, random_bytes=os.urandom)

    answers = [enter(admin.email, code=code)[1].status_code for code in ("", "12345", codes[0], codes[0])]

    assert [200, 200, 302, 200] == answers
