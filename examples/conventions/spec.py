"""Complete the OpenAPI document: what the generator cannot see is added here, once for all operations.

Every operation gets the problems that it can answer by its shape: 400 and 415 where it reads a body, 401 where
it needs a token, 404 where its address names a thing. Objects that are read refuse members they do not know.
"""

import re

from django.conf import settings
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse
from rest_framework import serializers

from conventions.problems import MEDIA_TYPE, NOT_FOUND, problem_document, type_of
from conventions.strict import LARGEST_ID

MEANINGS = {
    200: "Done.",
    201: "Created.",
    202: "Accepted; something is still to be done.",
    204: "Done; there is nothing to say.",
    304: "Nothing has changed.",
    400: "The request breaks a rule; `errors` names the places.",
    401: "No valid access token was sent.",
    403: "Your role may not do this; or, by cookie, the header `X-CSRFToken` is missing or wrong.",
    404: "There is no such thing, or it is not yours.",
    406: "JSON is the only representation there is.",
    413: "The body is larger than 100,000 bytes.",
    415: "The body is not `application/json`.",
    429: "Too many requests; `Retry-After` says how many seconds to wait.",
}


# draft-ietf-httpapi-ratelimit-headers-11, sections 3 and 4; they are on every answer.
RATE_LIMIT_HEADERS = {
    "RateLimit-Policy": {
        "description": "How many requests (`q`) in how many seconds (`w`), by the limit's name.",
        "schema": {"type": "string"},
        "example": '"requests";q=600;w=60',
    },
    "RateLimit": {
        "description": "How many are left (`r`), and in how many seconds all are there again (`t`).",
        "schema": {"type": "string"},
        "example": '"requests";r=0;t=1',
    },
    "Retry-After": {
        "description": "Seconds to wait.",
        "schema": {"type": "string", "pattern": "^[0-9]+$"},
        "example": "1",
    },
}


class FaultOut(serializers.Serializer):
    """One fault: what, and where."""

    detail = serializers.CharField()
    pointer = serializers.CharField(
        required=False, help_text="A place in the body: a JSON pointer (RFC 6901) after #."
    )
    parameter = serializers.CharField(
        required=False, allow_blank=True, help_text="The name of a query parameter."
    )


class ProblemOut(serializers.Serializer):
    """A problem document (RFC 9457)."""

    type = serializers.CharField(help_text="What kind of problem: about:blank, or a URI to compare with.")
    title = serializers.CharField(help_text="The kind, in words.")
    status = serializers.IntegerField(min_value=400, max_value=599)
    detail = serializers.CharField(help_text="What went wrong this time.")
    instance = serializers.CharField(help_text="The path that was asked for.")
    errors = FaultOut(many=True, required=False)


def problem_response(description: str, *, kind: str, title: str) -> OpenApiResponse:
    """A problem that one operation answers; `document_problems` gives it its media type."""
    example = {"type": type_of(kind), "title": title}
    return OpenApiResponse(ProblemOut, description, [OpenApiExample(kind, value=example)])


def path_id(name: str, description: str) -> OpenApiParameter:
    """The number in an address."""
    schema = {"type": "integer", "format": "int64", "minimum": 1, "maximum": LARGEST_ID}
    return OpenApiParameter(
        name, schema, "path", description=description, examples=[OpenApiExample("first", value=1)]
    )


def document_problems(result: dict, generator: object, request: object, public: bool) -> dict:  # noqa: ARG001
    """A post-processing hook of drf-spectacular."""
    for path, operations in result["paths"].items():
        for method, operation in operations.items():
            if operation.get("security") == [{}]:
                del operation["security"]  # open to everybody
            for status in _statuses(method, path, operation):
                operation["responses"].setdefault(str(status), {})
            operation["responses"] = {
                status: _described(response, int(status), re.sub(r"{\w+}", "1", path))
                for status, response in sorted(operation["responses"].items())
            }
            for media in operation.get("requestBody", {}).get("content", {}).values():
                _refuse_unknown_members(result["components"]["schemas"], media["schema"])
    if any(
        "429" in operation["responses"] for item in result["paths"].values() for operation in item.values()
    ):
        result["components"]["headers"] = RATE_LIMIT_HEADERS
    return result


def _is_rate_limited() -> bool:
    return any(name.endswith(".RateLimitMiddleware") for name in settings.MIDDLEWARE)


def _statuses(method: str, path: str, operation: dict) -> set[int]:
    """The problems that an operation can answer by its shape."""
    statuses = {406, 429} if _is_rate_limited() else {406}
    if "requestBody" in operation:
        statuses |= {400, 413, 415}
    if any(each["in"] == "query" for each in operation.get("parameters", ())):
        statuses |= {400}
    if "security" in operation:
        statuses |= {401}
    if method != "get" and {"sessionCookie": []} in operation.get("security", ()):
        statuses |= {403}
    if "{" in path:
        statuses |= {404}
    return statuses


def _described(response: dict, status: int, path: str) -> dict:
    description = response.get("description") or MEANINGS[status]
    if status < 400:
        return response | {"description": description}
    given = response.get("content", {}).get("application/json", {}).get("examples", {})
    kind, example = next(
        iter(given.items()), ("problem", {"value": {"detail": NOT_FOUND} if status == 404 else {}})
    )
    document = problem_document(status=status, path=path) | example["value"]
    content = {
        "schema": {"$ref": "#/components/schemas/ProblemOut"},
        "examples": {kind.lower(): {"value": document}},
    }
    described = {"description": description, "content": {MEDIA_TYPE: content}}
    if status == 429:
        described["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in RATE_LIMIT_HEADERS}
    return described


def _refuse_unknown_members(schemas: dict, schema: dict) -> None:
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    if schema.get("type") == "object":
        schema["additionalProperties"] = False
    for inner in (*schema.get("properties", {}).values(), schema.get("items", {})):
        if inner:
            _refuse_unknown_members(schemas, inner)
