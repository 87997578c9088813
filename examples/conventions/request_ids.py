"""The id of the request that something is done for, wherever it is done: here, or later in a worker."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

LONGEST = 64
_current: ContextVar[str] = ContextVar("request_id", default="")


def current() -> str:
    """The id; empty where nobody asked for what is done."""
    return _current.get()


@contextmanager
def bound(request_id: str) -> Iterator[None]:
    """Do what follows for the request with this id."""
    token = _current.set(request_id)
    try:
        yield
    finally:
        _current.reset(token)
