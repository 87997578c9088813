"""Place, read and cancel orders."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import F, Prefetch

from shop.accounts.models import User
from shop.catalogue.models import Product
from shop.orders.models import Order, OrderItem


@dataclass(frozen=True)
class Line:
    """So many pieces of one product."""

    product_id: int
    quantity: int


@dataclass(frozen=True)
class Shortage:
    """A line that cannot be served; `left` is None where the product is not for sale."""

    line: Line
    left: int | None


class OutOfStock(Exception):
    """Not every line of an order can be served, so none was; `shortages` names each that cannot."""

    def __init__(self, shortages: list[Shortage]) -> None:
        super().__init__(f"{len(shortages)} of the products are short")
        self.shortages = shortages


class MixedCurrencies(Exception):
    """The products are priced in several currencies, so the order would have no total."""


# --8<-- [start:place_order]
@transaction.atomic
def place_order(*, customer: User, lines: Sequence[Line], now: datetime) -> Order:
    """Sell every line of an order to `customer`, or nothing.

    Args:
        customer: who buys.
        lines: at least one, each of another product, each quantity above zero.
        now: when the order is placed.

    Returns:
        The order, with each product's price of this moment copied to its item.

    Raises:
        OutOfStock: a product has fewer pieces left than asked, or is not for sale. Nothing has changed.
        MixedCurrencies: the products are priced in more than one currency. Nothing has changed.
    """
    # Everybody takes products in the order of their ids: an order waits for another's rows, but never in a ring.
    lines = sorted(lines, key=lambda line: line.product_id)
    short = [line for line in lines if not _take(line)]
    products = Product.objects.in_bulk([line.product_id for line in lines])
    if short:
        raise OutOfStock([Shortage(line, _left(products.get(line.product_id))) for line in short])
    # Read after they were taken: until this transaction ends nobody else can change these rows.
    currencies = {product.currency for product in products.values()}
    if len(currencies) > 1:
        raise MixedCurrencies(", ".join(sorted(currencies)))
    order = Order.objects.create(customer=customer, currency=currencies.pop(), created_at=now)
    OrderItem.objects.bulk_create(
        OrderItem(
            order=order,
            product=products[line.product_id],
            quantity=line.quantity,
            price_minor=products[line.product_id].price_minor,
        )
        for line in lines
    )
    return order


# --8<-- [end:place_order]


# --8<-- [start:take]
def _take(line: Line) -> bool:
    """Take the pieces out of the stock if enough are left: the question and the answer are one statement."""
    enough = Product.objects.filter(pk=line.product_id, is_active=True, stock__gte=line.quantity)
    return enough.update(stock=F("stock") - line.quantity) == 1


# --8<-- [end:take]


def _left(product: Product | None) -> int | None:
    return product.stock if product and product.is_active else None


def get_order(*, order_id: int, customer: User) -> Order:
    """An order of `customer` with its items and their products, in two statements.

    Raises:
        Order.DoesNotExist: there is no such order, or it is somebody else's. The two look the same, so that
            nobody learns which numbers exist (RFC 9110 section 15.5.4 allows 404 for this).
    """
    items = OrderItem.objects.select_related("product").order_by("id")
    return Order.objects.prefetch_related(Prefetch("items", items)).get(pk=order_id, customer=customer)


@transaction.atomic
def cancel_order(*, order_id: int, customer: User) -> bool:
    """Cancel an order and put its pieces back into the stock, once however often it is called.

    Returns:
        Whether this call cancelled it; False where it was cancelled before.

    Raises:
        Order.DoesNotExist: there is no such order, or it is somebody else's.
    """
    placed = Order.objects.filter(pk=order_id, customer=customer, status=Order.Status.PLACED)
    if not placed.update(status=Order.Status.CANCELLED):
        Order.objects.get(pk=order_id, customer=customer)
        return False
    for item in OrderItem.objects.filter(order_id=order_id).order_by("product_id"):
        Product.objects.filter(pk=item.product_id).update(stock=F("stock") + item.quantity)
    return True
