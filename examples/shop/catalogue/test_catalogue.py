import pytest
from django.db import IntegrityError, transaction

from shop.catalogue import services
from shop.catalogue.models import Category, Product
from shop.conftest import ApiClient


@pytest.fixture
def hundred_products(mugs: Category) -> Category:
    plates = Category.objects.create(name="Plates", slug="plates")
    Product.objects.bulk_create(
        Product(
            name=f"{'Mug' if number % 2 else 'Plate'} {number:03}",
            slug=f"product-{number}",
            category=mugs if number % 2 else plates,
            price_minor=100 * (number % 10),
            stock=number,
        )
        for number in range(100)
    )
    return mugs


def names(answer: object) -> list[str]:
    assert 200 == answer.status_code, answer.content
    return [product["name"] for product in answer.json()["results"]]


@pytest.mark.parametrize("page_size", [1, 50, 100])
@pytest.mark.usefixtures("hundred_products")
def test_a_page_of_products_is_one_query_whatever_its_size(
    anybody: ApiClient, page_size: int, django_assert_num_queries: object
):
    with django_assert_num_queries(1):
        answer = anybody.get(
            "/api/v1/products/", {"page_size": page_size, "category": "mugs", "search": "mug"}
        )

    assert min(page_size, 50) == len(names(answer))


def test_a_product_and_the_categories_are_one_query_each(
    mug: Product, anybody: ApiClient, django_assert_num_queries: object
):
    with django_assert_num_queries(1):
        product = anybody.get(f"/api/v1/products/{mug.pk}/").json()
    with django_assert_num_queries(1):
        categories = anybody.get("/api/v1/categories/").json()

    assert {"slug": "mugs", "name": "Mugs"} == product["category"] == categories[0]
    assert (900, "EUR", 5) == (product["price_minor"], product["currency"], product["stock"])


@pytest.mark.usefixtures("hundred_products")
def test_products_are_filtered_by_category_and_by_a_part_of_the_name(anybody: ApiClient):
    mugs = names(anybody.get("/api/v1/products/?category=mugs&page_size=100"))
    found = names(anybody.get("/api/v1/products/?search=MUG 00"))

    assert [f"Mug {number:03}" for number in range(1, 100, 2)] == mugs
    assert ["Mug 001", "Mug 003", "Mug 005", "Mug 007", "Mug 009"] == found
    assert [] == names(anybody.get("/api/v1/products/?category=hats"))


def test_a_percent_sign_in_a_search_is_a_percent_sign(mug: Product, anybody: ApiClient):
    assert [mug.name] == names(anybody.get("/api/v1/products/"))
    assert [] == names(anybody.get("/api/v1/products/", {"search": "%"}))


@pytest.mark.parametrize("ordering", services.ORDERINGS)
@pytest.mark.usefixtures("hundred_products")
def test_walking_all_pages_shows_every_product_once_in_order(anybody: ApiClient, ordering: str):
    seen, query = [], {"ordering": ordering, "page_size": 7}
    while True:
        page = anybody.get("/api/v1/products/", query).json()
        seen += page["results"]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]

    field = ordering.removeprefix("-")
    keys = [(product[field], product["id"]) for product in seen]
    assert 100 == len({product["id"] for product in seen}) == len(seen)
    assert sorted(keys, reverse=ordering.startswith("-")) == keys


def test_a_product_added_in_between_moves_no_other(hundred_products: Category, anybody: ApiClient):
    first = anybody.get("/api/v1/products/?page_size=10").json()
    Product.objects.create(name="A cup", slug="a-cup", category=hundred_products, price_minor=1, stock=1)

    second = anybody.get("/api/v1/products/", {"page_size": 10, "cursor": first["next_cursor"]}).json()

    shown = [product["name"] for product in first["results"] + second["results"]]
    assert [f"Mug {number:03}" for number in range(1, 40, 2)] == shown


def test_a_product_that_is_not_for_sale_is_not_shown(mug: Product, anybody: ApiClient):
    Product.objects.update(is_active=False)

    assert [] == names(anybody.get("/api/v1/products/"))
    assert 404 == anybody.get(f"/api/v1/products/{mug.pk}/").status_code


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("ordering=stock", "ordering"),
        ("ordering=category__name", "ordering"),
        ("page_size=0", "page_size"),
        ("page_size=101", "page_size"),
        ("page_size=all", "page_size"),
        ("category=a%20b", "category"),
        ("search=%00", "search"),
        ("serach=mug", "serach"),
        ("search=mug&search=cup", "search"),
        ("cursor=mug", "cursor"),
    ],
)
def test_a_faulty_query_is_refused_and_the_parameter_named(anybody: ApiClient, query: str, parameter: str):
    answer = anybody.get(f"/api/v1/products/?{query}")

    assert 400 == answer.status_code
    assert [parameter] == [error["parameter"] for error in answer.json()["errors"]]


@pytest.mark.usefixtures("hundred_products")
def test_a_cursor_that_was_changed_or_made_for_another_order_is_refused(anybody: ApiClient):
    cursor = anybody.get("/api/v1/products/?page_size=1").json()["next_cursor"]

    changed = anybody.get("/api/v1/products/", {"cursor": "A" + cursor[1:]})
    elsewhere = anybody.get("/api/v1/products/", {"cursor": cursor, "ordering": "-name"})

    assert [400, 400] == [changed.status_code, elsewhere.status_code]
    assert "not a cursor of this service" in changed.content.decode()
    assert "a cursor for ordering=name" in elsewhere.content.decode()


def test_a_program_may_sort_only_by_what_has_an_index():
    with pytest.raises(ValueError, match="not one of name, -name, price_minor"):
        services.list_products(ordering="stock")


@pytest.mark.parametrize(
    "wrong",
    [{"stock": -1}, {"price_minor": -1}, {"currency": "eur"}, {"currency": "EU"}, {"slug": "blue-mug"}],
)
def test_the_database_refuses_a_product_that_cannot_be(mug: Product, wrong: dict[str, object]):
    product = {
        "name": "Cup",
        "slug": "cup",
        "category": mug.category,
        "price_minor": 1,
        "stock": 1,
        "currency": "EUR",
    }

    with pytest.raises(IntegrityError), transaction.atomic():
        Product.objects.bulk_create([Product(**(product | wrong))])
