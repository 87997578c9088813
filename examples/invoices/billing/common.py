"""What the views of invoices, customers and payments share."""

from conventions.keyset import BadCursor, Page, read_page
from conventions.problems import Problem, invalid
from conventions.spec import ProblemOut, problem_response
from django.db.models import Model, QuerySet
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse

from invoices.billing.states import NotAllowed

FORBIDDEN = OpenApiResponse(ProblemOut, "Your role may not do this.")
NOT_ALLOWED = problem_response(
    "The state of the invoice does not allow it. Nothing has changed.",
    kind="not-allowed",
    title="Not in this state",
)
LOCATION = OpenApiParameter("Location", str, "header", response=[201], description="Where it can be read.")


def not_allowed(error: NotAllowed) -> Problem:
    """The problem of a move that the table of states has not."""
    return Problem(
        status=409, kind="not-allowed", title="Not in this state", detail=f"Nothing was done: {error}."
    )


def named(rows: QuerySet, row_id: int, field: str) -> Model:
    """The row that a body names by its id. Raises `Problem` (400) that points at `field`."""
    row = rows.filter(pk=row_id).first()
    if row is None:
        raise invalid([{"pointer": f"#/{field}", "detail": "There is none with this id."}])
    return row


def page_of(rows: QuerySet, *, ordering: str, query: dict[str, object]) -> Page:
    """A page by the query's `cursor` and `page_size`. Raises `Problem` (400) for a cursor of another list."""
    try:
        return read_page(rows, ordering=ordering, cursor=query.get("cursor"), size=query["page_size"])
    except BadCursor as error:
        raise invalid([{"parameter": "cursor", "detail": f"This is {error}."}]) from error
