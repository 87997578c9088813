"""Conditional requests (RFC 9110 section 13): send what changed, and change only what was read.

A reader sends the `ETag` of the answer that it has, and gets 304 without a body where nothing has changed. A writer
sends the one that it has read, and gets 412 where somebody else has changed the thing since.
"""

import hashlib

from django.utils.http import parse_etags
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse
from rest_framework.request import Request

from conventions.problems import Problem
from conventions.spec import problem_response


def etag(*versions: object) -> str:
    """A strong entity tag from what an answer is made of, such as the versions of its rows."""
    text = ".".join(map(str, versions))
    return f'"{text if len(text) <= 40 else hashlib.sha256(text.encode()).hexdigest()[:40]}"'


# --8<-- [start:conditions]
def is_known(request: Request, tag: str) -> bool:
    """Whether the reader has this answer: `If-None-Match`, by weak comparison (RFC 9110 section 13.1.2)."""
    known = parse_etags(request.headers.get("If-None-Match", ""))
    return "*" in known or tag in {each.removeprefix("W/") for each in known}


def require_match(request: Request, tag: str) -> bool:
    """Whether the writer names this version; False for `*`, any version.

    Raises:
        Problem: 428 without `If-Match` (RFC 6585 section 3), 412 where it names no strong tag that is `tag`
            (RFC 9110 section 13.1.1).
    """
    if "If-Match" not in request.headers:
        raise Problem(
            status=428,
            kind="if-match-needed",
            title="Say which version you have read",
            detail="Read it, and send its ETag in the header If-Match.",
        )
    named = parse_etags(request.headers["If-Match"])
    if "*" not in named and tag not in named:
        raise stale()
    return "*" not in named


# --8<-- [end:conditions]


def stale() -> Problem:
    """The problem of a writer who has read an older version."""
    return Problem(
        status=412,
        kind="stale",
        title="It has changed since you read it",
        detail="Nothing was written. Read it again, and decide anew.",
    )


def tag_parameters(*statuses: int) -> list[OpenApiParameter]:
    """What the specification says of `ETag`, in the answers with these statuses."""
    return [
        OpenApiParameter(
            "ETag", str, "header", response=list(statuses), description="The version of what is answered."
        )
    ]


READ_PARAMETERS = [
    OpenApiParameter(
        "If-None-Match",
        str,
        "header",
        description="The `ETag` of the answer that you have: if nothing has changed, you get 304.",
        examples=[OpenApiExample("older", value='"older"')],
    ),
    *tag_parameters(200, 304),
]
READ_ANSWERS = {304: OpenApiResponse(description="Nothing has changed since the answer that you have.")}
WRITE_PARAMETERS = [
    OpenApiParameter(
        "If-Match",
        str,
        "header",
        required=True,
        description="The `ETag` of the version that you have read; `*` for any.",
        examples=[OpenApiExample("any", value="*")],
    ),
]
WRITE_ANSWERS = {
    412: problem_response(
        "It has changed since you read it. Nothing was written.",
        kind="stale",
        title="It has changed since you read it",
    ),
    428: problem_response(
        "`If-Match` was not sent.", kind="if-match-needed", title="Say which version you have read"
    ),
}
