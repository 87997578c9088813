"""Write the log as lines of JSON, with the id of the request and without secrets.

What a line may hold is a list: the event, its level and time, the ids that are bound to the request, and what the
caller names. Texts are scrubbed of what looks like a token, a card number or an address of a person. An exception
is written as its types and places and never with its words, because a database quotes the row in them.
"""

import re
import sys
import traceback
from types import TracebackType

import structlog

from conventions.request_ids import current

SCRUBBED = "[removed]"
EXTRA = ("topic", "message_id", "state")  # what `logger.info(…, extra=…)` may add to a line
SECRETS = re.compile(
    r"eyJ[\w-]+(?:\.[\w-]*){1,4}"  # a JSON Web Token, whole or cut
    r"|(?i:bearer|basic)\s+[\w.~+/=-]+"
    r"|[\w.+-]+@[\w-]+(?:\.[\w-]+)+"  # an e-mail address
    r"|\b(?:\d[ -]?){12,18}\d\b"  # a card number
    r"|://[^/\s:@]*:[^/\s@]+@"  # the password of an address
)
SECRET_NAMES = re.compile(
    r"(?i)passw|secret|token|cookie|authorization|signature|card|code|otp|email|api_?key"
)


# --8<-- [start:scrub]
def scrub(_: object, __: str, event: dict[str, object]) -> dict[str, object]:
    """A processor: remove what is named like a secret, and what looks like one, at any depth."""
    return {
        name: SCRUBBED if SECRET_NAMES.search(name) else _scrubbed(value) for name, value in event.items()
    }


def _scrubbed(value: object) -> object:
    if isinstance(value, dict):
        return scrub(None, "", {str(name): inner for name, inner in value.items()})
    if isinstance(value, list | tuple | set):
        return [_scrubbed(inner) for inner in value]
    if isinstance(value, int | float | None):
        return value
    return SECRETS.sub(SCRUBBED, str(value))


def with_request_id(_: object, __: str, event: dict[str, object]) -> dict[str, object]:
    """A processor: name the request that this is done for."""
    return event | ({"request_id": current()} if current() else {})


def without_arguments(_: object, __: str, event: dict[str, object]) -> dict[str, object]:
    """A processor: of Django's own messages keep the pattern at most, since what fills it came with the request."""
    name, pattern = event["_record"].name, event["_record"].msg
    if name.startswith(("django.request", "django.security")):
        event["event"] = name  # their pattern is "%s: %s", or whole sentences that quote
    elif name.startswith("django."):
        event["event"] = str(pattern)
    return event


def types_and_places(_: object, __: str, event: dict[str, object]) -> dict[str, object]:
    """A processor: turn an exception into the types and the lines that it passed, innermost last."""
    raised = event.pop("exc_info", None)
    raised = sys.exc_info() if raised is True else raised
    error = raised[1] if isinstance(raised, tuple) else raised
    if isinstance(error, BaseException):
        event["exception"] = [
            {"type": f"{type(each).__module__}.{type(each).__qualname__}", "at": _places(each.__traceback__)}
            for each in _chain(error)
        ]
    return event


# --8<-- [end:scrub]


def _chain(error: BaseException | None) -> list[BaseException]:
    found = []
    while error is not None and error not in found:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found[::-1]


def _places(trace: TracebackType | None) -> list[str]:
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(trace)[-10:]]


class JsonLines(structlog.stdlib.ProcessorFormatter):
    """What the standard library's handlers use: a line of JSON for each record, whoever logged it."""

    def __init__(self) -> None:
        shared = [
            with_request_id,
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
        ]
        super().__init__(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder(allow=EXTRA), without_arguments],
            processors=[
                self.remove_processors_meta,
                types_and_places,
                scrub,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
        structlog.configure(
            processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
            logger_factory=structlog.stdlib.LoggerFactory(),
            wrapper_class=structlog.stdlib.BoundLogger,
        )
