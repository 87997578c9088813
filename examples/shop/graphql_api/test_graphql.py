"""What GraphQL answers and refuses, and what each answer costs in SQL."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shop.accounts.models import User
from shop.accounts.services import log_in
from shop.catalogue.models import Category, Product
from shop.conftest import PASSWORD, ApiClient
from shop.graphql_api.cost import MOST
from shop.orders.models import Order

BOTH_MEDIA_TYPES = "application/graphql-response+json, application/json;q=0.9"


def ask(client: ApiClient, query: str, **variables: object) -> dict:
    body = {"query": query, "variables": variables}
    answer = client.post(
        "/graphql/", body, content_type="application/json", headers={"Accept": BOTH_MEDIA_TYPES}
    )
    return answer.json() | {"status": answer.status_code}


def code_of(answer: dict) -> str:
    (error,) = answer["errors"]
    return error["extensions"]["code"]


@pytest.fixture
def catalogue(db: None) -> list[Category]:
    categories = [
        Category.objects.create(name=f"Kind {number}", slug=f"kind-{number}") for number in range(8)
    ]
    Product.objects.bulk_create(
        Product(
            name=f"Thing {number:03}",
            slug=f"thing-{number}",
            category=categories[number % 8],
            price_minor=3_000_000_000 + number,
            stock=5,
        )
        for number in range(80)
    )
    return categories


@pytest.fixture
def seller(db: None) -> ApiClient:
    user = User.objects.create_user("sam@example.com", PASSWORD, "seller")
    return ApiClient(log_in(email=user.email, password=PASSWORD).access)


def test_a_product_is_found_with_its_category(mug: Product, anybody: ApiClient):
    answer = ask(
        anybody, "query($id: ID!) { product(id: $id) { name price category { name } } }", id=str(mug.pk)
    )

    assert {"product": {"name": "Blue mug", "price": 900, "category": {"name": "Mugs"}}} == answer["data"]
    assert 200 == answer["status"]


def test_a_product_that_is_not_for_sale_is_null(mug: Product, anybody: ApiClient):
    Product.objects.update(is_active=False)

    assert {"product": None} == ask(anybody, f'{{ product(id: "{mug.pk}") {{ name }} }}')["data"]


@pytest.mark.usefixtures("catalogue")
def test_a_price_may_be_larger_than_an_int(anybody: ApiClient):
    answer = ask(anybody, "{ products(first: 1) { results { price } } }")

    assert [{"price": 3_000_000_000}] == answer["data"]["products"]["results"]


@pytest.mark.usefixtures("catalogue")
def test_walking_all_pages_shows_every_product_once(anybody: ApiClient):
    query = "query($after: String) { products(first: 30, after: $after) { results { id } nextCursor } }"
    seen, after = [], None
    while True:
        page = ask(anybody, query, after=after)["data"]["products"]
        seen += [product["id"] for product in page["results"]]
        after = page["nextCursor"]
        if after is None:
            break

    assert 80 == len(seen) == len(set(seen))


# --8<-- [start:counted]
@pytest.mark.parametrize(
    ("query", "statements"),
    [
        ("{ products(first: %d) { results { name category { name } } } }", 1),
        ("{ categories { name products(first: %d) { name category { slug } } } }", 2),
        ("{ categories { products(first: %d) { category { products(first: 2) { name } } } } }", 3),
        ("{ products(first: %d) { results { category { products(first: 3) { name } } } } }", 2),
        ("{ a: products(first: %d) { results { name } } b: categories { name } }", 2),
    ],
)
@pytest.mark.parametrize("first", [1, 9])
@pytest.mark.usefixtures("catalogue")
def test_the_statements_do_not_grow_with_the_rows(
    query: str, statements: int, first: int, anybody: ApiClient
):
    with CaptureQueriesContext(connection) as ran:
        answer = ask(anybody, query % first)

    assert "errors" not in answer, answer
    assert statements == len(ran)


# --8<-- [end:counted]


def test_the_products_of_each_category_are_its_own(catalogue: list[Category], anybody: ApiClient):
    kinds = ask(anybody, "{ categories { name products(first: 3) { name } } }")["data"]["categories"]

    assert [kind.name for kind in catalogue] == [kind["name"] for kind in kinds]
    assert ["Thing 001", "Thing 009", "Thing 017"] == [product["name"] for product in kinds[1]["products"]]


PLACE = (
    "mutation($items: [LineIn!]!) { placeOrder(items: $items) { id total status items { name quantity } } }"
)


def test_an_order_is_placed_read_and_cancelled(mug: Product, logged_in: ApiClient):
    placed = ask(logged_in, PLACE, items=[{"productId": str(mug.pk), "quantity": 2}])["data"]["placeOrder"]
    listed = ask(logged_in, "{ me { email orders { results { id total } } } }")["data"]["me"]
    cancelled = ask(logged_in, f'mutation {{ cancelOrder(id: "{placed["id"]}") {{ status }} }}')

    assert (1800, "PLACED") == (placed["total"], placed["status"])
    assert [{"id": placed["id"], "total": 1800}] == listed["orders"]["results"]
    assert "CANCELLED" == cancelled["data"]["cancelOrder"]["status"]
    mug.refresh_from_db()
    assert 5 == mug.stock


@pytest.mark.parametrize(
    ("items", "code"),
    [
        ([{"productId": "PK", "quantity": 6}], "out-of-stock"),
        ([{"productId": "PK", "quantity": 0}], "invalid"),
        ([{"productId": "PK", "quantity": 1}, {"productId": "PK", "quantity": 1}], "invalid"),
        ([], "invalid"),
        ([{"productId": "mug", "quantity": 1}], "invalid"),
    ],
)
def test_an_order_that_cannot_be_served_changes_nothing(
    items: list, code: str, mug: Product, logged_in: ApiClient
):
    sent = json.loads(json.dumps(items).replace("PK", str(mug.pk)))

    answer = ask(logged_in, PLACE, items=sent)

    assert code == code_of(answer)
    assert ["placeOrder"] == answer["errors"][0]["path"]
    assert answer["data"] is None
    assert not Order.objects.exists()
    mug.refresh_from_db()
    assert 5 == mug.stock


def test_an_order_is_cancelled_once(mug: Product, logged_in: ApiClient):
    order = ask(logged_in, PLACE, items=[{"productId": str(mug.pk), "quantity": 2}])["data"]["placeOrder"][
        "id"
    ]
    query = f'mutation {{ cancelOrder(id: "{order}") {{ status }} }}'
    ask(logged_in, query)

    again = ask(logged_in, query)

    assert "move-refused" == code_of(again)
    mug.refresh_from_db()
    assert 5 == mug.stock


OPERATIONS = {
    "me": ("{ me { email } }", "me"),
    "order": ('{ order(id: "ORDER") { id } }', "order"),
    "cancel": ('mutation { cancelOrder(id: "ORDER") { id } }', "cancelOrder"),
    "place": ('mutation { placeOrder(items: [{productId: "PRODUCT", quantity: 1}]) { id } }', "placeOrder"),
    "product": ('{ product(id: "PRODUCT") { id } }', "product"),
}
# What each asker gets: data, null, or the code of the refusal.
MATRIX = {
    #            me      order    cancel             place              product
    "anonymous": ("null", "unauthenticated", "unauthenticated", "unauthenticated", "data"),
    "owner": ("data", "data", "data", "data", "data"),
    "seller": ("data", "null", "not-found", "data", "data"),
}


@pytest.mark.parametrize(
    ("asker", "operation", "expected"),
    [(asker, name, row[place]) for asker, row in MATRIX.items() for place, name in enumerate(OPERATIONS)],
)
def test_each_asker_gets_what_is_theirs(  # noqa: PLR0917 - the cell and its actors
    asker: str,
    operation: str,
    expected: str,
    mug: Product,
    logged_in: ApiClient,
    anybody: ApiClient,
    seller: ApiClient,
):
    order = ask(logged_in, PLACE, items=[{"productId": str(mug.pk), "quantity": 1}])["data"]["placeOrder"][
        "id"
    ]
    query, field = OPERATIONS[operation]
    client = {"anonymous": anybody, "owner": logged_in, "seller": seller}[asker]

    answer = ask(client, query.replace("ORDER", order).replace("PRODUCT", str(mug.pk)))

    if "errors" in answer:
        assert expected == code_of(answer)
    else:
        assert expected == ("null" if answer["data"][field] is None else "data")


FAN = "".join(f"fragment f{n} on Query {{ ...f{n + 1} ...f{n + 1} }} " for n in range(30))
ATTACKS = {
    "a hundred times a hundred": "{ categories { products(first: 100) { name slug price } } }",
    "in an inline fragment": "{ ... on Query { categories { products(first: 100) { name slug price } } } }",
    "by a variable": "query($n: Int!) { categories { products(first: $n) { name slug price } } }",
    "by a variable's default": "query($n: Int! = 100) { categories { products(first: $n) { name slug price } } }",
    "a thousand aliases": "{ " + " ".join(f"a{n}: categories {{ name }}" for n in range(1000)) + " }",
    "sixty aliases": "{ " + " ".join(f"a{n}: categories {{ name }}" for n in range(60)) + " }",
    "twenty writes": "mutation { "
    + " ".join(f'a{n}: cancelOrder(id: "{n}") {{ id }}' for n in range(20))
    + " }",
    "twenty writes in a fragment": "mutation { ...F } fragment F on Mutation { "
    + " ".join(f'a{n}: cancelOrder(id: "{n}") {{ id }}' for n in range(20))
    + " }",
    "lists in lists": "{ categories { products { category { products { category { products { name } } } } } } }",
    "fragments of fragments": FAN + "fragment f30 on Query { categories { name } } { ...f0 }",
    "a fragment of itself": "fragment f on Category { products { category { ...f } } } { categories { ...f } }",
    "very deep": "{ me { orders " + "{ results { items " * 9 + "{ name }" + "} }" * 9 + " } }",
    "a long list of arguments": "mutation { placeOrder(items: ["
    + '{productId: "1", quantity: 1},' * 1000
    + "]) { id } }",
    "the schema four times": "{ "
    + " ".join(f"s{n}: __schema {{ types {{ name }} }}" for n in range(4))
    + " }",
}


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.usefixtures("catalogue")
def test_what_would_cost_too_much_is_refused_before_anything_is_done(attack: str, anybody: ApiClient):
    variables = {"n": 100} if "$n: Int!)" in ATTACKS[attack] else {}
    with CaptureQueriesContext(connection) as ran:
        answer = ask(anybody, ATTACKS[attack], **variables)

    assert 400 == answer["status"], answer
    assert answer["errors"]
    assert "data" not in answer
    assert 0 == len(ran)


def test_a_refusal_says_what_it_costs_and_what_to_do(anybody: ApiClient):
    answer = ask(anybody, ATTACKS["a hundred times a hundred"])

    (error,) = answer["errors"]
    assert {"code": "too-costly", "cost": 6021, "limit": MOST} == error["extensions"]
    assert "Ask for fewer entries with `first`" in error["message"]


def test_the_whole_schema_may_be_asked_for(anybody: ApiClient):
    from graphql import get_introspection_query

    answer = ask(anybody, get_introspection_query())

    assert "errors" not in answer


def test_a_query_may_come_by_get_and_a_write_may_not(mug: Product, logged_in: ApiClient):
    read = logged_in.get("/graphql/", {"query": "{ categories { name } }"})
    write = logged_in.get("/graphql/", {"query": 'mutation { cancelOrder(id: "1") { id } }'})

    assert {"data": {"categories": [{"name": "Mugs"}]}} == read.json()
    assert (405, "application/problem+json") == (write.status_code, write.headers["Content-Type"])


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        ("query=%7B__typename%7D", "application/x-www-form-urlencoded", 415),
        ('{"query": "{ __typename }"}', "text/plain", 415),
        ('[{"query": "{ __typename }"}]', "application/json", 400),
        ('{"query": ""}', "application/json", 400),
        ('{"query": 1}', "application/json", 400),
        ("{", "application/json", 400),
    ],
)
def test_what_is_no_request_is_a_problem_document(
    body: str, content_type: str, status: int, anybody: ApiClient
):
    answer = anybody.post("/graphql/", body, content_type=content_type)

    assert (status, "application/problem+json") == (answer.status_code, answer.headers["Content-Type"])


def test_a_fault_of_ours_is_logged_and_tells_nothing(
    mug: Product, anybody: ApiClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    def broken(*_: object) -> None:
        raise RuntimeError("the secret of the house")

    monkeypatch.setattr("shop.catalogue.services.get_product", broken)

    answer = ask(anybody, '{ product(id: "1") { name } }')

    assert "failed" == code_of(answer)
    assert "secret" not in json.dumps(answer)
    assert "the secret of the house" in caplog.text
