"""Two versions of one resource, and answers that need not be sent again."""

from email.utils import parsedate_to_datetime

import pytest
from django.urls import resolve

from shop.catalogue import api
from shop.catalogue.models import Category, Product
from shop.conftest import ApiClient
from shop.orders.services import Line, place_order

# What version 1 answered before there was a version 2, to the byte.
VERSION_1 = (
    b'{"id":%d,"slug":"blue-mug","name":"Blue mug","category":{"slug":"mugs","name":"Mugs"},'
    b'"price_minor":900,"currency":"EUR","stock":5}'
)
READABLE = [
    "/api/v1/products/",
    "/api/v1/products/{}/",
    "/api/v2/products/",
    "/api/v2/products/{}/",
    "/api/v1/categories/",
    "/api/v1/categories/mugs/",
]


def test_version_1_still_answers_the_same_bytes(anybody: ApiClient, mug: Product):
    product = VERSION_1 % mug.pk

    assert product == anybody.get(f"/api/v1/products/{mug.pk}/").content
    assert b'{"results":[' + product + b'],"next_cursor":null}' == anybody.get("/api/v1/products/").content
    assert b'[{"slug":"mugs","name":"Mugs"}]' == anybody.get("/api/v1/categories/").content


@pytest.mark.parametrize(
    ("stock", "availability"), [(0, "sold_out"), (1, "low"), (5, "low"), (6, "in_stock")]
)
def test_version_2_says_the_price_as_one_thing_and_whether_there_is_any(
    anybody: ApiClient, mug: Product, stock: int, availability: str
):
    Product.objects.update(stock=stock)

    product = anybody.get(f"/api/v2/products/{mug.pk}/").json()

    assert [product] == anybody.get("/api/v2/products/").json()["results"]
    assert {"amount_minor": 900, "currency": "EUR"} == product["price"]
    assert (availability, None) == (product["availability"], product["seller_id"])
    assert not {"stock", "price_minor", "currency"} & set(product)


@pytest.mark.parametrize("address", ["/api/v1/products/", "/api/v1/products/{}/"])
def test_version_1_says_since_when_until_when_and_what_comes_after_it(
    anybody: ApiClient, mug: Product, address: str
):
    address = address.format(mug.pk)

    answer = anybody.get(address)

    successor = address.replace("v1", "v2")
    assert f'<{successor}>; rel="successor-version"' == answer.headers["Link"]
    assert resolve(successor)
    since = int(answer.headers["Deprecation"].removeprefix("@"))
    assert (api.DEPRECATED_AT.timestamp(), api.SUNSET_AT) == (
        since,
        parsedate_to_datetime(answer.headers["Sunset"]),
    )
    assert api.DEPRECATED_AT < api.SUNSET_AT  # RFC 9745 section 4
    assert "Deprecation" not in anybody.get(successor).headers


@pytest.mark.parametrize("address", READABLE)
def test_an_answer_that_the_reader_has_is_not_sent_again(anybody: ApiClient, mug: Product, address: str):
    address = address.format(mug.pk)
    first = anybody.get(address)
    tag = first.headers["ETag"]

    for known in (tag, f"W/{tag}", f'"older", {tag}', "*"):
        again = anybody.get(address, headers={"If-None-Match": known})
        assert (304, b"", tag) == (again.status_code, again.content, again.headers["ETag"])
        assert "public, no-cache" == again.headers["Cache-Control"] == first.headers["Cache-Control"]
    assert 200 == anybody.get(address, headers={"If-None-Match": '"older"'}).status_code
    assert "Vary" not in first.headers, "one representation, the same for everybody"


@pytest.mark.parametrize("address", READABLE)
def test_whatever_changes_an_answer_changes_its_tag(
    anybody: ApiClient, customer: object, mug: Product, address: str
):
    address, category = address.format(mug.pk), Category.objects.get()
    tags = [anybody.get(address).headers["ETag"]]

    place_order(customer=customer, lines=[Line(mug.pk, 1)], now=api.DEPRECATED_AT)
    tags.append(anybody.get(address).headers["ETag"])
    category.name = "Cups"
    category.save()
    tags.append(anybody.get(address).headers["ETag"])

    assert (2 if "categories" in address else 3) == len(set(tags))


def test_the_two_versions_of_a_product_have_different_tags(anybody: ApiClient, mug: Product):
    tags = {anybody.get(f"/api/v{number}/products/{mug.pk}/").headers["ETag"] for number in (1, 2)}

    assert 2 == len(tags)


def test_nothing_is_serialised_for_a_reader_who_has_the_answer(
    anybody: ApiClient, mug: Product, monkeypatch: pytest.MonkeyPatch
):
    tag = anybody.get("/api/v1/products/").headers["ETag"]
    monkeypatch.setattr(api.ProductPageOut, "to_representation", None)

    assert 304 == anybody.get("/api/v1/products/", headers={"If-None-Match": tag}).status_code


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("price_from=900", ["Blue mug", "Red mug"]),
        ("price_from=901", ["Red mug"]),
        ("price_to=900", ["Blue mug"]),
        ("price_from=901&price_to=949", []),
        ("in_stock=true", ["Red mug"]),
        ("in_stock=false", ["Blue mug"]),
        ("seller=1000000", []),
    ],
)
def test_products_are_filtered_by_price_stock_and_seller(
    anybody: ApiClient, mug: Product, red_mug: Product, query: str, found: list[str]
):
    Product.objects.filter(pk=mug.pk).update(stock=0)

    for version in (1, 2):
        answer = anybody.get(f"/api/v{version}/products/?{query}")
        assert found == [product["name"] for product in answer.json()["results"]]


@pytest.mark.parametrize("query", ["price_from=-1", "price_to=x", "in_stock=1", "seller=0"])
def test_a_faulty_filter_is_refused(anybody: ApiClient, query: str):
    answer = anybody.get(f"/api/v2/products/?{query}")

    assert (400, query.partition("=")[0]) == (answer.status_code, answer.json()["errors"][0]["parameter"])
