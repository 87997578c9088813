"""Who may change the catalogue, and how nobody overwrites what they have not read."""

import pytest

from shop.accounts.models import Role, User
from shop.accounts.services import log_in
from shop.catalogue import services
from shop.catalogue.models import Category, Product
from shop.conftest import PASSWORD, ApiClient

CUP = {
    "slug": "cup",
    "name": "Cup",
    "category": "mugs",
    "price_minor": 500,
    "currency": "EUR",
    "stock": 7,
}


def client_of(role: Role, name: str) -> ApiClient:
    user = User.objects.create_user(f"{name}@example.com", PASSWORD, role)
    client = ApiClient(log_in(email=user.email, password=PASSWORD).access)
    client.user = user
    return client


@pytest.fixture
def seller(db: None) -> ApiClient:
    return client_of(Role.SELLER, "seller")


@pytest.fixture
def admin(db: None) -> ApiClient:
    return client_of(Role.ADMIN, "admin")


def send(
    client: ApiClient, method: str, address: str, body: object = None, match: str | None = "*"
) -> object:
    headers = {"If-Match": match} if match is not None else {}
    return getattr(client, method)(address, body, content_type="application/json", headers=headers)


def test_a_seller_adds_a_product_that_is_its_own_and_changes_it(seller: ApiClient, mugs: Category):
    added = seller.post_json("/api/v1/products/", CUP)
    address = added.headers["Location"]
    replaced = send(seller, "put", address, CUP | {"name": "Tea cup"}, added.headers["ETag"])
    changed = send(seller, "patch", address, {"stock": 1}, replaced.headers["ETag"])
    removed = send(seller, "delete", address, match=changed.headers["ETag"])

    assert [201, 200, 200, 204] == [each.status_code for each in (added, replaced, changed, removed)]
    assert ("Tea cup", 500, 1) == tuple(changed.json()[name] for name in ("name", "price_minor", "stock"))
    assert 404 == seller.get(address).status_code
    kept = Product.objects.get()
    assert (False, seller.user, 4) == (kept.is_active, kept.seller, kept.version)


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_a_seller_changes_no_product_of_another_or_of_the_shop(
    seller: ApiClient, mug: Product, red_mug: Product, method: str
):
    rival = client_of(Role.SELLER, "rival")
    Product.objects.filter(pk=red_mug.pk).update(seller=rival.user)

    refused = [send(seller, method, f"/api/v1/products/{each.pk}/", CUP) for each in (mug, red_mug)]

    assert [403, 403] == [answer.status_code for answer in refused]
    assert {"tag:shop.example,2026:not-yours"} == {answer.json()["type"] for answer in refused}
    assert [1, 1] == list(Product.objects.values_list("version", flat=True))


def test_only_an_admin_says_whose_a_product_is(seller: ApiClient, admin: ApiClient, mug: Product):
    Product.objects.update(seller=seller.user)
    address = f"/api/v1/products/{mug.pk}/"

    refused = send(seller, "patch", address, {"seller_id": None, "stock": 1})
    nobodys = send(admin, "patch", address, {"seller_id": admin.user.pk})
    freed = send(admin, "patch", address, {"seller_id": None})

    assert (403, ["#/seller_id"]) == (
        refused.status_code,
        [error["pointer"] for error in refused.json()["errors"]],
    )
    assert (400, "#/seller_id") == (nobodys.status_code, nobodys.json()["errors"][0]["pointer"])
    assert 200 == freed.status_code
    assert (None, 5) == Product.objects.values_list("seller", "stock").get()


def test_customers_and_strangers_change_nothing(logged_in: ApiClient, anybody: ApiClient, mug: Product):
    requests = [
        ("post", "/api/v1/products/"),
        ("put", f"/api/v1/products/{mug.pk}/"),
        ("patch", f"/api/v1/products/{mug.pk}/"),
        ("delete", f"/api/v1/products/{mug.pk}/"),
        ("post", "/api/v1/categories/"),
        ("put", "/api/v1/categories/mugs/"),
        ("patch", "/api/v1/categories/mugs/"),
        ("delete", "/api/v1/categories/mugs/"),
    ]

    assert {403} == {send(logged_in, method, address, {}).status_code for method, address in requests}
    assert {401} == {send(anybody, method, address, {}).status_code for method, address in requests}


def test_an_admin_adds_renames_and_deletes_a_category(admin: ApiClient, seller: ApiClient):
    added = admin.post_json("/api/v1/categories/", {"slug": "hats", "name": "Hats"})
    renamed = send(admin, "put", "/api/v1/categories/hats/", {"slug": "caps", "name": "Caps"})
    changed = send(admin, "patch", "/api/v1/categories/caps/", {"name": "Flat caps"}, renamed.headers["ETag"])
    read = seller.get("/api/v1/categories/caps/")
    deleted = send(admin, "delete", "/api/v1/categories/caps/", match=read.headers["ETag"])

    assert [201, 200, 200, 200, 204] == [
        each.status_code for each in (added, renamed, changed, read, deleted)
    ]
    assert {"slug": "caps", "name": "Flat caps"} == read.json()
    assert not Category.objects.exists()
    assert 404 == send(admin, "patch", "/api/v1/categories/caps/", {"name": "Hats"}).status_code


def test_a_category_with_products_even_archived_ones_is_not_deleted(admin: ApiClient, mug: Product):
    Product.objects.update(is_active=False)

    answer = send(admin, "delete", "/api/v1/categories/mugs/")

    assert (409, True) == (answer.status_code, answer.json()["type"].endswith(":category-in-use"))
    assert Category.objects.exists()


def test_a_slug_that_is_taken_answers_409_and_changes_nothing(
    admin: ApiClient, mug: Product, red_mug: Product
):
    Category.objects.create(slug="hats", name="Hats")
    answers = [
        admin.post_json("/api/v1/products/", CUP | {"slug": "red-mug"}),
        send(admin, "patch", f"/api/v1/products/{mug.pk}/", {"slug": "red-mug", "stock": 0}),
        admin.post_json("/api/v1/categories/", {"slug": "hats", "name": "Other hats"}),
        send(admin, "patch", "/api/v1/categories/mugs/", {"name": "Hats"}),
    ]

    assert [409] * 4 == [answer.status_code for answer in answers]
    assert {"tag:shop.example,2026:slug-taken"} == {answer.json()["type"] for answer in answers}
    assert [5, 5] == list(Product.objects.values_list("stock", flat=True))


BAD_PRODUCTS = {
    "an unknown category": ({"category": "hats"}, "#/category"),
    "an unknown seller": ({"seller_id": 10**6}, "#/seller_id"),
    "a price below zero": ({"price_minor": -1}, "#/price_minor"),
    "a price with a fraction": ({"price_minor": 9.5}, "#/price_minor"),
    "a price as text": ({"price_minor": "900"}, "#/price_minor"),
    "stock without end": ({"stock": 10**9}, "#/stock"),
    "a currency in small letters": ({"currency": "eur"}, "#/currency"),
    "a currency with a line's end": ({"currency": "EU\n"}, "#/currency"),
    "a slug with spaces": ({"slug": "a cup"}, "#/slug"),
    "a number for a name": ({"name": 1}, "#/name"),
    "no name": ({"name": ""}, "#/name"),
    "a field of ours": ({"version": 7}, "#/version"),
    "a state of ours": ({"is_active": False}, "#/is_active"),
}


@pytest.mark.parametrize("name", BAD_PRODUCTS)
def test_a_product_that_breaks_a_rule_is_refused_and_the_place_named(
    admin: ApiClient, mug: Product, name: str
):
    wrong, pointer = BAD_PRODUCTS[name]

    answers = [
        admin.post_json("/api/v1/products/", CUP | wrong),
        send(admin, "patch", f"/api/v1/products/{mug.pk}/", wrong),
    ]

    assert [(400, [pointer])] * 2 == [
        (answer.status_code, [error["pointer"] for error in answer.json()["errors"]]) for answer in answers
    ]
    assert (1, 1) == (Product.objects.count(), Product.objects.get().version)


def test_a_writer_who_has_not_read_the_latest_version_gets_412_and_loses_nothing(
    admin: ApiClient, seller: ApiClient, mug: Product
):
    Product.objects.update(seller=seller.user)
    address = f"/api/v1/products/{mug.pk}/"
    read = seller.get(address).headers["ETag"]

    first = send(admin, "patch", address, {"price_minor": 800}, read)
    second = send(seller, "put", address, CUP, read)

    assert [200, 412] == [first.status_code, second.status_code]
    assert read != first.headers["ETag"] == seller.get(address).headers["ETag"]
    assert 800 == Product.objects.get().price_minor


@pytest.mark.parametrize("match", ['"another"', 'W/"1.1.1"', "nonsense", '""', ""])
def test_what_names_no_strong_tag_of_the_current_version_changes_nothing(
    admin: ApiClient, mug: Product, match: str
):
    assert '"1.1.1"' == admin.get(f"/api/v1/products/{mug.pk}/").headers["ETag"]
    assert 412 == send(admin, "delete", f"/api/v1/products/{mug.pk}/", match=match).status_code


def test_one_of_several_tags_is_enough(admin: ApiClient, mug: Product):
    answer = send(admin, "patch", f"/api/v1/products/{mug.pk}/", {"stock": 1}, '"older", "1.1.1"')

    assert 200 == answer.status_code


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_a_change_without_if_match_answers_428(admin: ApiClient, mug: Product, method: str):
    addresses = (f"/api/v1/products/{mug.pk}/", "/api/v1/categories/mugs/")
    bodies = (CUP, {"slug": "mugs", "name": "Mugs"})

    answers = [send(admin, method, *each, match=None) for each in zip(addresses, bodies, strict=True)]

    assert [428, 428] == [answer.status_code for answer in answers]
    assert {"tag:shop.example,2026:if-match-needed"} == {answer.json()["type"] for answer in answers}


def test_a_version_that_changes_between_the_look_and_the_write_changes_nothing(
    admin: ApiClient, mug: Product
):
    Product.objects.update(version=2)

    with pytest.raises(services.Stale):
        services.change_product(mug.pk, user=admin.user, fields={"stock": 9}, version=1)
    with pytest.raises(services.Stale):
        services.change_category("mugs", fields={"name": "Cups"}, version=7)
    with pytest.raises(services.Stale):
        services.delete_category(Category.objects.create(name="Hats", slug="hats").slug, version=7)

    assert 5 == Product.objects.get().stock


def test_saving_in_a_program_counts_as_a_change(mug: Product):
    mug.save()

    assert 2 == Product.objects.get().version
