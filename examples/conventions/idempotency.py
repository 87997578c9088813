"""Do what a request asks once, however often it is sent: the request header `Idempotency-Key`.

A client that loses an answer cannot know whether its request was carried out. It sends the request again with the
same key, and gets the first answer again (draft-ietf-httpapi-idempotency-key-header).
The key's row, the effect and the answer are one transaction: a crash leaves all of them or none. A duplicate that
comes while the first is at work waits for it, by the unique index.
"""

import contextlib
import hashlib
import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import IntegrityError, OperationalError, connection, models, transaction
from rest_framework.request import Request
from rest_framework.response import Response

from conventions.problems import Problem

HEADER = "Idempotency-Key"
# A string of RFC 9651 section 3.3.3, as the draft wants it, up to 64 characters between the quotes.
FORM = r'^"[A-Za-z0-9._:+/=-]{1,64}"$'


class KeptAnswer(models.Model):
    """What a user's request was answered; a system has one concrete table of these, with a unique constraint.

    Attributes:
        operation: what was asked for, so that one key on two operations is two keys.
        fingerprint: SHA-256 of the address and the body.
        status: the HTTP status; 0 only inside the transaction that carries the request out.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    operation = models.CharField(max_length=40)
    key = models.CharField(max_length=66)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(default=0)
    body = models.TextField(default="")  # text, since a JSON column may reorder the members
    headers = models.JSONField(default=dict)
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        abstract = True
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "operation", "key"], name="%(class)s_once_per_key"),
        ]

    def __str__(self) -> str:
        return f"{self.operation} {self.key}"


# --8<-- [start:once]
def once(
    request: Request, table: type[KeptAnswer], *, operation: str, now: datetime, act: Callable[[], Response]
) -> Response:
    """The answer of `act`, which is called for the first request with this key and user only.

    What `act` refuses by an exception is undone and not kept: the key is free again.

    Args:
        request: with a user, and the header `Idempotency-Key`.
        table: where answers are kept.
        operation: a name for what is asked, such as the operation's id.
        now: when the request came.
        act: carries the request out and answers it; its changes are part of the same transaction.

    Raises:
        Problem: 400 where the header is missing or has no valid form, 422 where another request had this key,
            409 where the first request with it is still being carried out.
    """
    claim = {"user": request.user, "operation": operation, "key": _key(request)}
    fingerprint = _fingerprint(request)
    with transaction.atomic():
        try:
            with transaction.atomic(), _patience_of_a_second():
                kept = table.objects.create(**claim, fingerprint=fingerprint, created_at=now)
        except IntegrityError:
            return _again(table.objects.get(**claim), fingerprint)
        except OperationalError as error:  # the one who holds the key has not committed yet
            raise Problem(
                status=409,
                kind="idempotency-key-in-use",
                title="The first request is still being carried out",
                detail="Nothing was done by this one. Send it again in a moment, with the same key.",
                headers={"Retry-After": "1"},
            ) from error
        answer = act()
        kept.status, kept.body = answer.status_code, json.dumps(answer.data)
        kept.headers = {name: value for name, value in answer.headers.items() if name != "Content-Type"}
        kept.save()
        return answer


# --8<-- [end:once]


@contextlib.contextmanager
def _patience_of_a_second() -> Iterator[None]:
    """On PostgreSQL, wait for another transaction's key for a second; SQLite waits before a transaction begins."""
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '1s'")
        yield
        cursor.execute("SET LOCAL lock_timeout = DEFAULT")


def _key(request: Request) -> str:
    key = request.headers.get(HEADER, "")
    if not re.fullmatch(FORM, key):
        raise Problem(
            status=400,
            kind="idempotency-key",
            title="A key is needed",
            detail=f"Send the header {HEADER} with a new string in double quotes, such as a UUID: up to 64 letters, "
            "digits and . _ : + / = -, no spaces. Send the same one when you send this request again.",
        )
    return key


def _fingerprint(request: Request) -> str:
    text = json.dumps([request.path, request.data], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _again(kept: KeptAnswer, fingerprint: str) -> Response:
    if kept.fingerprint != fingerprint:
        raise Problem(
            status=422,
            kind="idempotency-key-reused",
            title="The key belongs to another request",
            detail="Nothing was done. Send a new key with a new request.",
        )
    headers = {**kept.headers, "Idempotency-Replayed": "true"}
    return Response(json.loads(kept.body), status=kept.status, headers=headers)


def key_parameters(status: int = 201, *, required: bool = True) -> list["OpenApiParameter"]:  # noqa: F821
    """What the specification says of the headers, for an operation that answers `status`."""
    from drf_spectacular.utils import OpenApiExample, OpenApiParameter  # models are loaded without it

    return [
        OpenApiParameter(
            HEADER,
            {"type": "string", "pattern": FORM},
            "header",
            required=required,
            description="A new quoted string for a new request, the same one for the same request sent again.",
            # Swagger UI fills an example in: one key for every order would order once.
            examples=[OpenApiExample("key", value='"8e03978e-40d5-43dd-bc93-6894a57f9324"')]
            if required
            else [],
        ),
        OpenApiParameter(
            "Idempotency-Replayed",
            {"type": "string", "enum": ["true"]},
            "header",
            response=[status],
            description="Sent where this is the answer that an earlier request with the key got.",
        ),
    ]


def key_reused() -> "OpenApiResponse":  # noqa: F821
    """What the specification says of a key that comes with another request."""
    from conventions.spec import problem_response

    return problem_response(
        "Another request had this key. Nothing was done.",
        kind="idempotency-key-reused",
        title="The key belongs to another request",
    )


def key_in_use() -> "OpenApiResponse":  # noqa: F821
    """What the specification says of a key whose first request is not answered yet."""
    from conventions.spec import problem_response

    return problem_response(
        "The first request with this key is still being carried out.",
        kind="idempotency-key-in-use",
        title="The first request is still being carried out",
    )
