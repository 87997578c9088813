from conventions.spec import path_id
from conventions.strict import read_query
from conventions.views import TokenView
from django.http import Http404
from django.urls import reverse
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from invoices.accounts.roles import ACCOUNTANT, CLERK, LOGGED_IN
from invoices.billing import examples
from invoices.billing.common import FORBIDDEN, LOCATION, page_of
from invoices.billing.models import Customer, Issuer
from invoices.billing.payments import accounts_of
from invoices.billing.serializers import (
    AccountOut,
    CustomerIn,
    CustomerOut,
    CustomerPageOut,
    IssuerOut,
    PageQuery,
)


class IssuerListView(TokenView):
    roles = {"get": LOGGED_IN}  # noqa: RUF012

    @extend_schema(
        operation_id="listIssuers",
        summary="List issuers",
        description="Who issues invoices here. They are few, and are set up by whoever runs the service.",
        tags=["parties"],
        responses={200: IssuerOut(many=True)},
        examples=[OpenApiExample("Issuers", value=examples.ISSUER_OUT, response_only=True)],
    )
    def get(self, _: Request) -> Response:
        return Response(IssuerOut(Issuer.objects.order_by("code"), many=True).data)


class CustomerListView(TokenView):
    roles = {"get": LOGGED_IN, "post": {ACCOUNTANT, CLERK}}  # noqa: RUF012

    @extend_schema(
        operation_id="listCustomers",
        summary="List customers",
        description="Customers by name, page by page.",
        tags=["parties"],
        parameters=[PageQuery],
        responses={200: CustomerPageOut},
        examples=[
            OpenApiExample(
                "A page",
                value={"results": [examples.CUSTOMER_OUT], "next_cursor": None},
                response_only=True,
            )
        ],
    )
    def get(self, request: Request) -> Response:
        page = page_of(Customer.objects.all(), ordering="name", query=read_query(PageQuery, request))
        return Response(CustomerPageOut({"results": page.rows, "next_cursor": page.next_cursor}).data)

    @extend_schema(
        operation_id="createCustomer",
        summary="Add a customer",
        description="A customer to send invoices to.",
        tags=["parties"],
        parameters=[LOCATION],
        request=CustomerIn,
        responses={201: CustomerOut, 403: FORBIDDEN},
        examples=[
            OpenApiExample("New customer", value=examples.CUSTOMER, request_only=True),
            OpenApiExample("Added", value=examples.CUSTOMER_OUT, response_only=True),
        ],
    )
    def post(self, request: Request) -> Response:
        form = CustomerIn(data=request.data)
        form.is_valid(raise_exception=True)
        customer = Customer.objects.create(**form.validated_data)
        place = reverse("customer", kwargs={"customer_id": customer.pk})
        return Response(CustomerOut(customer).data, status=201, headers={"Location": place})


CUSTOMER_ID = path_id("customer_id", "The id of the customer.")


class CustomerView(TokenView):
    roles = {"get": LOGGED_IN, "put": {ACCOUNTANT, CLERK}}  # noqa: RUF012

    @extend_schema(
        operation_id="getCustomer",
        summary="Read a customer",
        description="Name and address as they are now.",
        tags=["parties"],
        parameters=[CUSTOMER_ID],
        responses={200: CustomerOut},
        examples=[OpenApiExample("A customer", value=examples.CUSTOMER_OUT, response_only=True)],
    )
    def get(self, _: Request, customer_id: int) -> Response:
        return Response(CustomerOut(_customer(customer_id)).data)

    @extend_schema(
        operation_id="replaceCustomer",
        summary="Write a customer anew",
        description="What is issued stays as it is; documents issued from now on have the new address.",
        tags=["parties"],
        parameters=[CUSTOMER_ID],
        request=CustomerIn,
        responses={200: CustomerOut, 403: FORBIDDEN},
        examples=[
            OpenApiExample("Moved", value=examples.CUSTOMER, request_only=True),
            OpenApiExample("Written", value=examples.CUSTOMER_OUT, response_only=True),
        ],
    )
    def put(self, request: Request, customer_id: int) -> Response:
        form = CustomerIn(data=request.data)
        form.is_valid(raise_exception=True)
        if not Customer.objects.filter(pk=customer_id).update(**form.validated_data):
            raise Http404
        return Response({"id": customer_id} | form.validated_data)


class AccountView(TokenView):
    roles = {"get": LOGGED_IN}  # noqa: RUF012

    @extend_schema(
        operation_id="getAccount",
        summary="Read how a customer stands",
        description="What is open and what is left of payments, by issuer and currency.",
        tags=["parties"],
        parameters=[CUSTOMER_ID],
        responses={200: AccountOut(many=True)},
        examples=[OpenApiExample("An account", value=examples.ACCOUNT, response_only=True)],
    )
    def get(self, _: Request, customer_id: int) -> Response:
        return Response(AccountOut(accounts_of(_customer(customer_id)), many=True).data)


def _customer(customer_id: int) -> Customer:
    try:
        return Customer.objects.get(pk=customer_id)
    except Customer.DoesNotExist as error:
        raise Http404 from error
