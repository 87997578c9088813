"""The settings of the app: `GATEKEEPER = {...}` in a project's settings, over the defaults that stand here."""

from collections.abc import Mapping

from django.conf import settings
from django.core.checks import CheckMessage, Error

from gatekeeper.addresses import parse_networks

# --8<-- [start:defaults]
DEFAULTS: Mapping[str, object] = {
    # Off, the middleware is not there at all: as in most tests of a project.
    "ENABLED": True,
    # Off, no thread is started, and the log is written where `log.BACKGROUND.turn()` is called.
    "BACKGROUND": True,
    # Whose forwarding header is believed: CIDR blocks of your own proxies, and `unix` for a socket file.
    "TRUSTED_PROXIES": (),
    # The one header that these proxies write. The other one would come from the client as it is.
    "FORWARDED_HEADER": "X-Forwarded-For",
    # Where buckets live; empty for the memory of each process.
    "REDIS_URL": "",
    # A file in MaxMind's format; empty for no places.
    "PLACES_FILE": "",
    # The request log: how many rows wait at most, how many are written at once, how long the first one waits.
    "BUFFER_ROWS": 10_000,
    "BATCH_ROWS": 500,
    "FLUSH_SECONDS": 1.0,
    # Of paths that begin so, one request in so many is logged.
    "STATIC_PREFIXES": ("/static/",),
    "STATIC_ONE_IN": 100,
    # Addresses are cut after so many days, rows deleted after so many.
    "ANONYMISE_AFTER_DAYS": 14,
    "DELETE_AFTER_DAYS": 90,
    # Who is told, and how long the same thing is not told again.
    "ALERT_EMAILS": (),
    "ALERT_WEBHOOK_URL": "",
    "ALERT_COOLDOWN_SECONDS": 3600,
}
# --8<-- [end:defaults]
FORWARDED_HEADERS = ("X-Forwarded-For", "Forwarded")


def option(name: str) -> object:
    """The value of one setting: the project's, else the default."""
    return getattr(settings, "GATEKEEPER", {}).get(name, DEFAULTS[name])


def check_settings(**_: object) -> list[CheckMessage]:
    """A system check: a misspelt setting would silently leave a door open."""
    unknown = sorted(set(getattr(settings, "GATEKEEPER", {})) - set(DEFAULTS))
    errors = [
        Error(f"GATEKEEPER has no setting {name!r}. It has: {', '.join(DEFAULTS)}.", id="gatekeeper.E001")
        for name in unknown
    ]
    try:
        parse_networks(option("TRUSTED_PROXIES"))
    except ValueError as error:
        errors.append(Error(f"GATEKEEPER['TRUSTED_PROXIES']: {error}.", id="gatekeeper.E002"))
    if option("FORWARDED_HEADER") not in FORWARDED_HEADERS:
        errors.append(
            Error(
                f"GATEKEEPER['FORWARDED_HEADER'] is none of {', '.join(FORWARDED_HEADERS)}.",
                id="gatekeeper.E003",
            )
        )
    return errors
