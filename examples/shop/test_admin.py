"""The pages for admins: who gets in, how often one may try, what may be changed, and what a list costs."""

import os
import re
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
from shop.caching.services import catalogue
from shop.catalogue.models import Category, Product
from shop.conftest import PASSWORD
from shop.orders.models import Order
from shop.orders.services import Line, place_order

LOGIN = "/admin/login/?next=/admin/"


def enter(email: str, password: str = PASSWORD, **more: str) -> tuple[Client, object]:
    browser = Client(enforce_csrf_checks=True)
    return browser, fill_in(browser, LOGIN, username=email, password=password, **more)


def fill_in(browser: Client, address: str, **values: str) -> object:
    """Send the form of a page as a person would, who sees its fields and no others."""
    page = browser.get(address).content.decode()
    shown = re.findall(r'<(?:input|select|textarea)[^>]* name="(\w+)"', page)
    assert set(values) <= set(shown), f"{address} shows {shown}"
    form = {"csrfmiddlewaretoken": browser.cookies["csrftoken"].value, **values}
    return browser.post(address, form)


@pytest.fixture
def admin(db: None) -> User:
    return User.objects.create_superuser("root@example.com", PASSWORD)


@pytest.fixture
def pages(admin: User) -> Client:
    """A browser in which the admin has logged in a moment ago."""
    browser, _ = enter(admin.email)
    browser.handler.enforce_csrf_checks = False  # a refusal is then never for want of the token
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


def wait(browser: Client, seconds: int) -> None:
    """Let the log-in of `browser` be older."""
    session = browser.session
    session["auth_time"] -= seconds
    session.save()


def test_a_role_is_changed_after_the_admin_was_recognised_again(pages: Client, customer: User):
    address = f"/admin/accounts/user/{customer.pk}/change/"
    wait(pages, 301)

    asked = fill_in(pages, address, role="seller", is_active="on")
    customer.refresh_from_db()
    assert (302, Role.CUSTOMER) == (asked.status_code, customer.role)
    wrong = fill_in(pages, asked.url, credential=PASSWORD + "!")
    before = pages.session.session_key
    right = fill_in(pages, asked.url, credential=PASSWORD)
    fill_in(pages, right.url, role="seller", is_active="on")

    customer.refresh_from_db()
    assert (200, 302, address) == (wrong.status_code, right.status_code, right.url)
    assert (Role.SELLER, True) == (customer.role, before != pages.session.session_key)


def test_a_page_for_admins_is_looked_at_without_being_recognised_again(pages: Client, customer: User):
    wait(pages, 301)

    assert 200 == pages.get(f"/admin/accounts/user/{customer.pk}/change/").status_code


def test_whoever_has_a_second_factor_steps_up_by_a_code(
    pages: Client, admin: User, customer: User, factor: list[str]
):
    # Logged in before the factor was there: by password, which is too weak from now on.
    asked = fill_in(pages, f"/admin/accounts/user/{customer.pk}/change/", role="seller")

    wrong = fill_in(pages, asked.url, credential=PASSWORD)
    right = fill_in(pages, asked.url, credential=factor[0])

    assert (200, 302) == (wrong.status_code, right.status_code)
    assert 302 == fill_in(pages, right.url, role="seller").status_code
    customer.refresh_from_db()
    assert Role.SELLER == customer.role


def test_guesses_at_a_step_up_are_counted(pages: Client, limited: None):
    answers = [fill_in(pages, "/admin/step-up/", credential=f"guess {number}") for number in range(6)]

    assert [200] * 6 == [answer.status_code for answer in answers]
    assert ["Too many tries" in answer.content.decode() for answer in answers] == [False] * 5 + [True]


def test_a_step_up_leads_to_no_other_host(pages: Client):
    answer = fill_in(pages, "/admin/step-up/?next=https://evil.example/", credential=PASSWORD)

    assert (302, "/admin/") == (answer.status_code, answer.url)


def test_a_step_up_is_for_admins(customer: User):
    browser, _ = enter(customer.email)

    assert [302, 302] == [
        Client().get("/admin/step-up/").status_code,
        browser.get("/admin/step-up/").status_code,
    ]


@pytest.fixture
def factor(admin: User) -> list[str]:
    """Recovery codes of the admin, who has a second factor."""
    from django_otp.oath import hotp

    from shop.accounts.otp import services

    now, secret = timezone.now(), bytes(range(20))
    step = int(now.timestamp()) // 30
    services.enrol(user=admin, secret=secret, now=now)
    return services.confirm(user=admin, code=f"{hotp(secret, step):06}", now=now, random_bytes=os.urandom)


def test_whoever_has_a_second_factor_needs_a_code_here_too(admin: User, factor: list[str]):
    answers = [enter(admin.email, code=code)[1].status_code for code in ("", "12345", factor[0], factor[0])]

    assert [200, 200, 302, 200] == answers


def test_a_password_changed_here_ends_every_log_in_as_in_the_api(pages: Client, admin: User):
    log_in(email=admin.email, password=PASSWORD)
    new = {"new_password1": "nine lives of a cat", "new_password2": "nine lives of a cat"}

    answer = fill_in(pages, "/admin/password_change/", old_password=PASSWORD, **new)

    admin.refresh_from_db()
    assert (302, True) == (answer.status_code, admin.check_password("nine lives of a cat"))
    assert not TokenFamily.objects.filter(ended_at=None).exists()
    assert 302 == pages.get("/admin/").status_code


def test_a_password_is_changed_by_whoever_was_recognised_a_moment_ago(pages: Client):
    wait(pages, 301)

    answer = pages.get("/admin/password_change/")

    assert (302, "/admin/step-up/?next=%2Fadmin%2Fpassword_change%2F") == (answer.status_code, answer.url)


@pytest.mark.parametrize("sold", [0, 1])
def test_a_product_that_was_sold_since_the_page_was_opened_is_not_overwritten(
    pages: Client, customer: User, mug: Product, sold: int
):
    address = f"/admin/catalogue/product/{mug.pk}/change/"
    form = pages.get(address).context["adminform"].form.initial | {
        "name": "Mug",
        "seller": "",
        "is_active": "on",
    }
    if sold:
        place_order(customer=customer, lines=[Line(mug.pk, sold)], now=timezone.now())

    answer = pages.post(address, form)

    mug.refresh_from_db()
    assert {0: (302, "Mug", 5), 1: (200, "Blue mug", 4)}[sold] == (answer.status_code, mug.name, mug.stock)
    assert sold == answer.content.decode().count("It was changed, or sold,")


def test_what_is_added_and_changed_here_is_dropped_from_the_cache(
    pages: Client, mug: Product, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: object
):
    forgotten = []
    monkeypatch.setattr(catalogue, "forget", lambda *parts: forgotten.append(parts[0]))

    with django_capture_on_commit_callbacks(execute=True):
        for thing in (f"product/{mug.pk}/change", f"category/{mug.category_id}/change", "category/add"):
            page = f"/admin/catalogue/{thing}/"
            shown = pages.get(page).context["adminform"].form.initial
            form = shown | {"name": thing, "slug": thing.replace("/", "-"), "seller": ""}
            assert 302 == pages.post(page, form).status_code, thing

    assert ["products", "categories", "categories"] == forgotten


def test_the_admin_offers_what_the_shop_has_and_no_groups(pages: Client):
    index = pages.get("/admin/").content.decode()

    offered = dict.fromkeys(re.findall(r'href="/admin/\w+/(\w+)/"', index))
    assert ["user", "category", "product", "order"] == list(offered)
    assert "View site" not in index
