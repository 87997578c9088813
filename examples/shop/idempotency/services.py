"""Carry out a request once, however often it is sent, and forget old answers."""

from collections.abc import Callable
from datetime import datetime, timedelta

from conventions import idempotency
from rest_framework.request import Request
from rest_framework.response import Response

from shop.idempotency.models import Answer

# How long a key is remembered. A client that has no answer by then asks what became of its request instead.
KEPT_FOR = timedelta(hours=24)


# --8<-- [start:once]
def once(
    request: Request, *, operation: str, now: datetime, act: Callable[[], Response], required: bool = True
) -> Response:
    """The answer of `act`, which is called for the first request with this user, key and operation only.

    The key, what `act` changes and its answer are one transaction. A duplicate that comes while the first is at
    work waits for it for a moment.

    Args:
        request: of a user, with the header `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header-07).
        operation: a name for what is asked, such as the operation's id.
        now: when the request came.
        act: carries the request out and answers it. What it raises undoes everything and frees the key.
        required: False where a request without a key is carried out as it is.

    Raises:
        Problem: 400 for a missing or malformed key, 422 where the key came with another request, 409 with
            `Retry-After` where the first request is still being carried out.
    """
    if not required and idempotency.HEADER not in request.headers:
        return act()
    return idempotency.once(request, Answer, operation=operation, now=now, act=act)


# --8<-- [end:once]


def forget(*, now: datetime) -> int:
    """Delete the answers that are older than `KEPT_FOR`; how many there were."""
    return Answer.objects.filter(created_at__lt=now - KEPT_FOR).delete()[0]
