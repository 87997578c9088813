"""List orders with their products in four ways, and read a page of the catalogue in two."""

from django.db.models import Prefetch, Q, QuerySet
from shop.catalogue.models import Product
from shop.orders.models import Order, OrderItem


# --8<-- [start:show]
def show(orders: QuerySet[Order]) -> list[str]:
    return [
        f"{order}: {', '.join(f'{item.quantity} {item.product.name}' for item in order.items.all())}"
        for order in orders
    ]


# --8<-- [end:show]


# --8<-- [start:ways]
def one_by_one(newest: QuerySet[Order]) -> list[str]:
    return show(newest)


def items_prefetched(newest: QuerySet[Order]) -> list[str]:
    return show(newest.prefetch_related("items"))


def products_prefetched(newest: QuerySet[Order]) -> list[str]:
    return show(newest.prefetch_related("items__product"))


def products_joined(newest: QuerySet[Order]) -> list[str]:
    items = OrderItem.objects.select_related("product")
    return show(newest.prefetch_related(Prefetch("items", items)))


# --8<-- [end:ways]


# --8<-- [start:pages]
def page_after(name: str, last_id: int, size: int) -> QuerySet[Product]:
    beyond = Q(name__gt=name) | Q(id__gt=last_id)
    return Product.objects.filter(beyond, name__gte=name).order_by("name", "id")[:size]


def page_number(number: int, size: int) -> QuerySet[Product]:
    return Product.objects.order_by("name", "id")[(number - 1) * size : number * size]


# --8<-- [end:pages]
