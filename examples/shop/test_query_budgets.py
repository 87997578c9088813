"""How many statements each operation that reads may run, whatever the size of what it answers."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import yaml
from conventions.management.commands.export_spec import SPECS
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shop.accounts.models import Role, User
from shop.accounts.services import log_in
from shop.catalogue.models import Category, Product
from shop.conftest import PASSWORD, ApiClient
from shop.orders.services import Line, place_order

NOW = datetime(2026, 1, 5, tzinfo=UTC)
# By the operation's id: the address, and the most statements. With a token one of them looks its user up.
BUDGETS = {
    "listCategories": ("/api/v1/categories/", 1),
    "getCategory": ("/api/v1/categories/c-0/", 1),
    "listProducts": ("/api/v1/products/?page_size=100", 1),
    "getProduct": ("/api/v1/products/{product}/", 1),
    "listProductsV2": ("/api/v2/products/?page_size=100", 1),
    "getProductV2": ("/api/v2/products/{product}/", 1),
    "listOrders": ("/api/v1/orders/?page_size=100", 3),
    "getOrder": ("/api/v1/orders/{order}/", 3),
    "getOrderHistory": ("/api/v1/orders/{order}/history/", 3),
    "getPayment": ("/api/v1/orders/{order}/payments/{payment}/", 4),
    "getUser": ("/api/v1/users/{user}/", 2),
    "getSession": ("/api/v1/session/", 2),
    "readSecondFactor": ("/api/v1/users/me/second-factor/", 3),
}
# Their answers are redirections to a provider, or need one that answers.
ELSEWHERE = {"oidcLogIn", "oidcCallback"}
READERS = [(name, role) for name in BUDGETS for role in Role]


def reading_operations() -> set[str]:
    paths = yaml.safe_load((SPECS / "shop.yaml").read_text(encoding="utf-8"))["paths"]
    return {item["get"]["operationId"] for item in paths.values() if "get" in item}


def lacking(operations: set[str]) -> str:
    """What to tell a person whose operation has no budget; empty where each has one."""
    names = ", ".join(sorted(operations - set(BUDGETS) - ELSEWHERE))
    return (
        f"{names}: no query budget. Fix: add a line to BUDGETS in examples/shop/test_query_budgets.py"
        * bool(names)
    )


def fill(user: User, size: int) -> dict[str, int]:
    """So many categories, products, orders and lines; something of each to ask for."""
    categories = [Category.objects.create(name=f"C{n}", slug=f"c-{n}") for n in range(size)]
    seller = user if user.role == Role.SELLER else None
    products = [
        Product.objects.create(
            name=f"P{n}", slug=f"p-{n}", category=category, price_minor=n, stock=10**6, seller=seller
        )
        for n, category in enumerate(categories)
    ]
    lines = [Line(product.pk, 1) for product in products]
    orders = [place_order(customer=user, lines=lines, now=NOW) for _ in range(size)]
    from shop.payments.services import start_payment

    payment = start_payment(order_id=orders[0].pk, customer=user, source="tok_ok", reference="r", now=NOW)
    return {"product": products[0].pk, "order": orders[0].pk, "user": user.pk, "payment": payment.pk}


def test_every_operation_that_reads_has_a_budget():
    fault = lacking(reading_operations())

    assert not fault, fault


def test_an_operation_without_a_budget_is_named_with_what_to_add():
    assert "listHats: no query budget. Fix: add a line to BUDGETS in examples/shop/" in lacking({"listHats"})


@pytest.fixture
def reader(request: pytest.FixtureRequest, db: None) -> Iterator[tuple[str, User, ApiClient]]:
    name, role = request.param
    user = User.objects.create_user("reader@example.com", PASSWORD, role)
    return name, user, ApiClient(log_in(email=user.email, password=PASSWORD).access)


@pytest.mark.parametrize("reader", READERS, indirect=True, ids=lambda reader: f"{reader[0]}-{reader[1]}")
@pytest.mark.parametrize("size", [1, 5])
def test_an_operation_keeps_its_budget_whatever_it_answers(reader: tuple[str, User, ApiClient], size: int):
    name, user, client = reader
    address, budget = BUDGETS[name]
    address = address.format(**fill(user, size))

    with CaptureQueriesContext(connection) as ran:
        answer = client.get(address)

    assert answer.status_code == (404 if name == "readSecondFactor" else 200), (address, answer.content)
    assert len(ran) <= budget, [query["sql"][:200] for query in ran]
    results = answer.json().get("results") if isinstance(answer.json(), dict) else answer.json()
    assert not name.startswith("list") or size == len(results)
