"""Answer every error as a problem document: RFC 9457, `application/problem+json`.

A view raises `Problem`, or any exception of the framework; `exception_handler` turns both into a document.
What never reaches a view (an unknown address, a crash, Django's own pages) is turned into one by
`ProblemDetailsMiddleware`. So a client reads one shape, whatever went wrong.
"""

from collections.abc import Callable, Iterator
from http import HTTPStatus
from urllib.parse import quote

from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.encoding import escape_uri_path
from rest_framework import exceptions
from rest_framework.response import Response

MEDIA_TYPE = "application/problem+json"
TELLING = (MEDIA_TYPE, "application/graphql-response+json")  # these say what is wrong
# The names of RFC 9110, since those of `http.HTTPStatus` differ between versions of Python.
TITLES = {413: "Content Too Large", 422: "Unprocessable Content"}
DETAILS = {
    400: "The request could not be read.",
    401: "This needs a valid access token, in a header: Authorization: Bearer <token>.",
    403: "You may not do this.",
    404: "There is nothing at this address. Addresses here end with a slash.",
    405: "This address does not know that method; the header Allow names those it does.",
    406: "The only representation here is application/json.",
    409: "The request cannot be met as things stand now.",
    413: "The body is larger than this service reads.",
    415: "Send application/json.",
    429: "Too many requests; the header Retry-After says how many seconds to wait.",
    500: "Something failed here. It was logged; the request may be tried again later.",
}
NOT_FOUND = "There is no such thing, or it is not yours."


def type_of(kind: str) -> str:
    """The `type` of a problem that is more than its status: a tag URI (RFC 4151) of this system."""
    return f"tag:{settings.SYSTEM}.example,2026:{kind}"


def challenge() -> str:
    """What `WWW-Authenticate` says to whoever sends no valid access token (RFC 6750 section 3)."""
    return f'Bearer realm="{settings.SYSTEM}"'


class Problem(exceptions.APIException):
    """An error with a type of its own, raised by a view.

    Args:
        status: the HTTP status code.
        kind: the last part of the problem's `type`, such as `out-of-stock`; empty for `about:blank`.
        title: what went wrong, the same words for every problem of this kind.
        detail: what went wrong this time.
        errors: one entry for each fault, `{"detail": …}` with the `pointer` (RFC 6901, as a URI fragment) of a
            place in the body, or the name of a query `parameter`.
        headers: header fields that the answer carries besides.
    """

    def __init__(
        self,
        *,
        status: int,
        kind: str = "",
        title: str = "",
        detail: str = "",
        errors: list[dict[str, str]] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(detail or DETAILS.get(status))
        self.status_code = status
        self.kind = kind
        self.title = title
        self.errors = errors
        self.headers = headers or {}


# --8<-- [start:document]
def problem_document(
    *, status: int, path: str, kind: str = "", title: str = "", detail: str = "", errors: list | None = None
) -> dict[str, object]:
    """The members of RFC 9457 section 3.1, and `errors` where single faults can be named."""
    document = {
        "type": type_of(kind) if kind else "about:blank",
        "title": title or TITLES.get(status) or HTTPStatus(status).phrase,
        "status": status,
        "detail": detail or DETAILS.get(status) or HTTPStatus(status).phrase,
        "instance": escape_uri_path(path),
    }
    return document | ({"errors": errors} if errors else {})


# --8<-- [end:document]


def exception_handler(error: Exception, context: dict[str, object]) -> Response | None:
    """What Django REST framework calls for an exception in a view; None for one that is a fault of ours."""
    from rest_framework.views import set_rollback  # the module reads settings that name this one

    if isinstance(error, Http404):
        error = Problem(status=404, detail=NOT_FOUND)
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    elif isinstance(error, RequestDataTooBig):  # more than DATA_UPLOAD_MAX_MEMORY_SIZE bytes
        error = Problem(status=413)
    if not isinstance(error, exceptions.APIException):
        return None  # Django logs it, and the middleware below answers
    if isinstance(error, exceptions.ValidationError):
        error = invalid(list(pointed(error.detail)))
    elif isinstance(
        error, exceptions.MethodNotAllowed | exceptions.NotAcceptable | exceptions.UnsupportedMediaType
    ):
        error = Problem(status=error.status_code)  # the view has set the header Allow already
    elif isinstance(error, exceptions.NotAuthenticated | exceptions.AuthenticationFailed):
        error = Problem(status=401, headers={"WWW-Authenticate": challenge()})
    set_rollback()
    document = problem_document(
        status=error.status_code,
        path=context["request"].path,
        kind=getattr(error, "kind", ""),
        title=getattr(error, "title", ""),
        detail=str(error.detail),
        errors=getattr(error, "errors", None),
    )
    headers = dict(getattr(error, "headers", {}))
    return Response(document, status=error.status_code, headers=headers, content_type=MEDIA_TYPE)


def invalid(errors: list[dict[str, str]]) -> Problem:
    """The problem of a request that was read and breaks the rules for its fields."""
    return Problem(
        status=400,
        kind="invalid",
        title="The request breaks a rule",
        detail="Each entry of errors names a place and what is wrong there.",
        errors=errors,
    )


def pointed(detail: object, pointer: str = "#") -> Iterator[dict[str, str]]:
    """Flatten the nested errors of a serializer: one entry a fault, with the place as a JSON pointer."""
    if isinstance(detail, dict):
        for key, inner in detail.items():
            yield from pointed(inner, pointer if key == "non_field_errors" else f"{pointer}/{_escaped(key)}")
    elif isinstance(detail, list):
        for place, inner in enumerate(detail):
            # A list of texts belongs to one place; a list of dicts is one for each item that was sent.
            yield from pointed(inner, f"{pointer}/{place}" if isinstance(inner, dict) else pointer)
    else:
        yield {"pointer": pointer, "detail": str(detail)}


def _escaped(key: object) -> str:
    # RFC 6901 section 3, and section 6 for the URI fragment.
    return quote(str(key).replace("~", "~0").replace("/", "~1"), safe="!$&'()*+,;=:@~", errors="replace")


class ProblemDetailsMiddleware:
    """Turn every answer of 400 and above that is not a problem document into one, keeping its headers."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        answer = self.get_response(request)
        if answer.status_code < 400 or answer.headers.get("Content-Type", "").split(";")[0] in TELLING:
            return answer
        document = problem_document(status=answer.status_code, path=request.path)
        problem = JsonResponse(document, status=answer.status_code, content_type=MEDIA_TYPE)
        for name, value in answer.headers.items():
            if not name.startswith("Content-"):
                problem.headers[name] = value
        problem._has_been_logged = True  # where the answer was made; Django would log the new one as well
        return problem
