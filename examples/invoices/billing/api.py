from conventions.idempotency import key_in_use, key_parameters, key_reused, once
from conventions.problems import Problem
from conventions.spec import path_id, problem_response
from conventions.strict import LARGEST_ID, read_query
from conventions.views import TokenView
from django.http import Http404
from django.urls import reverse
from django.utils import timezone
from django.utils.http import parse_etags
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from invoices.accounts.roles import ACCOUNTANT, CLERK, LOGGED_IN
from invoices.billing import examples, payments, services
from invoices.billing.common import FORBIDDEN, LOCATION, NOT_ALLOWED, named, not_allowed, page_of
from invoices.billing.models import Answer, Customer, Invoice, Issuer
from invoices.billing.serializers import (
    CreditNoteIn,
    DraftIn,
    InvoiceOut,
    InvoicePageOut,
    InvoiceQuery,
    NewDraftIn,
)
from invoices.billing.states import NotAllowed, State

INVOICE_ID = path_id("invoice_id", "The id of the invoice or credit note.")


def draft_id(example: int) -> OpenApiParameter:
    """The number of a draft in an address; the examples differ, since a draft can be issued or discarded once."""
    schema = {"type": "integer", "format": "int64", "minimum": 1, "maximum": LARGEST_ID}
    examples = [OpenApiExample("draft", value=example)]
    return OpenApiParameter(
        "invoice_id", schema, "path", description="The id of the draft.", examples=examples
    )


IF_MATCH = OpenApiParameter(
    "If-Match",
    str,
    "header",
    required=True,
    description="The `ETag` that the draft had when you read it (RFC 9110 section 13.1.1).",
    examples=[OpenApiExample("read", value='"1"')],
)
STALE = problem_response(
    "The draft has changed since you read it.", kind="stale", title="The draft has changed"
)
NO_VERSION = problem_response(
    "If-Match was not sent.", kind="if-match-needed", title="Say which version you have read"
)


def etag(status: int) -> OpenApiParameter:
    return OpenApiParameter(
        "ETag", str, "header", response=[status], description="The version of a draft; not sent when issued."
    )


def _answer(invoice: Invoice, *, status: int = 200) -> Response:
    body = InvoiceOut(invoice, context={"today": timezone.now().date()}).data
    headers = {"ETag": f'"{invoice.version}"'} if body["state"] == State.DRAFT else {}
    if status == 201:
        headers["Location"] = reverse("invoice", kwargs={"invoice_id": invoice.pk})
    return Response(body, status=status, headers=headers)


def _get(invoice_id: int) -> Invoice:
    try:
        return services.get_invoice(invoice_id)
    except Invoice.DoesNotExist as error:
        raise Http404 from error


def _version(request: Request, invoice_id: int) -> int:
    """The version that the client has read, if it is still the draft's. Raises `Problem` 428 or 412."""
    current = Invoice.objects.filter(pk=invoice_id).values_list("version", flat=True).first()
    if current is None:
        raise Http404
    if "If-Match" not in request.headers:
        raise Problem(
            status=428,
            kind="if-match-needed",
            title="Say which version you have read",
            detail="Read the draft, and send its ETag in the header If-Match.",
        )
    if not {"*", f'"{current}"'} & set(parse_etags(request.headers["If-Match"])):
        raise _stale()
    return current


def _stale() -> Problem:
    return Problem(
        status=412,
        kind="stale",
        title="The draft has changed",
        detail="Nothing was done. Read the draft again, and decide anew.",
    )


class InvoiceListView(TokenView):
    roles = {"get": LOGGED_IN, "post": {ACCOUNTANT, CLERK}}  # noqa: RUF012

    @extend_schema(
        operation_id="listInvoices",
        summary="List invoices and credit notes",
        description="Documents, the newest first, page by page, with what is paid and credited as of now.",
        tags=["invoices"],
        parameters=[InvoiceQuery],
        responses={200: InvoicePageOut},
        examples=[
            OpenApiExample(
                "A page", value={"results": [examples.ISSUED_OUT], "next_cursor": None}, response_only=True
            )
        ],
    )
    def get(self, request: Request) -> Response:
        query = read_query(InvoiceQuery, request)
        today = timezone.now().date()
        rows = services.whole(Invoice.objects.overdue(today) if "overdue" in query else Invoice.objects.all())
        if "customer_id" in query:
            rows = rows.filter(customer=query["customer_id"])
        if "kind" in query:
            rows = rows.filter(kind=query["kind"])
        page = page_of(rows, ordering="-id", query=query)
        body = InvoicePageOut(
            {"results": page.rows, "next_cursor": page.next_cursor}, context={"today": today}
        )
        return Response(body.data)

    @extend_schema(
        operation_id="createInvoice",
        summary="Draft an invoice",
        description="A draft has no number and may change. A request sent again with its key drafts once.",
        tags=["invoices"],
        parameters=[LOCATION, etag(201), *key_parameters()],
        request=NewDraftIn,
        responses={201: InvoiceOut, 403: FORBIDDEN, 409: key_in_use(), 422: key_reused()},
        examples=[
            OpenApiExample("Two mugs", value=examples.NEW_DRAFT, request_only=True),
            OpenApiExample("Drafted", value=examples.DRAFT_OUT, response_only=True),
        ],
    )
    def post(self, request: Request) -> Response:
        now = timezone.now()
        form = NewDraftIn(data=request.data)
        form.is_valid(raise_exception=True)
        fields = dict(form.validated_data)

        def act() -> Response:
            issuer = named(Issuer.objects, fields.pop("issuer_id"), "issuer_id")
            customer = named(Customer.objects, fields.pop("customer_id"), "customer_id")
            invoice = services.draft_invoice(
                issuer=issuer, customer=customer, author=request.user, now=now, **fields
            )
            return _answer(services.get_invoice(invoice.pk), status=201)

        return once(request, Answer, operation="createInvoice", now=now, act=act)


class InvoiceView(TokenView):
    roles = {"get": LOGGED_IN, "put": {ACCOUNTANT, CLERK}, "delete": {ACCOUNTANT, CLERK}}  # noqa: RUF012

    @extend_schema(
        operation_id="getInvoice",
        summary="Read an invoice or a credit note",
        description="What was issued stays; the state and the sums follow payments and credit notes.",
        tags=["invoices"],
        parameters=[INVOICE_ID, etag(200)],
        responses={200: InvoiceOut},
        examples=[OpenApiExample("An invoice", value=examples.ISSUED_OUT, response_only=True)],
    )
    def get(self, _: Request, invoice_id: int) -> Response:
        return _answer(_get(invoice_id))

    @extend_schema(
        operation_id="replaceDraft",
        summary="Write a draft anew",
        description="Replaces all of it, if nobody has changed it since you read it.",
        tags=["invoices"],
        parameters=[draft_id(2), IF_MATCH, etag(200)],
        request=DraftIn,
        responses={200: InvoiceOut, 403: FORBIDDEN, 409: NOT_ALLOWED, 412: STALE, 428: NO_VERSION},
        examples=[
            OpenApiExample("Two mugs", value=examples.DRAFT, request_only=True),
            OpenApiExample("Written", value=examples.DRAFT_OUT, response_only=True),
        ],
    )
    def put(self, request: Request, invoice_id: int) -> Response:
        form = DraftIn(data=request.data)
        form.is_valid(raise_exception=True)
        version = _version(request, invoice_id)
        fields = dict(form.validated_data)
        customer = named(Customer.objects, fields.pop("customer_id"), "customer_id")
        try:
            services.replace_draft(invoice_id=invoice_id, version=version, customer=customer, **fields)
        except services.Stale as error:
            raise _stale() from error
        except NotAllowed as error:
            raise not_allowed(error) from error
        return _answer(_get(invoice_id))

    @extend_schema(
        operation_id="discardDraft",
        summary="Discard a draft",
        description="Deletes a draft. What is issued cannot be deleted: credit it.",
        tags=["invoices"],
        parameters=[draft_id(3), IF_MATCH],
        responses={204: None, 403: FORBIDDEN, 409: NOT_ALLOWED, 412: STALE, 428: NO_VERSION},
    )
    def delete(self, request: Request, invoice_id: int) -> Response:
        try:
            services.discard_draft(invoice_id=invoice_id, version=_version(request, invoice_id))
        except services.Stale as error:
            raise _stale() from error
        except NotAllowed as error:
            raise not_allowed(error) from error
        return Response(status=204)


class IssueView(TokenView):
    roles = {"post": {ACCOUNTANT}}  # noqa: RUF012

    @extend_schema(
        operation_id="issueInvoice",
        summary="Issue a draft",
        description="Gives it the next number of its series and today's date. From then on nobody changes it. "
        "Its PDF is made in the background.",
        tags=["invoices"],
        parameters=[draft_id(4), IF_MATCH],
        request=None,
        responses={200: InvoiceOut, 403: FORBIDDEN, 409: NOT_ALLOWED, 412: STALE, 428: NO_VERSION},
        examples=[OpenApiExample("Issued", value=examples.ISSUED_OUT, response_only=True)],
    )
    def post(self, request: Request, invoice_id: int) -> Response:
        version = _version(request, invoice_id)
        try:
            services.issue_invoice(invoice_id=invoice_id, version=version, now=timezone.now())
        except services.Stale as error:
            raise _stale() from error
        except NotAllowed as error:
            raise not_allowed(error) from error
        except services.NegativeTotal as error:
            raise Problem(
                status=409,
                kind="negative-total",
                title="Less than nothing",
                detail="An invoice over less than nothing is a credit note: credit the invoice it is about.",
            ) from error
        return _answer(_get(invoice_id))


class CreditNoteListView(TokenView):
    roles = {"post": {ACCOUNTANT}}  # noqa: RUF012

    @extend_schema(
        operation_id="creditInvoice",
        summary="Credit an invoice",
        description="Issues a credit note over some of an invoice, or over all that is left of it. What was paid "
        "beyond the rest becomes the customer's credit. A request sent again with its key credits once.",
        tags=["invoices"],
        parameters=[INVOICE_ID, LOCATION, *key_parameters()],
        request=CreditNoteIn,
        responses={
            201: InvoiceOut,
            403: FORBIDDEN,
            409: problem_response(
                "More is asked than is left, or the state does not allow it. Nothing has changed.",
                kind="more-than-rest",
                title="More than is left",
            ),
            422: key_reused(),
        },
        examples=[
            OpenApiExample("One of two mugs", value=examples.CREDIT, request_only=True),
            OpenApiExample("Credited", value=examples.NOTE_OUT, response_only=True),
        ],
    )
    def post(self, request: Request, invoice_id: int) -> Response:
        now = timezone.now()
        form = CreditNoteIn(data=request.data)
        form.is_valid(raise_exception=True)

        def act() -> Response:
            try:
                note = services.credit_invoice(
                    invoice_id=invoice_id,
                    credits=form.validated_data.get("lines"),
                    author=request.user,
                    now=now,
                )
            except Invoice.DoesNotExist as error:
                raise Http404 from error
            except NotAllowed as error:
                raise not_allowed(error) from error
            except services.MoreThanRest as error:
                raise _more_than_rest(error) from error
            return _answer(_get(note.pk), status=201)

        return once(request, Answer, operation="creditInvoice", now=now, act=act)


def _more_than_rest(error: services.MoreThanRest) -> Problem:
    return Problem(
        status=409,
        kind="more-than-rest",
        title="More than is left",
        detail="Nothing was credited. Each entry of errors names a line of which less is left."
        if error.faults
        else "Nothing was credited: it would be more than the rest of the invoice.",
        errors=[
            {
                "pointer": f"#/lines/{place}",
                "detail": "The invoice has no such line."
                if rest is None
                else f"{rest} thousandths are left; with another sign, or more than that, is too much.",
            }
            for place, rest in error.faults.items()
        ],
    )


class UseCreditView(TokenView):
    roles = {"post": {ACCOUNTANT}}  # noqa: RUF012

    @extend_schema(
        operation_id="useCredit",
        summary="Pay an invoice with credit",
        description="Pays what it can with what earlier payments of the customer have left.",
        tags=["payments"],
        parameters=[INVOICE_ID],
        request=None,
        responses={200: InvoiceOut, 403: FORBIDDEN, 409: NOT_ALLOWED},
        examples=[OpenApiExample("Paid", value=examples.ISSUED_OUT, response_only=True)],
    )
    def post(self, _: Request, invoice_id: int) -> Response:
        try:
            payments.use_credit(invoice_id=invoice_id, now=timezone.now())
        except Invoice.DoesNotExist as error:
            raise Http404 from error
        except NotAllowed as error:
            raise not_allowed(error) from error
        except (payments.NoCredit, payments.NotPayable) as error:
            raise Problem(
                status=409,
                kind="no-credit",
                title="No credit for this",
                detail="No payment of this customer to this issuer in this currency has anything left for it.",
            ) from error
        return _answer(_get(invoice_id))
