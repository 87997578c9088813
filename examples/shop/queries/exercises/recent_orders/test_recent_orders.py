"""Judge `recent_orders`: what it shows, how many queries it takes for several sizes, and what these read."""

import os
import re
from collections import Counter

import pytest

pytestmark = pytest.mark.django_db  # for pytest-django, where it is in use

MOST_QUERIES = 5
ORDERS, ITEMS = 30, 3
ASKED_AGAIN = {
    "orders_orderitem": "the items are asked for order by order: prefetch them for all orders at once, before the loop",
    "catalogue_product": "a product is asked for item by item: name it in the query that reads the items",
    "catalogue_category": "a category is asked for product by product: a relation of a relation is written with __",
    "orders_order": "the orders are asked for one by one: read the page of orders in one query",
}


@pytest.fixture(scope="module", autouse=True)
def shop(request):
    """A shop where Ada has 30 orders, Grace one and Linus none; on PostgreSQL where SHOP_ON_POSTGRESQL is set."""
    if request.config.pluginmanager.hasplugin("django"):  # pytest-django has a database of its own
        request.getfixturevalue("django_db_setup")
        with request.getfixturevalue("django_db_blocker").unblock():
            from django.db import transaction

            with transaction.atomic():
                yield customers()
                transaction.set_rollback(True)
    else:
        from conventions.throwaway import throwaway

        with throwaway("shop", postgresql="SHOP_ON_POSTGRESQL" in os.environ):
            yield customers()


def customers():
    from many_orders import add_orders, add_products
    from shop.accounts.models import User

    made = {
        name: User.objects.create_user(f"{name}@example.com", "unused") for name in ("ada", "grace", "linus")
    }
    products = add_products(40)
    add_orders(made["ada"], products, count=ORDERS, items=ITEMS)
    add_orders(made["grace"], products[7:], count=1, items=1)
    return made


def ask(customer, size):
    """The reader's answer, and the statements that it took."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext
    from recent_orders import recent_orders

    with CaptureQueriesContext(connection) as captured:
        answer = recent_orders(customer, size)
    return answer, [query["sql"] for query in captured.captured_queries]


def first_tables(statements):
    """How often each table is the first that a statement reads."""
    return Counter(found[1] for sql in statements if (found := re.search(r'FROM "(\w+)"', sql)))


def expected(customer, size):
    """The same in SQL's plainest words: slow, and right."""
    from shop.orders.models import Order, OrderItem

    newest = sorted(Order.objects.filter(customer=customer), key=lambda order: (order.created_at, order.id))[
        ::-1
    ]
    return len(newest), [
        {
            "id": order.id,
            "items": [
                {
                    "quantity": item.quantity,
                    "product": item.product.name,
                    "category": item.product.category.name,
                }
                for item in OrderItem.objects.filter(order=order).order_by("id")
            ],
        }
        for order in newest[:size]
    ]


@pytest.mark.parametrize(("name", "size"), [("ada", 5), ("ada", 100), ("grace", 5), ("linus", 5)])
def test_it_shows_the_newest_orders_of_the_customer(shop, name, size):
    answer, _ = ask(shop[name], size)

    if answer != expected(shop[name], size):
        pytest.fail(
            f"for {name}, size {size}:\n{answer!r:.300}\ninstead of\n{expected(shop[name], size)!r:.300}",
            pytrace=False,
        )


def test_a_larger_page_takes_no_more_queries(shop):
    few, many = (first_tables(ask(shop["ada"], size)[1]) for size in (5, 25))

    if grown := [table for table in ASKED_AGAIN if many[table] > few[table]]:
        why = "\n".join(ASKED_AGAIN[table] for table in grown)
        pytest.fail(f"5 orders take {few.total()} queries, 25 take {many.total()}: {why}", pytrace=False)


def test_it_takes_at_most_five_queries(shop):
    _, statements = ask(shop["ada"], 20)

    if len(statements) > MOST_QUERIES:
        pytest.fail(f"{len(statements)} queries, at most {MOST_QUERIES}", pytrace=False)


def test_it_reads_no_more_orders_than_it_shows(shop):
    _, statements = ask(shop["ada"], 5)

    orders = [sql for sql in statements if 'FROM "orders_order"' in sql and "COUNT(" not in sql]
    whole = [sql for sql in orders if "LIMIT 5" not in sql]
    if whole and whole != orders:
        pytest.fail(
            "every order is loaded only to be counted: .count() lets the database count", pytrace=False
        )
    if whole:
        pytest.fail(
            "every order of the customer is loaded, and Python throws most of them away: "
            "slice the query before anything reads it",
            pytrace=False,
        )


def test_it_reads_nothing_that_is_not_shown(shop):
    _, statements = ask(shop["ada"], 5)

    if any('"accounts_user"' in sql for sql in statements):
        pytest.fail(
            "the customer is read too, with the hash of the password, and nothing of it is shown: "
            "which relation does the page follow?",
            pytrace=False,
        )
