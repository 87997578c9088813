"""Complete the OpenAPI document: what the generator cannot see is added here, once for all operations.

Every operation gets the problems that it can answer by its shape: 400 and 415 where it reads a body, 401 where
it needs a token, 404 where its address names a thing. Objects that are read refuse members they do not know.
"""

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse
from rest_framework import serializers

from shop.problems import MEDIA_TYPE, NOT_FOUND, TYPE_PREFIX, problem_document
from shop.strict import LARGEST_ID

MEANINGS = {
    200: "Done.",
    201: "Created.",
    400: "The request breaks a rule; `errors` names the places.",
    401: "No valid access token was sent.",
    404: "There is no such thing, or it is not yours.",
    406: "JSON is the only representation there is.",
    413: "The body is larger than 100,000 bytes.",
    415: "The body is not `application/json`.",
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
    example = {"type": TYPE_PREFIX + kind, "title": title}
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
        for operation in operations.values():
            if operation.get("security") == [{}]:
                del operation["security"]  # open to everybody
            for status in _statuses(path, operation):
                operation["responses"].setdefault(str(status), {})
            operation["responses"] = {
                status: _described(response, int(status), path.format(order_id=1, product_id=1))
                for status, response in sorted(operation["responses"].items())
            }
            for media in operation.get("requestBody", {}).get("content", {}).values():
                _refuse_unknown_members(result["components"]["schemas"], media["schema"])
    return result


def _statuses(path: str, operation: dict) -> set[int]:
    """The problems that an operation can answer by its shape."""
    statuses = {406}
    if "requestBody" in operation:
        statuses |= {400, 413, 415}
    if any(each["in"] == "query" for each in operation.get("parameters", ())):
        statuses |= {400}
    if "security" in operation:
        statuses |= {401}
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
    return {"description": description, "content": {MEDIA_TYPE: content}}


def _refuse_unknown_members(schemas: dict, schema: dict) -> None:
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    if schema.get("type") == "object":
        schema["additionalProperties"] = False
    for inner in (*schema.get("properties", {}).values(), schema.get("items", {})):
        if inner:
            _refuse_unknown_members(schemas, inner)
