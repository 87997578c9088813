"""Find attackers in the request log, by windows in SQL.

Each detector asks the log one question about a window that ends now, and names subjects: a network, an account that
somebody tries to get into, or a user. What the gatekeeper refused itself is no evidence, since a block would then
prolong itself. Thresholds stand beside their reasons here; `evaluate_detection.py` shows what they find and miss.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, F, Q, QuerySet, Window
from django.db.models.functions import Lag

from gatekeeper.models import LoggedRequest

FAILED = Q(status__in=[400, 401, 403, 422, 429])
NOT_THERE = Q(status__in=[403, 404])
# What no page of this kind of site links to, and what automatic scans ask for first (OWASP WSTG-CONF-04, -05).
SENSITIVE = (
    "/.env",
    "/.git",
    "/.aws",
    "/.ssh",
    "/wp-",
    "/phpmyadmin",
    "/cgi-bin",
    "/actuator",
    "/server-status",
    "/etc/passwd",
)
SENSITIVE_ENDS = (".php", ".asp", ".bak", ".sql", ".old")
EARTH_KM = 6371.0


@dataclass(frozen=True)
class Finding:
    """A subject that a detector named, and the counts that it saw."""

    subject: str
    evidence: dict[str, object]


@dataclass(frozen=True)
class Detector:
    """One question.

    Attributes:
        kind: the name of what it finds.
        subject_type: `network`, `account` or `user`.
        window: how far back it looks.
        score: how much an incident weighs in the response; 0 only observes.
        slow: asked every fifteen minutes and not every minute, since its window is long.
        find: the question: requests of the window, and its two ends.
    """

    kind: str
    subject_type: str
    window: timedelta
    score: int
    slow: bool
    find: Callable[[QuerySet, datetime, datetime], Iterator[Finding]]


def burst(per_window: int, per_user: int) -> Callable:
    """More requests than people make. Logged-in users raise the limit: an office or a mobile network has many."""

    def find(requests: QuerySet, since: datetime, now: datetime) -> Iterator[Finding]:  # noqa: ARG001
        groups = requests.values("group").annotate(
            requests=Count("id"), users=Count("user", filter=~Q(user=""), distinct=True)
        )
        for row in groups.filter(requests__gte=per_window + per_user * F("users")).order_by("group"):
            yield Finding(row["group"], {"requests": row["requests"], "users": row["users"]})

    return find


# --8<-- [start:stuffing]
def stuffing(accounts: int, percent_failed: int) -> Callable:
    """One network fails on many accounts. A share of failures, since a large network has many typing errors."""

    def find(requests: QuerySet, since: datetime, now: datetime) -> Iterator[Finding]:  # noqa: ARG001
        groups = (
            requests.exclude(account="")
            .values("group")
            .annotate(
                tries=Count("id"),
                failures=Count("id", filter=FAILED),
                accounts=Count("account", filter=FAILED, distinct=True),
            )
        )
        # Multiplied, not divided: SQL cuts the fraction off a quotient of whole numbers.
        suspicious = groups.annotate(share=F("failures") * 100 - F("tries") * percent_failed)
        for row in suspicious.filter(accounts__gte=accounts, share__gte=0).order_by("group"):
            yield Finding(row["group"], {name: row[name] for name in ("tries", "failures", "accounts")})

    return find


# --8<-- [end:stuffing]


def guessing(failures: int, groups: int) -> Callable:
    """One account fails from many networks: somebody has many addresses and wants this account."""

    def find(requests: QuerySet, since: datetime, now: datetime) -> Iterator[Finding]:  # noqa: ARG001
        accounts = (
            requests.exclude(account="")
            .filter(FAILED)
            .values("account")
            .annotate(failures=Count("id"), groups=Count("group", distinct=True))
        )
        for row in accounts.filter(failures__gte=failures, groups__gte=groups).order_by("account"):
            yield Finding(row["account"], {"failures": row["failures"], "networks": row["groups"]})

    return find


def scanning(paths: int, percent: int) -> Callable:
    """Many different paths that are not there, and little else. Logged-in requests are left out on both sides."""

    def find(requests: QuerySet, since: datetime, now: datetime) -> Iterator[Finding]:  # noqa: ARG001
        groups = (
            requests.filter(user="")
            .values("group")
            .annotate(
                requests=Count("id"),
                misses=Count("id", filter=NOT_THERE),
                paths=Count("path", filter=NOT_THERE, distinct=True),
            )
        )
        suspicious = groups.annotate(share=F("misses") * 100 - F("requests") * percent)
        for row in suspicious.filter(paths__gte=paths, share__gte=0).order_by("group"):
            yield Finding(row["group"], {name: row[name] for name in ("requests", "misses", "paths")})

    return find


def probing(paths: int) -> Callable:
    """Paths that only a search for leaks asks for, and that are not there; one alone may be a bad link."""

    def find(requests: QuerySet, since: datetime, now: datetime) -> Iterator[Finding]:  # noqa: ARG001
        sensitive = Q(path__contains="../")
        for start in SENSITIVE:
            sensitive |= Q(path__istartswith=start)
        for end in SENSITIVE_ENDS:
            sensitive |= Q(path__iendswith=end)
        groups = (
            requests.filter(sensitive, status__gte=400)
            .values("group")
            .annotate(paths=Count("path", distinct=True))
        )
        for row in groups.filter(paths__gte=paths).order_by("group"):
            yield Finding(row["group"], {"paths": row["paths"]})

    return find


def travel(km: float, km_per_hour: float) -> Callable:
    """A user in two places, faster than a plane, the second in a country where they were never seen before."""

    def find(requests: QuerySet, since: datetime, now: datetime) -> Iterator[Finding]:
        before = {"partition_by": F("user"), "order_by": [F("at"), F("id")]}
        moves = (
            requests.exclude(user="")
            .exclude(country="")
            .exclude(latitude=None)
            .annotate(
                last_country=Window(Lag("country"), **before),
                last_at=Window(Lag("at"), **before),
                last_latitude=Window(Lag("latitude"), **before),
                last_longitude=Window(Lag("longitude"), **before),
            )
            .exclude(last_country=None)
            .exclude(last_country=F("country"))
            .order_by("at", "id")
        )
        fast = [move for move in moves if _too_fast(move, km, km_per_hour)]
        known = countries_before({move.user for move in fast}, since, now)
        named: set[str] = set()
        for move in fast:
            if move.user in named or move.country in known.get(move.user, ()):
                continue
            named.add(move.user)
            yield Finding(move.user, {"from": move.last_country, "to": move.country, "network": move.group})

    return find


def _too_fast(move: LoggedRequest, km: float, km_per_hour: float) -> bool:
    distance = distance_km((move.last_latitude, move.last_longitude), (move.latitude, move.longitude))
    hours = max((move.at - move.last_at).total_seconds(), 1) / 3600
    return distance >= km and distance / hours >= km_per_hour


def new_country() -> Callable:
    """A user in a country where they were not in the 30 days before; travel is allowed, so this only observes."""

    def find(requests: QuerySet, since: datetime, now: datetime) -> Iterator[Finding]:
        seen = requests.exclude(user="").exclude(country="").values_list("user", "country").distinct()
        known = countries_before({user for user, _ in seen}, since, now)
        for user, country in sorted(seen):
            if user in known and country not in known[user]:
                yield Finding(user, {"to": country, "known": sorted(known[user])})

    return find


def countries_before(users: set[str], since: datetime, now: datetime) -> dict[str, set[str]]:
    """Where each of these users was in the 30 days before the window; who was nowhere is not in it."""
    past = LoggedRequest.objects.filter(at__gte=now - timedelta(days=30), at__lt=since).exclude(country="")
    known: dict[str, set[str]] = {}
    for some in batched(sorted(users), 500):
        for user, country in past.filter(user__in=some).values_list("user", "country").distinct():
            known.setdefault(user, set()).add(country)
    return known


def batched(items: list[str], size: int) -> Iterator[list[str]]:
    """Lists of up to `size` items, since a statement takes only so many parameters."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def distance_km(first: tuple[float, float], second: tuple[float, float]) -> float:
    """The way along a great circle between two places given in degrees (the haversine formula), in kilometres."""
    latitude, longitude, other_latitude, other_longitude = map(math.radians, (*first, *second))
    half = (
        math.sin((other_latitude - latitude) / 2) ** 2
        + math.cos(latitude) * math.cos(other_latitude) * math.sin((other_longitude - longitude) / 2) ** 2
    )
    return 2 * EARTH_KM * math.asin(min(1.0, math.sqrt(half)))


MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
DETECTORS = (
    Detector("burst", "network", MINUTE, 40, False, burst(per_window=300, per_user=60)),
    Detector("stuffing", "network", 10 * MINUTE, 60, False, stuffing(accounts=8, percent_failed=70)),
    Detector("scanning", "network", 10 * MINUTE, 40, False, scanning(paths=25, percent=60)),
    Detector("probing", "network", 10 * MINUTE, 50, False, probing(paths=2)),
    Detector("slow-stuffing", "network", 6 * HOUR, 60, True, stuffing(accounts=12, percent_failed=80)),
    Detector("slow-scanning", "network", 6 * HOUR, 40, True, scanning(paths=40, percent=60)),
    Detector("slow-probing", "network", 6 * HOUR, 50, True, probing(paths=2)),
    Detector("guessing", "account", HOUR, 0, True, guessing(failures=15, groups=8)),
    Detector("impossible-travel", "user", HOUR, 0, True, travel(km=500, km_per_hour=1000)),
    Detector("new-country", "user", HOUR, 0, True, new_country()),
)
OBSERVED_ONLY = ("new-country",)  # no alert


def findings(detector: Detector, now: datetime) -> Iterator[Finding]:
    """What `detector` sees in the window that ends `now`."""
    since = now - detector.window
    requests = LoggedRequest.objects.filter(at__gte=since, at__lt=now, refused=False, is_anonymous=False)
    return detector.find(requests, since, now)
