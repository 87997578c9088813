"""GraphQL over HTTP: https://graphql.github.io/graphql-over-http/draft/."""

import json
import logging
from dataclasses import dataclass
from typing import ClassVar

from conventions.permissions import ANYBODY
from conventions.problems import Problem, invalid
from conventions.views import TokenView
from drf_spectacular.utils import extend_schema
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types import ExecutionResult
from strawberry.types.graphql import OperationType

from shop.accounts.models import User
from shop.graphql_api.schema import SCHEMA, Refused

LOGGER = logging.getLogger(__name__)
PARAMETERS = {"query": str, "operationName": str, "variables": dict, "extensions": dict}


class GraphQLResponseRenderer(JSONRenderer):
    """The media type that says how an operation went by the status too."""

    media_type = "application/graphql-response+json"


@dataclass(frozen=True)
class Context:
    """What resolvers know of a request: who sent it, if they have logged in."""

    user: User | None


@extend_schema(exclude=True)  # OpenAPI has no words for it; docs/specs/shop.graphql has
class GraphQLView(TokenView):
    """Answers queries by GET and POST, mutations by POST; only bodies of JSON, which no form of another site sends."""

    http_method_names = ("get", "post", "head")
    roles: ClassVar = {"get": ANYBODY, "post": ANYBODY}
    renderer_classes = (JSONRenderer, GraphQLResponseRenderer)  # the first for whoever names none

    def get_renderers(self) -> list[BaseRenderer]:
        renderers = super().get_renderers()
        # Who names it prefers it: the framework does not look at the order, nor at q.
        named = GraphQLResponseRenderer.media_type in self.request.headers.get("Accept", "")
        return renderers[::-1] if named else renderers

    def get(self, request: Request) -> Response:
        parameters = request.query_params.dict()
        for name in ("variables", "extensions"):
            if parameters.get(name):
                try:
                    parameters[name] = json.loads(parameters[name])
                except ValueError as error:
                    raise invalid([{"parameter": name, "detail": f"This is not JSON: {error}."}]) from error
        return self._answer(request, parameters)

    def post(self, request: Request) -> Response:
        return self._answer(request, request.data)

    def _answer(self, request: Request, parameters: object) -> Response:
        sent = _checked(parameters)
        try:
            result = SCHEMA.execute_sync(
                sent["query"],
                variable_values=sent.get("variables"),
                operation_name=sent.get("operationName"),
                context_value=Context(request.user),
                allowed_operation_types=OperationType.from_http(request.method.replace("HEAD", "GET")),
            )
        except InvalidOperationTypeError as error:
            raise Problem(
                status=405, detail="A mutation is sent by POST.", headers={"Allow": "POST"}
            ) from error
        except CannotGetOperationTypeError as error:
            raise Problem(status=400, detail=f"{error.as_http_error_reason()}.") from error
        return Response(document(result), status=self._status(request, result))

    def _status(self, request: Request, result: ExecutionResult) -> int:
        # Nothing was executed: a client of the old media type reads that from the document only.
        refused = result.data is None and result.errors and not result.errors[0].path
        return 400 if refused and isinstance(request.accepted_renderer, GraphQLResponseRenderer) else 200


def _checked(parameters: object) -> dict[str, object]:
    """The parameters of a request. Raises `Problem` (400) where one has another type, or `query` is missing."""
    if not isinstance(parameters, dict):
        raise Problem(status=400, detail="The body is no JSON object; send one operation at a time.")
    wrong = [
        {"pointer": f"#/{name}", "detail": f"This must be {'text' if kind is str else 'an object'}."}
        for name, kind in PARAMETERS.items()
        if not isinstance(parameters.get(name), kind | None)
    ]
    if not wrong and not parameters.get("query"):
        wrong = [{"pointer": "#/query", "detail": "There is no query."}]
    if wrong:
        raise invalid(wrong)
    return parameters


def document(result: ExecutionResult) -> dict[str, object]:
    """A response as the GraphQL specification says (section 7.1); a fault of ours tells nothing but that it is one."""
    errors = []
    for error in result.errors or ():
        original = error.original_error
        if original is not None and not isinstance(original, Refused):
            LOGGER.error("an operation failed", exc_info=original)
            shown = {"message": "Something failed here. It was logged.", "extensions": {"code": "failed"}}
            errors.append({**error.formatted, **shown})
        else:
            errors.append(error.formatted)
    answer: dict[str, object] = {"errors": errors} if errors else {}
    if result.data is not None or not errors or errors[0].get("path"):
        answer["data"] = result.data
    return answer
