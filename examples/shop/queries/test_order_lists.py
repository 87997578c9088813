"""What each way of listing orders costs, and that all ways show the same."""

import order_lists
import pytest
from many_orders import add_orders, add_products
from shop.orders.models import Order

NEWEST = Order.objects.order_by("-created_at")


@pytest.fixture
def products(customer: "User") -> list["Product"]:  # noqa: F821
    """Forty products, and the customer's twelve orders of three each."""
    made = add_products(40)
    add_orders(customer, made, count=12, items=3)
    return made


@pytest.mark.usefixtures("products")
@pytest.mark.parametrize(
    ("way", "queries"),
    [
        (order_lists.one_by_one, lambda orders: 1 + orders + 3 * orders),
        (order_lists.items_prefetched, lambda orders: 2 + 3 * orders),
        (order_lists.products_prefetched, lambda _: 3),
        (order_lists.products_joined, lambda _: 2),
    ],
)
def test_only_what_is_prefetched_or_joined_is_not_asked_for_again(
    way: object, queries: object, django_assert_num_queries: object
):
    for orders in (4, 12):
        with django_assert_num_queries(queries(orders)):
            way(NEWEST[:orders])


@pytest.mark.usefixtures("products")
def test_every_way_shows_the_same():
    ways = (order_lists.items_prefetched, order_lists.products_prefetched, order_lists.products_joined)

    plain = order_lists.one_by_one(NEWEST)

    assert 12 == len(plain)
    assert plain[0].endswith(": 1 Product 00033, 2 Product 00034, 3 Product 00035")
    assert [plain] * 3 == [way(NEWEST) for way in ways]


def test_a_page_after_a_product_is_the_page_of_that_number(products: list["Product"]):  # noqa: F821
    last = products[19]

    assert list(order_lists.page_number(3, 10)) == list(order_lists.page_after(last.name, last.pk, 10))
    assert products[20:30] == list(order_lists.page_number(3, 10))
