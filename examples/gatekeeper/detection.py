"""Find attackers in the request log, by windows in SQL.

Each detector asks the log one question about a window that ends now, and names subjects: a network, an account that
somebody tries to get into, or a user. What the gatekeeper refused itself is no evidence, since a block would then
prolong itself. Thresholds stand beside their reasons here; `evaluate_detection.py` shows what they find and miss.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

from django.db.models import Count, F, Max, OuterRef, Q, QuerySet, Subquery, Window
from django.db.models.functions import Lag

from gatekeeper.models import LoggedRequest

FAILED = Q(status__in=[400, 401, 403, 422, 429])
ENTERED = Q(status__lt=400)
TRIED = {
    "tried": Count("account", distinct=True),
    "entered": Count("account", filter=ENTERED, distinct=True),
}
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
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
BASELINE = 14 * DAY  # as long as the log knows accounts, `ANONYMISE_AFTER_DAYS`
SWITCH = 3 * MINUTE  # so long may lie between the last request before a VPN and the first one after
BACK_AND_FORTH = 10 * MINUTE


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
        subject_type: `network`, `account`, `user` or `site`.
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
def stuffing(accounts: int, percent: int, active: timedelta) -> Callable:
    """One network fails on many accounts and gets into few: a typing error is put right, a stolen list mostly fails.

    Accounts are counted and not tries: logging in to one's own between the others would hide a share of tries.
    `active` is how long ago the last failure may be, so that a long window does not go on accusing who has stopped.
    """

    def find(requests: QuerySet, since: datetime, now: datetime) -> Iterator[Finding]:  # noqa: ARG001
        groups = logins(requests).values("group").annotate(**TRIED, last=Max("at", filter=FAILED))
        # Multiplied, not divided: SQL cuts the fraction off a quotient of whole numbers.
        suspicious = groups.annotate(
            lost=F("tried") - F("entered"), share=F("lost") * 100 - F("tried") * percent
        )
        suspicious = suspicious.filter(lost__gte=accounts, share__gte=0, last__gte=now - active)
        for row in suspicious.order_by("group"):
            lost = row["lost"] - at_home(requests, row["group"], now)
            if lost >= accounts and lost * 100 >= row["tried"] * percent:
                yield Finding(row["group"], {"accounts": row["tried"], "lost": lost})

    return find


def logins(requests: QuerySet) -> QuerySet:
    """Log-ins that were answered; while the site itself fails, everybody does."""
    return requests.filter(FAILED | ENTERED).exclude(account="")


def at_home(requests: QuerySet, group: str, now: datetime) -> int:
    """How many accounts that fail in this network now were logged in to from it in the 14 days before."""
    tried = logins(requests).filter(group=group).values("account")
    before = LoggedRequest.objects.filter(ENTERED, group=group, at__gte=now - BASELINE, at__lt=now)
    known = before.filter(account__in=tried).exclude(account__in=tried.filter(ENTERED))
    return known.aggregate(accounts=Count("account", distinct=True))["accounts"]


# --8<-- [end:stuffing]


def spread(accounts: int, times: int) -> Callable:
    """Accounts fail that are tried from many networks, each of which tries few: many more than on the day before.

    The share of accounts that are not got into is compared, so a day with many customers is none with many attackers.
    """

    def find(requests: QuerySet, since: datetime, now: datetime) -> Iterator[Finding]:  # noqa: ARG001
        day = LoggedRequest.objects.filter(
            at__gte=since - DAY, at__lt=since, refused=False, is_anonymous=False
        )
        here, before = few_each(requests), few_each(day)
        lost = here["tried"] - here["entered"]
        # One account more in ten stands for a log that is new.
        usual = Fraction(before["tried"] - before["entered"] + 1, before["tried"] + 10)
        if lost >= accounts and lost >= times * usual * here["tried"]:
            yield Finding("log-in", {"accounts": here["tried"], "lost": lost})

    return find


def few_each(requests: QuerySet, most: int = 9) -> dict[str, int]:
    """How many accounts were tried and entered, over the networks that tried fewer than `slow-stuffing` asks for."""
    answered = logins(requests)
    small = answered.values("group").annotate(tried=TRIED["tried"]).filter(tried__lte=most)
    return answered.filter(group__in=small.values("group")).aggregate(**TRIED)


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


def scanning(paths: int, percent: int, by: str = "group") -> Callable:
    """Many different paths that are not there, or not for this user, and little else.

    Of a network, logged-in requests are left out on both sides; `by="user"` asks for those, whatever the network.
    """

    def find(requests: QuerySet, since: datetime, now: datetime) -> Iterator[Finding]:  # noqa: ARG001
        groups = (
            (requests.filter(user="") if by == "group" else requests.exclude(user=""))
            .values(by)
            .annotate(
                requests=Count("id"),
                misses=Count("id", filter=NOT_THERE),
                paths=Count("path", filter=NOT_THERE, distinct=True),
            )
        )
        suspicious = groups.annotate(share=F("misses") * 100 - F("requests") * percent)
        for row in suspicious.filter(paths__gte=paths, share__gte=0).order_by(by):
            yield Finding(row[by], {name: row[name] for name in ("requests", "misses", "paths")})

    return find


def scraping(paths: int, percent: int) -> Callable:
    """Page after page and none twice, without a user. People look at the same pages, and crawlers take their time."""

    def find(requests: QuerySet, since: datetime, now: datetime) -> Iterator[Finding]:  # noqa: ARG001
        groups = requests.filter(user="").values("group")
        groups = groups.annotate(requests=Count("id"), paths=Count("path", distinct=True))
        suspicious = groups.annotate(share=F("paths") * 100 - F("requests") * percent)
        for row in suspicious.filter(paths__gte=paths, share__gte=0).order_by("group"):
            yield Finding(row["group"], {name: row[name] for name in ("requests", "paths")})

    return find


def pressing(refusals: int, percent: int) -> Callable:
    """A network that the site's own limits turn away again and again, and that goes on."""

    def find(requests: QuerySet, since: datetime, now: datetime) -> Iterator[Finding]:  # noqa: ARG001
        groups = requests.values("group").annotate(
            requests=Count("id"), refusals=Count("id", filter=Q(status=429))
        )
        suspicious = groups.annotate(share=F("refusals") * 100 - F("requests") * percent)
        for row in suspicious.filter(refusals__gte=refusals, share__gte=0).order_by("group"):
            yield Finding(row["group"], {name: row[name] for name in ("requests", "refusals")})

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


# --8<-- [start:travel]
def travel(km: float, km_per_hour: float) -> Callable:
    """A user in two places, faster than a plane, the second in a country where they were never seen before.

    Places are centres of countries, and neighbours nearer than `km` may live across the street of each other.
    Whoever switches a VPN on leaves the one place and goes on in the other, at once. So a single change without a
    pause is no finding: it takes a pause, or going back and forth. Nor is an exit that others use as well.
    """

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
        fast: dict[str, list[LoggedRequest]] = {}
        for move in moves:
            if _too_fast(move, km, km_per_hour):
                fast.setdefault(move.user, []).append(move)
        known = countries_before(set(fast), since, now)
        for user, steps in fast.items():
            new = {move.country for move in steps} - known.get(user, set()) - {steps[0].last_country}
            for place, move in enumerate(steps):
                if move.country not in new:
                    continue
                arrives = move.country not in {step.country for step in steps[:place]}
                paused = arrives and move.at - move.last_at > SWITCH
                returned = place + 2 < len(steps) and steps[place + 2].at - move.at < BACK_AND_FORTH
                if (paused or returned) and not is_shared(move.group, user, now):
                    evidence = {"from": move.last_country, "to": move.country, "network": move.group}
                    yield Finding(user, evidence)
                    break

    return find


# --8<-- [end:travel]


def is_shared(group: str, user: str, now: datetime) -> bool:
    """Whether three other users came from this network before: the exit of a VPN or of a mobile network.

    The last day does not count, or somebody who steals many sessions would be silent after the third.
    """
    past = LoggedRequest.objects.filter(group=group, at__gte=now - BASELINE, at__lt=now - DAY)
    others = past.exclude(user="").exclude(user=user).values("user").distinct()
    return len(others[:3]) == 3


def _too_fast(move: LoggedRequest, km: float, km_per_hour: float) -> bool:
    distance = distance_km((move.last_latitude, move.last_longitude), (move.latitude, move.longitude))
    hours = max((move.at - move.last_at).total_seconds(), 1) / 3600
    return distance >= km and distance / hours >= km_per_hour


def new_country() -> Callable:
    """A user in a country where they were not in the 30 days before; travel is allowed, so this only observes."""

    def find(requests: QuerySet, since: datetime, now: datetime) -> Iterator[Finding]:
        # One row each by the index on users: EXISTS may become a join, and that reads 30 days of everybody.
        past = located_before(since, now).filter(user=OuterRef("user")).order_by("-at").values("country")
        rows = requests.exclude(user="").exclude(country="")
        rows = rows.annotate(
            anywhere=Subquery(past[:1]), here=Subquery(past.filter(country=OuterRef("country"))[:1])
        )
        strange = rows.filter(here=None).exclude(anywhere=None)
        seen = sorted(strange.values_list("user", "country").distinct())
        known = countries_before({user for user, _ in seen}, since, now)
        for user, country in seen:
            yield Finding(user, {"to": country, "known": sorted(known[user])})

    return find


def located_before(since: datetime, now: datetime) -> QuerySet:
    """Requests of users from a known country in the 30 days before the window."""
    past = LoggedRequest.objects.filter(at__gte=now - timedelta(days=30), at__lt=since)
    # The index on users holds only rows that have one, so a statement must say so to be answered by it.
    return past.exclude(user="").exclude(country="")


def countries_before(users: set[str], since: datetime, now: datetime) -> dict[str, set[str]]:
    """Where each of these users was in the 30 days before the window; who was nowhere is not in it."""
    past = located_before(since, now)
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


DETECTORS = (
    Detector("burst", "network", MINUTE, 40, False, burst(per_window=300, per_user=60)),
    Detector("stuffing", "network", 10 * MINUTE, 60, False, stuffing(8, 70, active=10 * MINUTE)),
    Detector("scanning", "network", 10 * MINUTE, 40, False, scanning(paths=25, percent=75)),
    Detector("probing", "network", 10 * MINUTE, 50, False, probing(paths=2)),
    Detector("limit-probing", "network", 10 * MINUTE, 30, False, pressing(refusals=40, percent=10)),
    Detector("slow-stuffing", "network", DAY, 60, True, stuffing(10, 80, active=3 * HOUR)),
    Detector("slow-scanning", "network", 6 * HOUR, 40, True, scanning(paths=40, percent=75)),
    Detector("slow-probing", "network", 6 * HOUR, 50, True, probing(paths=2)),
    Detector("scraping", "network", HOUR / 2, 30, True, scraping(paths=1200, percent=80)),
    Detector("guessing", "account", HOUR, 0, True, guessing(failures=20, groups=12)),
    Detector("spread-stuffing", "site", HOUR, 0, True, spread(accounts=25, times=3)),
    Detector("enumeration", "user", HOUR, 0, True, scanning(paths=25, percent=75, by="user")),
    Detector("impossible-travel", "user", 2 * HOUR, 0, True, travel(km=1000, km_per_hour=1000)),
    Detector("new-country", "user", HOUR, 0, True, new_country()),
)
OBSERVED_ONLY = ("new-country",)  # no alert


def findings(detector: Detector, now: datetime) -> Iterator[Finding]:
    """What `detector` sees in the window that ends `now`."""
    since = now - detector.window
    requests = LoggedRequest.objects.filter(at__gte=since, at__lt=now, refused=False, is_anonymous=False)
    return detector.find(requests, since, now)
