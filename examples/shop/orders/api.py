from django.http import Http404
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from shop.orders import services
from shop.orders.models import Order
from shop.orders.serializers import OrderIn, OrderOut
from shop.problems import Problem
from shop.spec import path_id, problem_response
from shop.views import TokenView

EXAMPLE = {
    "id": 1,
    "status": "placed",
    "created_at": "2026-01-05T09:30:00Z",
    "currency": "EUR",
    "items": [{"product_id": 1, "name": "Blue mug", "quantity": 2, "price_minor": 900, "total_minor": 1800}],
    "total_minor": 1800,
}


class OrderListView(TokenView):
    @extend_schema(
        operation_id="placeOrder",
        summary="Place an order",
        description="Sells every line or nothing, at the shop's prices of this moment; the answer has them.",
        tags=["orders"],
        parameters=[
            OpenApiParameter(
                "Location", str, "header", response=[201], description="Where the order can be read."
            ),
        ],
        request=OrderIn,
        responses={
            201: OrderOut,
            409: problem_response(
                "Some of it cannot be sold: errors names the lines. Nothing has changed.",
                kind="out-of-stock",
                title="Not enough in stock",
            ),
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
        try:
            order = services.place_order(customer=request.user, lines=lines, now=timezone.now())
        except services.OutOfStock as error:
            raise _out_of_stock(error, lines) from error
        except services.MixedCurrencies as error:
            raise Problem(
                status=409,
                kind="mixed-currencies",
                title="Prices in several currencies",
                detail=f"These products are priced in {error}. Place one order for each currency.",
            ) from error
        order = services.get_order(order_id=order.pk, customer=request.user)
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
    @extend_schema(
        operation_id="getOrder",
        summary="Read an order",
        description="One of your own orders. Somebody else's gets the same 404 as one that does not exist.",
        tags=["orders"],
        parameters=[path_id("order_id", "The id of the order.")],
        responses={200: OrderOut},
        examples=[OpenApiExample("An order", value=EXAMPLE, response_only=True)],
    )
    def get(self, request: Request, order_id: int) -> Response:
        try:
            order = services.get_order(order_id=order_id, customer=request.user)
        except Order.DoesNotExist as error:
            raise Http404 from error
        return Response(OrderOut(order).data)
