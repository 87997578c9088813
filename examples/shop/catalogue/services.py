"""Find products."""

from shop.catalogue.models import Category, Product
from shop.keyset import Page, read_page

ORDERINGS = ("name", "-name", "price_minor", "-price_minor")
LARGEST_PAGE = 100


def list_products(
    *,
    category: str | None = None,
    search: str | None = None,
    ordering: str = "name",
    cursor: str | None = None,
    page_size: int = 20,
) -> Page:
    """One page of the products for sale, read in one statement whatever its size.

    Args:
        category: the slug of a category; None for all. An unknown one has no products.
        search: a part of the name, ignoring case (on SQLite that of ASCII letters only).
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
    return read_page(products, ordering=ordering, cursor=cursor, size=min(page_size, LARGEST_PAGE))


def get_product(product_id: int) -> Product:
    """One product for sale. Raises `Product.DoesNotExist`."""
    return Product.objects.select_related("category").get(pk=product_id, is_active=True)


def list_categories() -> list[Category]:
    """All categories by name; a shop has few."""
    return list(Category.objects.order_by("name"))
