"""Place and read orders, and move them from state to state."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from conventions.keyset import Page, read_page
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Prefetch, Q, QuerySet

from shop.accounts.models import Role, User
from shop.caching.services import products_changed
from shop.catalogue.models import Product
from shop.orders.models import Order, OrderItem, OrderMove
from shop.orders.states import ASKED_BY, MOVES, Event, Status
from shop.outbox.services import publish

ORDERINGS = ("created_at", "-created_at")
LARGEST_PAGE = 100
TOLD = {Event.SHIP, Event.CANCEL}  # somebody waits to hear of these; of a new order too


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


class MoveRefused(Exception):
    """The order's state knows no such event."""

    def __init__(self, state: Status, event: Event) -> None:
        super().__init__(f"an order that is {state} knows no event {event}")
        self.state = state
        self.event = event


class NotTheirs(Exception):
    """The user may see the order, and may not ask for this event."""


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
    products_changed(products)
    publish(topic="order.placed", payload={"order_id": order.pk}, key=f"order:{order.pk}", now=now)
    return order


# --8<-- [end:place_order]


# --8<-- [start:take]
def _take(line: Line) -> bool:
    """Take the pieces out of the stock if enough are left: the question and the answer are one statement."""
    enough = Product.objects.filter(pk=line.product_id, is_active=True, stock__gte=line.quantity)
    return enough.update(stock=F("stock") - line.quantity, version=F("version") + 1) == 1


# --8<-- [end:take]


def _left(product: Product | None) -> int | None:
    return product.stock if product and product.is_active else None


def list_orders(
    *,
    user: User,
    status: str | None = None,
    ordering: str = "-created_at",
    cursor: str | None = None,
    page_size: int = 20,
) -> Page:
    """One page of the orders that `user` may see, as `get_order` shows them, in two statements whatever its size.

    Args:
        user: who asks.
        status: one of `Status`; None for all.
        ordering: one of `ORDERINGS`.
        cursor: `next_cursor` of the page before.
        page_size: 1 to `LARGEST_PAGE` orders.

    Raises:
        BadCursor: `cursor` was not handed out for this `ordering`.
    """
    if ordering not in ORDERINGS:
        raise ValueError(f"ordering {ordering!r} is not one of {', '.join(ORDERINGS)}")
    orders = _visible_to(user)
    if status is not None:
        orders = orders.filter(status=status)
    return read_page(orders, ordering=ordering, cursor=cursor, size=min(page_size, LARGEST_PAGE))


def get_order(*, order_id: int, user: User) -> Order:
    """An order that `user` may see, with its items and their products, in two statements.

    Its customer and an admin see the whole order. A seller sees the lines with its own products, and a total of
    these.

    Raises:
        Order.DoesNotExist: there is no such order, or it is not for this user. The two look the same, so that
            nobody learns which numbers exist (RFC 9110 section 15.5.4 allows 404 for this).
    """
    return _visible_to(user).get(pk=order_id)


# --8<-- [start:visible]
def _visible_to(user: User) -> QuerySet:
    items = OrderItem.objects.select_related("product").order_by("id")
    orders = Order.objects.all()
    if user.role == Role.SELLER:
        items = items.filter(Q(product__seller=user) | Q(order__customer=user))
        sold = OrderItem.objects.filter(order=OuterRef("pk"), product__seller=user)
        orders = orders.filter(Q(customer=user) | Exists(sold))
    elif user.role != Role.ADMIN:
        orders = orders.filter(customer=user)
    return orders.prefetch_related(Prefetch("items", items))


# --8<-- [end:visible]


def history(*, order_id: int, user: User) -> list[OrderMove]:
    """What happened to an order that `user` may see, from the first event on. Raises `Order.DoesNotExist`."""
    order = _visible_to(user).prefetch_related(None).get(pk=order_id)
    return list(order.moves.order_by("id"))


def check_asker(event: Event, *, order_id: int, user: User) -> Order:
    """The order, of which `user` may ask for `event`.

    Raises:
        Order.DoesNotExist: there is no such order, or it is not for this user.
        NotTheirs: the user may see the order and may not ask for this event.
    """
    order = get_order(order_id=order_id, user=user)
    if not ASKED_BY.get(event, set()) & _relations(user, order):
        raise NotTheirs
    return order


@transaction.atomic
def ask_for(event: Event, *, order_id: int, user: User, now: datetime) -> Order:
    """Let `user` cancel, ship or deliver an order.

    An order is cancelled by its customer, shipped and delivered by the seller of every line, and all of it by an
    admin.

    Args:
        event: one of those in `ASKED_BY`; a refund is asked for by `shop.payments.services.ask_refund`.
        order_id: which order.
        user: who asks.
        now: when.

    Returns:
        The order as `user` may see it.

    Raises:
        Order.DoesNotExist: there is no such order, or it is not for this user.
        NotTheirs: the user may see the order and may not ask for this event.
        MoveRefused: the order is in a state that knows no such event. Nothing has changed.
    """
    order = check_asker(event, order_id=order_id, user=user)
    move_order(event, order_id=order_id, actor=user, now=now)
    order.refresh_from_db(fields=["status"])
    return order


def _relations(user: User, order: Order) -> set[str]:
    relations = {"admin"} if user.role == Role.ADMIN else set()
    if order.customer_id == user.pk:
        relations.add("customer")
    # Not `order.items`: these are prefetched, and only those that the user may see.
    others = OrderItem.objects.filter(order=order).exclude(product__seller=user)
    if user.role == Role.SELLER and not others.exists():
        relations.add("seller")
    return relations


# --8<-- [start:move_order]
@transaction.atomic
def move_order(event: Event, *, order_id: int, actor: User | None, now: datetime) -> None:
    """Move an order by one row of the table `MOVES`, and write it down. Cancelling puts the pieces back.

    Args:
        event: what happens to it.
        order_id: which order.
        actor: who asked for it; None where the shop did.
        now: when.

    Raises:
        Order.DoesNotExist: there is no such order.
        MoveRefused: its state knows no such event. Nothing has changed.
    """
    while True:
        state = Status(Order.objects.values_list("status", flat=True).get(pk=order_id))
        target = MOVES.get((state, event))
        if target is None:
            raise MoveRefused(state, event)
        # If somebody has moved it since, no row matches; no move leads back, so this ends.
        if Order.objects.filter(pk=order_id, status=state).update(status=target):
            break
    OrderMove.objects.create(
        order_id=order_id, event=event, from_status=state, to_status=target, actor=actor, moved_at=now
    )
    if target == Status.CANCELLED:
        _put_back(order_id)
    if event in TOLD:
        publish(topic=f"order.{target}", payload={"order_id": order_id}, key=f"order:{order_id}", now=now)


# --8<-- [end:move_order]


def _put_back(order_id: int) -> None:
    items = list(OrderItem.objects.filter(order_id=order_id).order_by("product_id"))
    for item in items:
        Product.objects.filter(pk=item.product_id).update(
            stock=F("stock") + item.quantity, version=F("version") + 1
        )
    products_changed(item.product_id for item in items)
