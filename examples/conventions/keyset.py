"""Read a list page by page, each page starting after the last row of the one before (a keyset, or seek).

An offset counts rows, so a row inserted before it moves the others: readers see one twice or never. A keyset
names the last row that was seen, by the value it is sorted by and its id, so inserted rows move nothing.
"""

from dataclasses import dataclass
from datetime import datetime

from django.core.signing import BadSignature, Signer
from django.db.models import Model, Q, QuerySet

from conventions.problems import Problem, invalid


class BadCursor(Exception):
    """The text is no cursor that was handed out for this order of rows."""


def bad_cursor(error: BadCursor) -> Problem:
    """The problem of a cursor that was sent with another list or order, or that nobody handed out."""
    return invalid([{"parameter": "cursor", "detail": f"This is {error}, with this ordering."}])


@dataclass(frozen=True)
class Page:
    """Some rows, and the cursor of the page after them; None on the last page."""

    rows: list[Model]
    next_cursor: str | None


# --8<-- [start:read_page]
def read_page(queryset: QuerySet, *, ordering: str, cursor: str | None, size: int) -> Page:
    """Read up to `size` rows of `queryset` in one statement.

    Args:
        queryset: the rows to read from, in any order.
        ordering: a field that is never null, with `-` before it for the largest first; ties are broken by id.
        cursor: `next_cursor` of the page before, or None for the first page.
        size: how many rows at most.

    Raises:
        BadCursor: `cursor` was not handed out for this `ordering`.
    """
    field, descending = ordering.removeprefix("-"), ordering.startswith("-")
    if cursor is not None:
        value, last_id = _decode(cursor, ordering)
        beyond = "lt" if descending else "gt"
        # The first condition alone bounds the index scan; the second drops the ties that were seen.
        queryset = queryset.filter(
            Q(**{f"{field}__{beyond}e": value})
            & (Q(**{f"{field}__{beyond}": value}) | Q(**{f"id__{beyond}": last_id}))
        )
    rows = list(queryset.order_by(ordering, "-id" if descending else "id")[: size + 1])
    more = len(rows) > size
    rows = rows[:size]
    return Page(rows, _encode(ordering, getattr(rows[-1], field), rows[-1].pk) if more else None)


# --8<-- [end:read_page]


def _encode(ordering: str, value: object, last_id: int) -> str:
    if isinstance(value, datetime):
        value = value.isoformat()  # to the microsecond; as text it is filtered by all the same
    return Signer(salt="conventions.keyset").sign_object([ordering, value, last_id])


def _decode(cursor: str, ordering: str) -> tuple[object, int]:
    # Signed, so what is inside has the types that were put there.
    try:
        made_for, value, last_id = Signer(salt="conventions.keyset").unsign_object(cursor)
    except (BadSignature, ValueError) as error:
        raise BadCursor("not a cursor of this service") from error
    if made_for != ordering:
        raise BadCursor(f"a cursor for ordering={made_for}")
    return value, last_id
