from conventions.problems import Problem
from conventions.spec import ProblemOut, path_id, problem_response
from conventions.views import TokenView
from django.http import Http404, HttpResponse
from django.utils.cache import get_conditional_response
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from invoices.accounts.roles import LOGGED_IN
from invoices.billing.models import Invoice
from invoices.papers import services
from invoices.papers.models import Paper


class WhateverIsAccepted(BaseContentNegotiation):
    """A PDF is all there is, so `Accept` is not looked at (RFC 9110 section 12.5.1 allows it)."""

    def select_renderer(
        self, _: Request, renderers: list[BaseRenderer], __: str | None = None
    ) -> tuple[BaseRenderer, str]:
        return renderers[0], renderers[0].media_type


class PaperView(TokenView):
    roles = {"get": LOGGED_IN}  # noqa: RUF012
    content_negotiation_class = WhateverIsAccepted

    @extend_schema(
        operation_id="getPaper",
        summary="Download the PDF of an issued document",
        description="Made once, in the background, soon after the document is issued.",
        tags=["invoices"],
        parameters=[
            path_id("invoice_id", "The id of the invoice or credit note."),
            OpenApiParameter("ETag", str, "header", response=[200], description="SHA-256 of the file."),
            OpenApiParameter(
                "Content-Disposition", str, "header", response=[200], description="A name for the file."
            ),
        ],
        responses={
            (200, "application/pdf"): OpenApiTypes.BINARY,
            304: OpenApiResponse(description="You have it: `If-None-Match` named it."),
            409: problem_response(
                "It is a draft, or its PDF is not made yet.", kind="no-paper", title="There is no PDF yet"
            ),
            412: OpenApiResponse(ProblemOut, "`If-Match` named another file."),
        },
    )
    def get(self, request: Request, invoice_id: int) -> HttpResponse:
        try:
            paper = services.get_paper(invoice_id)
        except Paper.DoesNotExist as error:
            if not Invoice.objects.filter(pk=invoice_id).exists():
                raise Http404 from error
            raise Problem(
                status=409,
                kind="no-paper",
                title="There is no PDF yet",
                detail="A draft has none. That of an issued document is made in the background: try again soon.",
                headers={"Retry-After": "2"},
            ) from error
        etag = f'"{paper.sha256}"'
        headers = {
            "ETag": etag,
            "Content-Disposition": f'attachment; filename="{paper.invoice.full_number}.pdf"',
            # For this reader only, and for ever: it does not change. A shared cache must not keep it.
            "Cache-Control": "private, max-age=31536000, immutable",
        }
        answer = HttpResponse(bytes(paper.content), content_type="application/pdf", headers=headers)
        return get_conditional_response(request, etag=etag, response=answer)
