"""Find products, and change them and their categories."""

from collections.abc import Mapping, Sequence

from conventions.keyset import Page, read_page
from django.db import IntegrityError, transaction
from django.db.models import F, ProtectedError, QuerySet, Window
from django.db.models.functions import RowNumber

from shop.accounts.models import Role, User
from shop.caching.services import categories_changed, products_changed
from shop.catalogue.models import Category, Product

ORDERINGS = ("name", "-name", "price_minor", "-price_minor")
LARGEST_PAGE = 100


class SlugTaken(Exception):
    """Another product or category has this slug."""


class UnknownCategory(Exception):
    """There is no category with this slug."""


class UnknownSeller(Exception):
    """There is no user with this id who sells."""


class NotTheirs(Exception):
    """The product is somebody else's."""


class Stale(Exception):
    """Somebody has changed it since this version was read."""


class CategoryInUse(Exception):
    """Products are in the category, perhaps some that are not for sale any more."""


def list_products(
    *,
    category: str | None = None,
    search: str | None = None,
    seller: int | None = None,
    price_from: int | None = None,
    price_to: int | None = None,
    in_stock: bool | None = None,
    ordering: str = "name",
    cursor: str | None = None,
    page_size: int = 20,
) -> Page:
    """One page of the products for sale, read in one statement whatever its size.

    Args:
        category: the slug of a category; None for all. An unknown one has no products.
        search: a part of the name, ignoring case (on SQLite that of ASCII letters only).
        seller: the id of a seller.
        price_from: the lowest price, in minor units of whatever currency.
        price_to: the highest price.
        in_stock: True for what can be ordered, False for what is sold out.
        ordering: one of `ORDERINGS`; an allow-list, since each has its index and no other order has.
        cursor: `next_cursor` of the page before.
        page_size: 1 to `LARGEST_PAGE` products.

    Raises:
        BadCursor: `cursor` was not handed out for this `ordering`.
    """
    if ordering not in ORDERINGS:
        raise ValueError(f"ordering {ordering!r} is not one of {', '.join(ORDERINGS)}")
    products = Product.objects.filter(is_active=True).select_related("category")
    if category is not None:
        products = products.filter(category__slug=category)
    if search is not None:
        products = products.filter(name__icontains=search)
    if seller is not None:
        products = products.filter(seller=seller)
    if price_from is not None:
        products = products.filter(price_minor__gte=price_from)
    if price_to is not None:
        products = products.filter(price_minor__lte=price_to)
    if in_stock is not None:
        products = products.filter(stock__gt=0) if in_stock else products.filter(stock=0)
    return read_page(products, ordering=ordering, cursor=cursor, size=min(page_size, LARGEST_PAGE))


def get_product(product_id: int) -> Product:
    """One product for sale. Raises `Product.DoesNotExist`."""
    return Product.objects.select_related("category").get(pk=product_id, is_active=True)


def list_categories() -> list[Category]:
    """All categories by name; a shop has few."""
    return list(Category.objects.order_by("name"))


def products_by_category(category_ids: Sequence[int], most: int) -> dict[int, list[Product]]:
    """Up to `most` products for sale of each category by name, in one statement; by the id of the category."""
    place = Window(RowNumber(), partition_by="category_id", order_by=["name", "id"])
    rows = (
        Product.objects.filter(category__in=category_ids, is_active=True)
        .select_related("category")
        .annotate(place=place)
        .filter(place__lte=most)
        .order_by("name", "id")
    )
    found: dict[int, list[Product]] = {}
    for row in rows:
        found.setdefault(row.category_id, []).append(row)
    return found


def get_category(slug: str) -> Category:
    """One category. Raises `Category.DoesNotExist`."""
    return Category.objects.get(slug=slug)


def create_product(*, user: User, fields: Mapping[str, object]) -> Product:
    """Put a product into the catalogue.

    Args:
        user: a seller, whose product it is, or an admin.
        fields: those of `change_product`; all but `seller_id` are there.

    Raises:
        SlugTaken, UnknownCategory, UnknownSeller: nothing was created.
    """
    values = _values(fields)
    if user.role == Role.SELLER:
        values["seller"] = user
    try:
        with transaction.atomic():
            product = Product.objects.create(**values)
    except IntegrityError as error:
        raise _conflict(Product, values["slug"]) from error
    products_changed([product.pk])
    return product


# --8<-- [start:change_product]
@transaction.atomic
def change_product(
    product_id: int, *, user: User, fields: Mapping[str, object], version: int | None
) -> Product:
    """Change a product for sale.

    Args:
        product_id: which one.
        user: its seller, or an admin.
        fields: what changes: `name`, `slug`, `category` (a slug), `price_minor`, `currency`, `stock`, `seller_id`.
        version: the one that the user has read; None for any.

    Raises:
        Product.DoesNotExist: there is no such product for sale.
        NotTheirs: it is somebody else's.
        Stale: the product has another version by now. Nothing has changed.
        SlugTaken, UnknownCategory, UnknownSeller: nothing has changed.
    """
    _change(product_id, user=user, values=_values(fields), version=version)
    return get_product(product_id)


def archive_product(product_id: int, *, user: User, version: int | None) -> None:
    """Take a product out of the catalogue; orders keep it. Raises what `change_product` does."""
    _change(product_id, user=user, values={"is_active": False}, version=version)


def _change(product_id: int, *, user: User, values: dict[str, object], version: int | None) -> None:
    product = get_product(product_id)
    if user.role != Role.ADMIN and product.seller_id != user.pk:
        raise NotTheirs
    rows = Product.objects.filter(pk=product_id, is_active=True)
    if version is not None:
        rows = rows.filter(version=version)
    try:
        with transaction.atomic():
            changed = rows.update(**values, version=F("version") + 1)
    except IntegrityError as error:
        raise _conflict(Product, values.get("slug", "")) from error
    if not changed:
        raise Stale
    products_changed([product_id])


# --8<-- [end:change_product]


def _values(fields: Mapping[str, object]) -> dict[str, object]:
    """The columns that `fields` mean."""
    values = dict(fields)
    if "category" in values:
        values["category"] = Category.objects.filter(slug=values["category"]).first()
        if values["category"] is None:
            raise UnknownCategory
    if values.get("seller_id") is not None:
        sellers = User.objects.filter(pk=values["seller_id"], role=Role.SELLER, is_active=True)
        if not sellers.exists():
            raise UnknownSeller
    return values


def _conflict(model: type[Category | Product], slug: object) -> Exception:
    """Why the database refused a row: its slug, or its category is gone since it was looked up."""
    return SlugTaken() if model.objects.filter(slug=slug).exists() else UnknownCategory()


def create_category(*, name: str, slug: str) -> Category:
    """Add a category. Raises `SlugTaken` where its name or its slug is taken."""
    try:
        with transaction.atomic():
            category = Category.objects.create(name=name, slug=slug)
    except IntegrityError as error:
        raise SlugTaken from error
    categories_changed()
    return category


def change_category(slug: str, *, fields: Mapping[str, str], version: int | None) -> Category:
    """Change the `name` or the `slug` of a category.

    Raises:
        Category.DoesNotExist: there is no such category.
        Stale: it has another version by now. Nothing has changed.
        SlugTaken: the new name or slug is taken. Nothing has changed.
    """
    category = get_category(slug)
    rows = _at(category, version)
    try:
        with transaction.atomic():
            changed = rows.update(**fields, version=F("version") + 1)
    except IntegrityError as error:
        raise SlugTaken from error
    if not changed:
        raise Stale
    categories_changed()
    category.refresh_from_db()
    return category


def delete_category(slug: str, *, version: int | None) -> None:
    """Delete a category without products.

    Raises:
        Category.DoesNotExist: there is no such category.
        Stale: it has another version by now.
        CategoryInUse: a product is in it, perhaps one that is not for sale any more.
    """
    try:
        with transaction.atomic():
            if not _at(get_category(slug), version).delete()[0]:
                raise Stale
    except (ProtectedError, IntegrityError) as error:
        raise CategoryInUse from error
    categories_changed()


def _at(category: Category, version: int | None) -> QuerySet:
    rows = Category.objects.filter(pk=category.pk)
    return rows if version is None else rows.filter(version=version)
