from conventions.idempotency import key_parameters, key_reused, once
from conventions.problems import invalid
from conventions.spec import path_id
from conventions.strict import read_query
from conventions.views import TokenView
from django.db.models import Prefetch, QuerySet
from django.http import Http404
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from invoices.accounts.roles import ACCOUNTANT, LOGGED_IN
from invoices.billing import examples, payments
from invoices.billing.common import FORBIDDEN, LOCATION, NOT_ALLOWED, named, not_allowed, page_of
from invoices.billing.models import Allocation, Answer, Customer, Invoice, Issuer, Payment
from invoices.billing.serializers import PaymentIn, PaymentOut, PaymentPageOut, PaymentQuery
from invoices.billing.states import NotAllowed


def _whole() -> QuerySet[Payment]:
    allocations = Prefetch("allocations", Allocation.objects.order_by("id"))
    return payments.with_rest(Payment.objects).prefetch_related(allocations)


class PaymentListView(TokenView):
    roles = {"get": LOGGED_IN, "post": {ACCOUNTANT}}  # noqa: RUF012

    @extend_schema(
        operation_id="listPayments",
        summary="List payments",
        description="Payments, the newest first, page by page.",
        tags=["payments"],
        parameters=[PaymentQuery],
        responses={200: PaymentPageOut},
        examples=[
            OpenApiExample(
                "A page", value={"results": [examples.PAYMENT_OUT], "next_cursor": None}, response_only=True
            )
        ],
    )
    def get(self, request: Request) -> Response:
        query = read_query(PaymentQuery, request)
        rows = _whole()
        if "customer_id" in query:
            rows = rows.filter(customer=query["customer_id"])
        page = page_of(rows, ordering="-id", query=query)
        return Response(PaymentPageOut({"results": page.rows, "next_cursor": page.next_cursor}).data)

    @extend_schema(
        operation_id="recordPayment",
        summary="Record a payment",
        description="Pays the invoice that it names, or the customer's open ones, those due first before the "
        "others. What is left is the customer's credit. A request sent again with its key pays once.",
        tags=["payments"],
        parameters=[LOCATION, *key_parameters()],
        request=PaymentIn,
        responses={201: PaymentOut, 403: FORBIDDEN, 409: NOT_ALLOWED, 422: key_reused()},
        examples=[
            OpenApiExample("A transfer", value=examples.PAYMENT, request_only=True),
            OpenApiExample("Recorded", value=examples.PAYMENT_OUT, response_only=True),
        ],
    )
    def post(self, request: Request) -> Response:
        now = timezone.now()
        form = PaymentIn(data=request.data)
        form.is_valid(raise_exception=True)
        fields = dict(form.validated_data)

        def act() -> Response:
            customer = named(Customer.objects, fields.pop("customer_id"), "customer_id")
            issuer = named(Issuer.objects, fields.pop("issuer_id"), "issuer_id")
            try:
                payment = payments.record_payment(
                    customer=customer, issuer=issuer, author=request.user, now=now, **fields
                )
            except (Invoice.DoesNotExist, payments.NotPayable) as error:
                detail = "No invoice of this customer and issuer in this currency."
                raise invalid([{"pointer": "#/invoice_id", "detail": detail}]) from error
            except NotAllowed as error:
                raise not_allowed(error) from error
            place = reverse("payment", kwargs={"payment_id": payment.pk})
            written = PaymentOut(_whole().get(pk=payment.pk))
            return Response(written.data, status=201, headers={"Location": place})

        return once(request, Answer, operation="recordPayment", now=now, act=act)


class PaymentView(TokenView):
    roles = {"get": LOGGED_IN}  # noqa: RUF012

    @extend_schema(
        operation_id="getPayment",
        summary="Read a payment",
        description="A payment with the invoices that it pays.",
        tags=["payments"],
        parameters=[path_id("payment_id", "The id of the payment.")],
        responses={200: PaymentOut},
        examples=[OpenApiExample("A payment", value=examples.PAYMENT_OUT, response_only=True)],
    )
    def get(self, _: Request, payment_id: int) -> Response:
        try:
            return Response(PaymentOut(_whole().get(pk=payment_id)).data)
        except Payment.DoesNotExist as error:
            raise Http404 from error
