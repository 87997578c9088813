import uuid
from typing import ClassVar

from conventions.idempotency import key_parameters, key_reused
from conventions.problems import Problem, invalid
from conventions.spec import path_id, problem_response
from conventions.views import OpenView, TokenView
from django.conf import settings
from django.http import Http404
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from shop.idempotency.services import once
from shop.orders.models import Order
from shop.orders.services import NotTheirs
from shop.payments import services
from shop.payments.models import Payment
from shop.payments.serializers import EventIn, EventOut, PaymentIn, PaymentOut
from shop.payments.signatures import FORM, HEADER, BadSignature, verify
from shop.roles import ADMIN, LOGGED_IN, SELLER

REFERENCE = "7c4a8d09-ca37-4c8e-a39f-6d1e2b0f3c55"
EXAMPLE = {
    "id": 1,
    "order_id": 1,
    "status": "pending",
    "amount_minor": 1800,
    "currency": "EUR",
    "refund_asked": False,
    "created_at": "2026-01-05T09:30:00Z",
}
EVENT = {
    "version": 1,
    "id": "evt_1",
    "type": "charge.succeeded",
    "reference": REFERENCE,
    "amount_minor": 1800,
    "currency": "EUR",
}


class PaymentListView(TokenView):
    roles: ClassVar = {"post": LOGGED_IN}

    @extend_schema(
        operation_id="payOrder",
        summary="Pay an order",
        description="Writes down that one of your own orders is to be paid, whole. The payment is `pending` until "
        "the provider tells what became of it; read it again to see.",
        tags=["payments"],
        parameters=[
            path_id("order_id", "The id of the order."),
            *key_parameters(),
            OpenApiParameter(
                "Location", str, "header", response=[201], description="Where the payment can be read."
            ),
        ],
        request=PaymentIn,
        responses={
            201: PaymentOut,
            409: problem_response(
                "The order is not to be paid, or a payment is under way.",
                kind="not-payable",
                title="There is nothing to pay",
            ),
            422: key_reused(),
        },
        examples=[
            OpenApiExample("With a card's token", value={"source": "tok_ok"}, request_only=True),
            OpenApiExample("Pending", value=EXAMPLE, response_only=True),
        ],
    )
    def post(self, request: Request, order_id: int) -> Response:
        form = PaymentIn(data=request.data)
        form.is_valid(raise_exception=True)
        now = timezone.now()

        def pay() -> Response:
            payment = services.start_payment(
                order_id=order_id,
                customer=request.user,
                source=form.validated_data["source"],
                reference=str(uuid.uuid4()),
                now=now,
            )
            place = reverse("payment", kwargs={"order_id": order_id, "payment_id": payment.pk})
            return Response(PaymentOut(payment).data, status=201, headers={"Location": place})

        try:
            return once(request, operation="payOrder", now=now, act=pay)
        except Order.DoesNotExist as error:
            raise Http404 from error
        except services.NotPayable as error:
            raise _not_payable(f"The order is {error.state}.") from error
        except services.PaymentUnderWay as error:
            raise _not_payable("Another payment for this order may still succeed.") from error


def _not_payable(detail: str) -> Problem:
    return Problem(status=409, kind="not-payable", title="There is nothing to pay", detail=detail)


class PaymentView(TokenView):
    roles: ClassVar = {"get": LOGGED_IN}

    @extend_schema(
        operation_id="getPayment",
        summary="Read a payment",
        description="A payment of your own order, and for an admin of any. Others get the same 404 as for none.",
        tags=["payments"],
        parameters=[
            path_id("order_id", "The id of the order."),
            path_id("payment_id", "The id of the payment."),
        ],
        responses={200: PaymentOut},
        examples=[OpenApiExample("A payment", value=EXAMPLE, response_only=True)],
    )
    def get(self, request: Request, order_id: int, payment_id: int) -> Response:
        try:
            payment = services.get_payment(order_id=order_id, payment_id=payment_id, user=request.user)
        except Payment.DoesNotExist as error:
            raise Http404 from error
        return Response(PaymentOut(payment).data)


class RefundView(TokenView):
    roles: ClassVar = {"post": {SELLER, ADMIN}}

    @extend_schema(
        operation_id="refundOrder",
        summary="Refund a delivered order",
        description="For the seller of every line and admins: gives the whole price back. The order is `refunded` "
        "when the provider has told that the money went back. Asking again changes nothing, and gets the payment.",
        tags=["payments"],
        parameters=[path_id("order_id", "The id of the order.")],
        request=None,
        responses={
            202: PaymentOut,
            403: problem_response(
                "You may read the order, and this is not yours to ask for.",
                kind="not-yours",
                title="This is not yours to do",
            ),
            409: problem_response(
                "The order was not delivered, or no payment paid it; `detail` names its state.",
                kind="not-refundable",
                title="There is nothing to refund",
            ),
        },
        examples=[
            OpenApiExample(
                "Asked",
                value=EXAMPLE | {"status": "paid", "refund_asked": True},
                response_only=True,
                status_codes=["202"],
            )
        ],
    )
    def post(self, request: Request, order_id: int) -> Response:
        try:
            payment = services.ask_refund(order_id=order_id, user=request.user, now=timezone.now())
        except Order.DoesNotExist as error:
            raise Http404 from error
        except NotTheirs as error:
            raise Problem(
                status=403,
                kind="not-yours",
                title="This is not yours to do",
                detail="An order is refunded by the seller of every line of it, or by an admin.",
            ) from error
        except services.NotRefundable as error:
            raise Problem(
                status=409,
                kind="not-refundable",
                title="There is nothing to refund",
                detail=f"The order is {error.state}. What was delivered, and paid here, can be refunded; an order "
                "that was not shipped is cancelled instead.",
            ) from error
        return Response(PaymentOut(payment).data, status=202)


class WebhookView(OpenView):
    @extend_schema(
        operation_id="receiveEvent",
        summary="Receive an event of the payment provider",
        description="Open to everybody who can sign. 200 is answered after the event is kept, and again for an event "
        "that is known; what it changes follows.",
        tags=["payments"],
        parameters=[
            OpenApiParameter(
                HEADER,
                {"type": "string", "pattern": FORM},
                "header",
                required=True,
                description="When it was sent, and an HMAC-SHA-256 of that time, a dot and the body.",
                examples=[OpenApiExample("signature", value=f"t=1767605400,v1={'0' * 64}")],
            )
        ],
        request=EventIn,
        responses={
            200: EventOut,
            401: problem_response(
                "The signature is missing, forged, or older than five minutes. Nothing was read.",
                kind="bad-signature",
                title="The signature does not hold",
            ),
            409: problem_response(
                "An event with this id and another content is known.",
                kind="event-conflict",
                title="Another event has this id",
            ),
        },
        examples=[
            OpenApiExample("The card was charged", value=EVENT, request_only=True),
            OpenApiExample("Kept", value={"id": "evt_1", "is_new": True}, response_only=True),
        ],
    )
    # --8<-- [start:webhook]
    def post(self, request: Request) -> Response:
        now = timezone.now()
        try:
            verify(
                request.body,
                request.headers.get(HEADER, ""),
                secrets=settings.PAYMENTS_SECRETS,
                now=now.timestamp(),
            )
        except BadSignature as error:
            raise Problem(
                status=401,
                kind="bad-signature",
                title="The signature does not hold",
                detail=f"Nothing was read: {error}.",
                headers={"WWW-Authenticate": HEADER},
            ) from error
        form = EventIn(data=request.data)
        form.is_valid(raise_exception=True)
        told = {name: value for name, value in form.validated_data.items() if name not in ("id", "version")}
        try:
            is_new = services.record(services.News(form.validated_data["id"], **told), now=now)
        except services.UnknownPayment as error:
            raise invalid([{"pointer": "#/reference", "detail": "No payment of ours."}]) from error
        except services.EventConflict as error:
            raise Problem(
                status=409,
                kind="event-conflict",
                title="Another event has this id",
                detail="It is kept as it first came.",
            ) from error
        return Response({"id": form.validated_data["id"], "is_new": is_new})

    # --8<-- [end:webhook]
