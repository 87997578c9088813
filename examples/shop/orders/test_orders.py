from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from shop.accounts.models import User
from shop.catalogue.models import Category, Product
from shop.conftest import PASSWORD, ApiClient
from shop.orders import services
from shop.orders.models import Order, OrderItem
from shop.orders.services import (
    Line,
    MixedCurrencies,
    MoveRefused,
    OutOfStock,
    ask_for,
    get_order,
    move_order,
    place_order,
)
from shop.orders.states import Event

NOW = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)


def stocks() -> list[int]:
    return list(Product.objects.order_by("id").values_list("stock", flat=True))


def test_an_order_takes_the_stock_and_copies_the_prices(customer: User, mug: Product, red_mug: Product):
    order = place_order(customer=customer, lines=[Line(red_mug.pk, 1), Line(mug.pk, 2)], now=NOW)
    Product.objects.update(price_minor=1)

    assert [3, 4] == stocks()
    assert 2 * 900 + 950 == Order.objects.get(pk=order.pk).total_minor
    assert ("placed", "EUR", NOW) == (order.status, order.currency, order.created_at)


def test_an_order_larger_than_the_stock_changes_nothing(customer: User, mug: Product, red_mug: Product):
    with pytest.raises(OutOfStock) as refused:
        place_order(customer=customer, lines=[Line(mug.pk, 2), Line(red_mug.pk, 6)], now=NOW)

    assert [services.Shortage(Line(red_mug.pk, 6), left=5)] == refused.value.shortages
    assert [5, 5] == stocks()
    assert not Order.objects.exists()


def test_the_last_piece_can_be_sold_and_then_none(customer: User, mug: Product):
    place_order(customer=customer, lines=[Line(mug.pk, 5)], now=NOW)

    with pytest.raises(OutOfStock):
        place_order(customer=customer, lines=[Line(mug.pk, 1)], now=NOW)
    assert [0] == stocks()


def test_a_product_that_is_gone_or_not_for_sale_cannot_be_ordered(customer: User, mug: Product):
    Product.objects.update(is_active=False)

    with pytest.raises(OutOfStock) as refused:
        place_order(customer=customer, lines=[Line(mug.pk, 1), Line(999_999, 1)], now=NOW)

    assert [None, None] == [shortage.left for shortage in refused.value.shortages]


def test_two_currencies_have_no_total_so_nothing_is_ordered(customer: User, mug: Product, red_mug: Product):
    Product.objects.filter(pk=red_mug.pk).update(currency="USD")

    with pytest.raises(MixedCurrencies, match="EUR, USD"):
        place_order(customer=customer, lines=[Line(mug.pk, 1), Line(red_mug.pk, 1)], now=NOW)

    assert [5, 5] == stocks()


def test_cancelling_gives_the_pieces_back_once(customer: User, mug: Product):
    order = place_order(customer=customer, lines=[Line(mug.pk, 2)], now=NOW)

    move_order(Event.CANCEL, order_id=order.pk, actor=customer, now=NOW)
    with pytest.raises(MoveRefused):
        move_order(Event.CANCEL, order_id=order.pk, actor=customer, now=NOW)

    assert [5] == stocks()
    assert "cancelled" == get_order(order_id=order.pk, user=customer).status


def test_nobody_cancels_or_reads_the_order_of_another(customer: User, mug: Product):
    order = place_order(customer=customer, lines=[Line(mug.pk, 2)], now=NOW)
    grace = User.objects.create_user("grace@example.com", PASSWORD)

    with pytest.raises(Order.DoesNotExist):
        ask_for(Event.CANCEL, order_id=order.pk, user=grace, now=NOW)
    with pytest.raises(Order.DoesNotExist):
        get_order(order_id=order.pk, user=grace)

    assert [3] == stocks()


def test_a_customer_registers_logs_in_orders_and_reads_the_order(anybody: ApiClient, mug: Product):
    who = {"email": "linus@example.com", "password": "nine lives of a cat"}
    registered = anybody.post_json("/api/v1/users/register/", who)
    token = anybody.post_json("/api/v1/users/login/", who).json()["access"]
    linus = ApiClient(token)

    placed = linus.post_json("/api/v1/orders/", {"items": [{"product_id": mug.pk, "quantity": 2}]})
    read = linus.get(placed.headers["Location"])

    assert [201, 201, 200] == [registered.status_code, placed.status_code, read.status_code]
    assert placed.json() == read.json()
    assert 1800 == read.json()["total_minor"] == read.json()["items"][0]["total_minor"]
    assert [3] == stocks()


def test_too_little_stock_answers_409_and_names_the_line_as_it_was_sent(
    logged_in: ApiClient, mug: Product, red_mug: Product
):
    items = [{"product_id": product_id, "quantity": 6} for product_id in (999_999, mug.pk)]
    items.append({"product_id": red_mug.pk, "quantity": 1})

    answer = logged_in.post_json("/api/v1/orders/", {"items": items})

    assert (409, "tag:shop.example,2026:out-of-stock") == (answer.status_code, answer.json()["type"])
    assert {"#/items/1": "6 asked, 5 left.", "#/items/0": "This product is not for sale."} == {
        error["pointer"]: error["detail"] for error in answer.json()["errors"]
    }
    assert [5, 5] == stocks()


def test_two_currencies_answer_409(logged_in: ApiClient, mug: Product, red_mug: Product):
    Product.objects.filter(pk=red_mug.pk).update(currency="USD")
    items = [{"product_id": mug.pk, "quantity": 1}, {"product_id": red_mug.pk, "quantity": 1}]

    answer = logged_in.post_json("/api/v1/orders/", {"items": items})

    assert (409, True) == (answer.status_code, answer.json()["type"].endswith(":mixed-currencies"))


def test_somebody_elses_order_looks_like_one_that_does_not_exist(logged_in: ApiClient, mug: Product):
    grace = User.objects.create_user("grace@example.com", PASSWORD)
    order = place_order(customer=grace, lines=[Line(mug.pk, 1)], now=NOW)

    hers = logged_in.get(f"/api/v1/orders/{order.pk}/")
    nobodys = logged_in.get(f"/api/v1/orders/{order.pk + 1}/")

    assert [404, 404] == [hers.status_code, nobodys.status_code]
    assert {**hers.json(), "instance": ""} == {**nobodys.json(), "instance": ""}


def test_without_a_token_nothing_is_ordered_or_read(anybody: ApiClient, mug: Product):
    placed = anybody.post_json("/api/v1/orders/", {"items": [{"product_id": mug.pk, "quantity": 1}]})
    read = anybody.get("/api/v1/orders/1/")

    assert [401, 401] == [placed.status_code, read.status_code]
    assert [5] == stocks()


BAD_ORDERS = {
    "no body": (None, "#/items"),
    "a list": ([], "#"),
    "no items": ({}, "#/items"),
    "an empty list of items": ({"items": []}, "#/items"),
    "more lines than fit": ({"items": [{"product_id": n, "quantity": 1} for n in range(1, 52)]}, "#/items"),
    "one product on two lines": ({"items": [{"product_id": 1, "quantity": 1}] * 2}, "#/items"),
    "quantity zero": ({"items": [{"product_id": 1, "quantity": 0}]}, "#/items/0/quantity"),
    "a negative quantity": ({"items": [{"product_id": 1, "quantity": -1}]}, "#/items/0/quantity"),
    "half a mug": ({"items": [{"product_id": 1, "quantity": 0.5}]}, "#/items/0/quantity"),
    "a number as text": ({"items": [{"product_id": "1", "quantity": 1}]}, "#/items/0/product_id"),
    "true for one": ({"items": [{"product_id": 1, "quantity": True}]}, "#/items/0/quantity"),
    "a number beyond 64 bits": ({"items": [{"product_id": 2**70, "quantity": 1}]}, "#/items/0/product_id"),
    "a price of the client's own": (
        {"items": [{"product_id": 1, "quantity": 1, "price_minor": 1}]},
        "#/items/0/price_minor",
    ),
    "another customer": ({"items": [{"product_id": 1, "quantity": 1}], "customer": 2}, "#/customer"),
}


@pytest.mark.parametrize("name", BAD_ORDERS)
def test_an_order_that_breaks_a_rule_is_refused_and_the_place_named(logged_in: ApiClient, name: str):
    body, pointer = BAD_ORDERS[name]

    answer = logged_in.post_json("/api/v1/orders/", body)

    assert (400, [pointer]) == (answer.status_code, [error["pointer"] for error in answer.json()["errors"]])
    assert not Order.objects.exists()


@pytest.mark.parametrize("lines", [1, 50])
def test_reading_an_order_is_three_queries_whatever_its_size(
    logged_in: ApiClient, customer: User, mugs: Category, lines: int, django_assert_num_queries: object
):
    order = place_order(customer=customer, lines=many_lines(mugs, lines), now=NOW)

    with django_assert_num_queries(3):  # the token's user, the order, its items with their products
        answer = logged_in.get(f"/api/v1/orders/{order.pk}/")

    assert lines == len(answer.json()["items"])


@pytest.mark.parametrize("lines", [1, 50])
def test_placing_an_order_is_one_update_a_line_and_nine_statements_more(
    logged_in: ApiClient, mugs: Category, lines: int, django_assert_num_queries: object
):
    items = [{"product_id": line.product_id, "quantity": 1} for line in many_lines(mugs, lines)]

    # The token's user; SAVEPOINT, the prices, the order, its items, its message, RELEASE; the order and its items to
    # show.
    # The items go in with one statement, which SQLite may split.
    with django_assert_num_queries(lines + 9):
        assert 201 == logged_in.post_json("/api/v1/orders/", {"items": items}).status_code


def many_lines(category: Category, count: int) -> list[Line]:
    products = Product.objects.bulk_create(
        Product(name=f"Mug {n}", slug=f"mug-{n}", category=category, price_minor=100, stock=9)
        for n in range(count)
    )
    return [Line(product.pk, 1) for product in products]


@pytest.mark.parametrize("wrong", [{"quantity": 0}, {"quantity": -1}, {"price_minor": -1}, {}])
def test_the_database_refuses_an_item_that_cannot_be(customer: User, mug: Product, wrong: dict[str, int]):
    order = place_order(customer=customer, lines=[Line(mug.pk, 1)], now=NOW)
    item = {"order": order, "product": mug, "quantity": 1, "price_minor": 1}

    with pytest.raises(IntegrityError), transaction.atomic():  # {}: the product is in the order already
        OrderItem.objects.bulk_create([OrderItem(**(item | wrong))])


def test_the_database_refuses_an_unknown_status_and_keeps_what_was_ordered(customer: User, mug: Product):
    place_order(customer=customer, lines=[Line(mug.pk, 1)], now=NOW)

    with pytest.raises(IntegrityError), transaction.atomic():
        Order.objects.update(status="lost")
    with pytest.raises(ProtectedError):
        Product.objects.all().delete()
