from collections.abc import Callable
from datetime import datetime
from typing import ClassVar

from conventions.idempotency import key_parameters, key_reused
from conventions.keyset import BadCursor, bad_cursor
from conventions.problems import Problem
from conventions.spec import path_id, problem_response
from conventions.strict import read_query
from conventions.views import TokenView
from django.http import Http404
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from shop.accounts.models import User
from shop.idempotency.services import once
from shop.orders import services
from shop.orders.models import Order
from shop.orders.serializers import OrderIn, OrderMoveOut, OrderOut, OrderPageOut, OrderQuery
from shop.orders.states import MOVES, Event
from shop.roles import ADMIN, LOGGED_IN, SELLER

EXAMPLE = {
    "id": 1,
    "status": "placed",
    "created_at": "2026-01-05T09:30:00Z",
    "currency": "EUR",
    "items": [{"product_id": 1, "name": "Blue mug", "quantity": 2, "price_minor": 900, "total_minor": 1800}],
    "total_minor": 1800,
}


ORDER_ID = path_id("order_id", "The id of the order.")


class OrderListView(TokenView):
    roles: ClassVar = {"get": LOGGED_IN, "post": LOGGED_IN}

    @extend_schema(
        operation_id="listOrders",
        summary="List orders",
        description="A customer's own orders, a seller's those with its products (only these lines), and for an "
        "admin all, page by page. A page starts after the last order of the one before, so orders placed in "
        "between move nothing.",
        tags=["orders"],
        parameters=[OrderQuery],
        responses={200: OrderPageOut},
        examples=[
            OpenApiExample("A page", value={"results": [EXAMPLE], "next_cursor": None}, response_only=True)
        ],
    )
    def get(self, request: Request) -> Response:
        query = read_query(OrderQuery, request)
        try:
            page = services.list_orders(user=request.user, **query)
        except BadCursor as error:
            raise bad_cursor(error) from error
        return Response(OrderPageOut({"results": page.rows, "next_cursor": page.next_cursor}).data)

    @extend_schema(
        operation_id="placeOrder",
        summary="Place an order",
        description="Sells every line or nothing, at the shop's prices of this moment; the answer has them. "
        "With an `Idempotency-Key` the request can be sent again after a lost answer, within 24 hours: it orders "
        "once, and the second answer is the first one.",
        tags=["orders"],
        parameters=[
            OpenApiParameter(
                "Location", str, "header", response=[201], description="Where the order can be read."
            ),
            *key_parameters(required=False),
        ],
        request=OrderIn,
        responses={
            201: OrderOut,
            409: problem_response(
                "Some of it cannot be sold: errors names the lines. Nothing has changed. Or the first request "
                "with the key is still being carried out: then `Retry-After` says when to ask again.",
                kind="out-of-stock",
                title="Not enough in stock",
            ),
            422: key_reused(),
        },
        examples=[
            OpenApiExample(
                "Two mugs", value={"items": [{"product_id": 1, "quantity": 2}]}, request_only=True
            ),
            OpenApiExample("Placed", value=EXAMPLE, response_only=True),
        ],
    )
    def post(self, request: Request) -> Response:
        form = OrderIn(data=request.data)
        form.is_valid(raise_exception=True)
        lines = [services.Line(**item) for item in form.validated_data["items"]]
        now = timezone.now()
        return once(
            request,
            operation="placeOrder",
            now=now,
            act=lambda: self._placed(request.user, lines, now),
            required=False,
        )

    def _placed(self, customer: User, lines: list[services.Line], now: datetime) -> Response:
        try:
            order = services.place_order(customer=customer, lines=lines, now=now)
        except services.OutOfStock as error:
            raise _out_of_stock(error, lines) from error
        except services.MixedCurrencies as error:
            raise Problem(
                status=409,
                kind="mixed-currencies",
                title="Prices in several currencies",
                detail=f"These products are priced in {error}. Place one order for each currency.",
            ) from error
        order = services.get_order(order_id=order.pk, user=customer)
        place = reverse("order", kwargs={"order_id": order.pk})
        return Response(OrderOut(order).data, status=201, headers={"Location": place})


def _out_of_stock(error: services.OutOfStock, lines: list[services.Line]) -> Problem:
    return Problem(
        status=409,
        kind="out-of-stock",
        title="Not enough in stock",
        detail="Nothing was ordered. Each entry of errors names a line that cannot be served.",
        errors=[
            {
                "pointer": f"#/items/{lines.index(shortage.line)}",
                "detail": "This product is not for sale."
                if shortage.left is None
                else f"{shortage.line.quantity} asked, {shortage.left} left.",
            }
            for shortage in error.shortages
        ],
    )


class OrderView(TokenView):
    roles: ClassVar = {"get": LOGGED_IN}

    @extend_schema(
        operation_id="getOrder",
        summary="Read an order",
        description="An order of your own, or with your products. Somebody else's gets the same 404 as one that "
        "does not exist.",
        tags=["orders"],
        parameters=[ORDER_ID],
        responses={200: OrderOut},
        examples=[OpenApiExample("An order", value=EXAMPLE, response_only=True)],
    )
    def get(self, request: Request, order_id: int) -> Response:
        try:
            order = services.get_order(order_id=order_id, user=request.user)
        except Order.DoesNotExist as error:
            raise Http404 from error
        return Response(OrderOut(order).data)


class HistoryView(TokenView):
    roles: ClassVar = {"get": LOGGED_IN}

    @extend_schema(
        operation_id="getOrderHistory",
        summary="Read what happened to an order",
        description="Every event that moved the order to another state, the first one first.",
        tags=["orders"],
        parameters=[ORDER_ID],
        responses={200: OrderMoveOut(many=True)},
        examples=[
            OpenApiExample(
                "Cancelled",
                value={
                    "event": "cancel",
                    "from_status": "placed",
                    "to_status": "cancelled",
                    "moved_at": "2026-01-05T10:00:00Z",
                },
                response_only=True,
            )
        ],
    )
    def get(self, request: Request, order_id: int) -> Response:
        try:
            moves = services.history(order_id=order_id, user=request.user)
        except Order.DoesNotExist as error:
            raise Http404 from error
        return Response(OrderMoveOut(moves, many=True).data)


def _moves(event: Event, *, summary: str, who: str) -> Callable:
    """What the specification says of an event."""
    after = next(target for (_, moved_by), target in MOVES.items() if moved_by == event)
    return extend_schema(
        operation_id=f"{event}Order",
        summary=summary,
        description=f"{who} In any other state than {_before(event)} it is refused.",
        tags=["orders"],
        parameters=[ORDER_ID],
        request=None,
        responses={
            200: OrderOut,
            403: problem_response(
                "You may read the order, and this is not yours to ask for.",
                kind="not-yours",
                title="This is not yours to do",
            ),
            409: problem_response(
                "The order is in a state that knows no such event; `detail` names both.",
                kind="move-refused",
                title="The order's state does not allow this",
            ),
        },
        examples=[OpenApiExample(summary, value=EXAMPLE | {"status": after}, response_only=True)],
    )


def _before(event: Event) -> str:
    return " or ".join(f"`{state}`" for state, moved_by in MOVES if moved_by == event)


class _EventView(TokenView):
    """Asks for one event."""

    def ask_for(self, event: Event, request: Request, order_id: int) -> Response:
        try:
            order = services.ask_for(event, order_id=order_id, user=request.user, now=timezone.now())
        except Order.DoesNotExist as error:
            raise Http404 from error
        except services.NotTheirs as error:
            raise Problem(
                status=403,
                kind="not-yours",
                title="This is not yours to do",
                detail="An order is cancelled by its customer, and shipped and delivered by the seller of every "
                "line of it. An admin may do all of it.",
            ) from error
        except services.MoveRefused as error:
            raise Problem(
                status=409,
                kind="move-refused",
                title="The order's state does not allow this",
                detail=f"The order is {error.state}, and an order that is {error.state} knows no event "
                f"{error.event}. Nothing has changed.",
            ) from error
        return Response(OrderOut(order).data)


class CancelView(_EventView):
    roles: ClassVar = {"post": LOGGED_IN}

    @_moves(Event.CANCEL, summary="Cancel an order", who="For its customer and admins: the pieces go back.")
    def post(self, request: Request, order_id: int) -> Response:
        return self.ask_for(Event.CANCEL, request, order_id)


class ShipView(_EventView):
    roles: ClassVar = {"post": {SELLER, ADMIN}}

    @_moves(
        Event.SHIP, summary="Say that an order was shipped", who="For the seller of every line and admins."
    )
    def post(self, request: Request, order_id: int) -> Response:
        return self.ask_for(Event.SHIP, request, order_id)


class DeliverView(_EventView):
    roles: ClassVar = {"post": {SELLER, ADMIN}}

    @_moves(
        Event.DELIVER, summary="Say that an order arrived", who="For the seller of every line and admins."
    )
    def post(self, request: Request, order_id: int) -> Response:
        return self.ask_for(Event.DELIVER, request, order_id)
