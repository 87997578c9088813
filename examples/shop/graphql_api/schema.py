"""What can be asked of the shop in GraphQL, and which service answers it."""

from collections.abc import Callable, Iterable
from datetime import datetime
from enum import Enum
from typing import Annotated, NewType, TypeVar

import strawberry
from conventions.keyset import BadCursor, Page
from django.utils import timezone
from graphql import GraphQLError
from rest_framework.exceptions import ValidationError
from strawberry.extensions import MaxTokensLimiter
from strawberry.schema.config import StrawberryConfig

from shop.accounts.models import User
from shop.catalogue import models as catalogue_models
from shop.catalogue import services as catalogue
from shop.graphql_api.cost import LARGEST_FIRST, SizeLimit
from shop.graphql_api.siblings import Siblings
from shop.orders import models as order_models
from shop.orders import services as orders
from shop.orders.serializers import OrderIn
from shop.orders.states import Event, Status

MOST_TOKENS = 2000
First = Annotated[int, strawberry.argument(description=f"How many at most, up to {LARGEST_FIRST}.")]
After = Annotated[str | None, strawberry.argument(description="`nextCursor` of the page before.")]
Model = TypeVar("Model")
MinorUnits = NewType("MinorUnits", int)
OrderStatus = strawberry.enum(Status, name="OrderStatus")


class Refused(GraphQLError):
    """An operation that was understood and is refused; `extensions.code` is for programs, the message for people."""

    def __init__(self, code: str, message: str, **more: object) -> None:
        super().__init__(message, extensions={"code": code, **more})


@strawberry.enum(description="What to sort by; each has an index, and no other order has.")
class ProductOrdering(Enum):
    NAME = "name"
    NAME_DESCENDING = "-name"
    PRICE = "price_minor"
    PRICE_DESCENDING = "-price_minor"


@strawberry.type(description="A kind of product.")
class Category:
    row: strawberry.Private[catalogue_models.Category]
    siblings: strawberry.Private[Siblings]

    @strawberry.field
    def slug(self) -> str:
        return self.row.slug

    @strawberry.field
    def name(self) -> str:
        return self.row.name

    @strawberry.field(description="Products for sale of this category, by name.")
    def products(self, first: First = 20) -> list["Product"]:
        rows = self.siblings.of(self.row.pk, checked(first))
        return [Product(row=row, siblings=self.siblings) for row in rows]


@strawberry.type(description="A product for sale.")
class Product:
    row: strawberry.Private[catalogue_models.Product]
    siblings: strawberry.Private[Siblings]

    @strawberry.field
    def id(self) -> strawberry.ID:
        return strawberry.ID(str(self.row.pk))

    @strawberry.field
    def slug(self) -> str:
        return self.row.slug

    @strawberry.field
    def name(self) -> str:
        return self.row.name

    @strawberry.field(description="In minor units of the currency: 1250 with EUR is 12.50 euros.")
    def price(self) -> MinorUnits:
        return self.row.price_minor

    @strawberry.field(description="ISO 4217 code.")
    def currency(self) -> str:
        return self.row.currency

    @strawberry.field(description="Pieces that can be ordered now.")
    def stock(self) -> int:
        return self.row.stock

    @strawberry.field
    def category(self) -> Category:
        return Category(row=self.row.category, siblings=self.siblings)


@strawberry.type(description="A page of products.")
class ProductPage:
    results: list[Product]
    next_cursor: str | None = strawberry.field(description="Send it as `after`; null on the last page.")


@strawberry.type(description="A number of one product in an order, at the price it had then.")
class OrderItem:
    row: strawberry.Private[order_models.OrderItem]

    @strawberry.field
    def product_id(self) -> strawberry.ID:
        return strawberry.ID(str(self.row.product_id))

    @strawberry.field(description="What the product is called today.")
    def name(self) -> str:
        return self.row.product.name

    @strawberry.field
    def quantity(self) -> int:
        return self.row.quantity

    @strawberry.field(description="For one piece, in minor units, as it was then.")
    def price(self) -> MinorUnits:
        return self.row.price_minor

    @strawberry.field
    def total(self) -> MinorUnits:
        return self.row.total_minor


@strawberry.type(description="An order, as whoever asks may see it.")
class Order:
    row: strawberry.Private[order_models.Order]

    @strawberry.field
    def id(self) -> strawberry.ID:
        return strawberry.ID(str(self.row.pk))

    @strawberry.field
    def status(self) -> OrderStatus:
        return Status(self.row.status)

    @strawberry.field
    def created_at(self) -> datetime:
        return self.row.created_at

    @strawberry.field(description="ISO 4217 code.")
    def currency(self) -> str:
        return self.row.currency

    @strawberry.field
    def items(self) -> list[OrderItem]:
        return [OrderItem(row=row) for row in self.row.items.all()]

    @strawberry.field(description="The sum of the items, in minor units.")
    def total(self) -> MinorUnits:
        return self.row.total_minor


@strawberry.type(description="A page of orders, the newest first.")
class OrderPage:
    results: list[Order]
    next_cursor: str | None = strawberry.field(description="Send it as `after`; null on the last page.")


@strawberry.type(description="The user whose token or cookie came with the request.")
class Me:
    user: strawberry.Private[User]

    @strawberry.field
    def email(self) -> str:
        return self.user.email

    @strawberry.field
    def role(self) -> str:
        return self.user.role

    @strawberry.field(description="The orders that this user may see.")
    def orders(self, first: First = 20, after: After = None) -> OrderPage:
        page = paged(lambda: orders.list_orders(user=self.user, cursor=after, page_size=checked(first)))
        return OrderPage(results=[Order(row=row) for row in page.rows], next_cursor=page.next_cursor)


@strawberry.type
class Query:
    @strawberry.field(description="One product for sale; null where there is none with this id.")
    def product(self, id: strawberry.ID) -> Product | None:
        found = or_none(lambda: catalogue.get_product(number(id)), catalogue_models.Product)
        return products_of([found])[0] if found else None

    @strawberry.field(description="Products for sale, page by page.")
    def products(
        self,
        first: First = 20,
        after: After = None,
        category: str | None = None,
        search: str | None = None,
        ordering: ProductOrdering = ProductOrdering.NAME,
    ) -> ProductPage:
        page = paged(
            lambda: catalogue.list_products(
                category=category,
                search=search,
                ordering=ordering.value,
                cursor=after,
                page_size=checked(first),
            )
        )
        return ProductPage(results=products_of(page.rows), next_cursor=page.next_cursor)

    @strawberry.field(description="All categories, by name.")
    def categories(self) -> list[Category]:
        rows = catalogue.list_categories()
        siblings = Siblings([row.pk for row in rows], catalogue.products_by_category)
        return [Category(row=row, siblings=siblings) for row in rows]

    @strawberry.field(description="Whoever asks; null without a token.")
    def me(self, info: strawberry.Info) -> Me | None:
        return Me(user=info.context.user) if info.context.user else None

    @strawberry.field(
        description="An order that whoever asks may see; null where there is none with this id."
    )
    def order(self, info: strawberry.Info, id: strawberry.ID) -> Order | None:
        found = or_none(lambda: orders.get_order(order_id=number(id), user=user_of(info)), order_models.Order)
        return Order(row=found) if found else None


@strawberry.input(description="A product and how many pieces of it.")
class LineIn:
    product_id: strawberry.ID
    quantity: int


@strawberry.type
class Mutation:
    @strawberry.mutation(description="Sells every line or nothing, at the shop's prices of this moment.")
    def place_order(self, info: strawberry.Info, items: list[LineIn]) -> Order:
        user = user_of(info)
        form = OrderIn(
            data={
                "items": [
                    {"product_id": number(each.product_id), "quantity": each.quantity} for each in items
                ]
            }
        )
        try:
            form.is_valid(raise_exception=True)
            lines = [orders.Line(**item) for item in form.validated_data["items"]]
            order = orders.place_order(customer=user, lines=lines, now=timezone.now())
        except ValidationError as error:
            raise Refused("invalid", "The items break a rule.", errors=error.get_full_details()) from error
        except orders.OutOfStock as error:
            short = [
                {"productId": str(each.line.product_id), "asked": each.line.quantity, "left": each.left}
                for each in error.shortages
            ]
            raise Refused(
                "out-of-stock", "Nothing was ordered: not enough in stock.", errors=short
            ) from error
        except orders.MixedCurrencies as error:
            raise Refused("mixed-currencies", f"Nothing was ordered: these are priced in {error}.") from error
        return Order(row=orders.get_order(order_id=order.pk, user=user))

    @strawberry.mutation(description="Puts the pieces of an order back, once.")
    def cancel_order(self, info: strawberry.Info, id: strawberry.ID) -> Order:
        user = user_of(info)
        try:
            order = orders.ask_for(Event.CANCEL, order_id=number(id), user=user, now=timezone.now())
        except order_models.Order.DoesNotExist as error:
            raise Refused("not-found", "There is no such order, or it is not yours.") from error
        except orders.NotTheirs as error:
            raise Refused("not-yours", "An order is cancelled by its customer or an admin.") from error
        except orders.MoveRefused as error:
            raise Refused(
                "move-refused", f"The order is {error.state}, so it cannot be cancelled."
            ) from error
        return Order(row=order)


def products_of(rows: Iterable[catalogue_models.Product]) -> list[Product]:
    """Products of one list: their categories, asked for their products, answer together."""
    rows = list(rows)
    siblings = Siblings([row.category_id for row in rows], catalogue.products_by_category)
    return [Product(row=row, siblings=siblings) for row in rows]


def user_of(info: strawberry.Info) -> User:
    """Who asks. Raises `Refused` where nobody has logged in."""
    if info.context.user is None:
        raise Refused("unauthenticated", "This needs a valid access token, or a session.")
    return info.context.user


def number(id: str) -> int:
    """The number that an id is. Raises `Refused` for other texts."""
    if not (id.isascii() and id.isdigit() and len(id) <= 18):
        raise Refused("invalid", f"An id is a number of up to 18 digits, not {id[:40]!r}.")
    return int(id)


def checked(first: int) -> int:
    """Raises `Refused` where `first` is not 1 to `LARGEST_FIRST`."""
    if not 1 <= first <= LARGEST_FIRST:
        raise Refused("invalid", f"`first` is {first}; it must be 1 to {LARGEST_FIRST}.")
    return first


def paged(read: Callable[[], Page]) -> Page:
    """A page. Raises `Refused` for a cursor that was not handed out for it."""
    try:
        return read()
    except BadCursor as error:
        raise Refused("invalid", f"`after` is {error}, with this ordering.") from error


def or_none(read: Callable[[], Model], model: type) -> Model | None:
    """What `read` finds, or None."""
    try:
        return read()
    except model.DoesNotExist:
        return None


MONEY = strawberry.scalar(
    name="MinorUnits",
    description="A sum of money in whole minor units of its currency; Int ends at 2,147,483,647.",
    serialize=int,
    parse_value=int,
)
SCHEMA = strawberry.Schema(
    query=Query,
    mutation=Mutation,
    extensions=[lambda: MaxTokensLimiter(max_token_count=MOST_TOKENS), SizeLimit],
    config=StrawberryConfig(scalar_map={MinorUnits: MONEY}),
)
