"""What each detector sees, and what it must not see."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from gatekeeper.conftest import NOW
from gatekeeper.detection import DETECTORS, distance_km, findings
from gatekeeper.models import LoggedRequest
from gatekeeper.traffic import PLACES, SECONDS, Town

DAY = 24 * 3600
KINDS = {detector.kind: detector for detector in DETECTORS}


def log(group: str = "203.0.113.9", **more: object) -> None:
    row(group, **more).save()


def row(
    group: str = "203.0.113.9", *, ago: float = 30, at: datetime | None = None, **more: object
) -> LoggedRequest:
    country = more.pop("country", "DE")
    latitude, longitude = more.pop("place", PLACES[country])
    return LoggedRequest(
        at=at or NOW - timedelta(seconds=ago),
        address="203.0.113.9",
        group=group,
        method="GET",
        **{"path": "/", "status": 200, "milliseconds": 1} | more,
        country=country,
        latitude=latitude,
        longitude=longitude,
    )


def found(kind: str) -> list[str]:
    return [finding.subject for finding in findings(KINDS[kind], NOW)]


def burst(count: int = 300, **more: object) -> None:
    LoggedRequest.objects.bulk_create(row(**more) for _ in range(count))


def crowd(count: int, users: int) -> None:
    LoggedRequest.objects.bulk_create(row(user=str(number % users)) for number in range(count))


def logins(group: str, failed: int, succeeded: int = 0, *, account: str = "", **more: object) -> None:
    for number in range(failed + succeeded):
        status = 401 if number < failed else 200
        log(group, status=status, account=account or f"account {number}", path="/login/", **more)


def visited(group: str, *accounts: str, days: float) -> None:
    for account in accounts:
        log(group, status=200, account=account, path="/login/", ago=days * DAY)


def everywhere(failed: int, succeeded: int = 0, *, name: str = "now", each: int = 1, **more: object) -> None:
    for number in range(failed + succeeded):
        status = 401 if number < failed else 200
        log(f"net {name} {number // each}", status=status, account=f"{name} {number}", path="/login/", **more)


def botnet(addresses: int, each: int) -> None:
    for number in range(addresses):
        logins(f"198.18.0.{number}", each, account="ada", ago=1800)


def before() -> None:
    everywhere(10, 90, name="before", ago=7200)


def pages(count: int, **more: object) -> None:
    LoggedRequest.objects.bulk_create(row(path=f"/{number}/", **more) for number in range(count))


def misses(count: int, hits: int = 0, *, same: bool = False, **more: object) -> None:
    LoggedRequest.objects.bulk_create(
        row(status=404, path="/gone/" if same else f"/{number}/", **more) for number in range(count)
    )
    for _ in range(hits):
        log(**more)


def exits(users: int, *, days: float) -> None:
    for number in range(users):
        log("net US", user=f"other {number}", country="US", ago=days * DAY + 60)


def journey(*legs: tuple[float, str], user: str = "ada") -> None:
    for minutes_ago, country in legs:
        log(f"net {country}", ago=minutes_ago * 60, user=user, country=country)


SEEN = [
    ("burst", lambda: burst(300), ["203.0.113.9"]),
    ("burst", lambda: burst(299), []),
    ("burst", lambda: burst(300, ago=61), []),
    ("burst", lambda: burst(300, refused=True), []),
    ("burst", lambda: crowd(400, users=2), []),
    ("burst", lambda: crowd(420, users=2), ["203.0.113.9"]),
    ("stuffing", lambda: logins("a", 8, 3), ["a"]),
    ("stuffing", lambda: logins("a", 7), []),
    ("stuffing", lambda: logins("a", 8, 4), []),  # an office in the morning
    ("stuffing", lambda: logins("a", 30, account="ada"), []),  # one person who forgot a password
    (
        "stuffing",
        lambda: [logins("a", 8), logins("a", 0, 20, account="own")],
        ["a"],
    ),  # own log-ins hide nothing
    ("stuffing", lambda: [logins("a", 8), logins("a", 0, 8)], []),  # all mistyped, and put it right
    # Passwords that ended in the night: these accounts are known here, and one too few is left.
    ("stuffing", lambda: [logins("a", 8), visited("a", "account 0", days=13)], []),
    ("stuffing", lambda: [logins("a", 8), visited("a", "account 0", days=15)], ["a"]),
    ("stuffing", lambda: [logins("a", 8), visited("b", "account 0", days=13)], ["a"]),
    ("stuffing", lambda: [logins("a", 7), log("a", status=503, account="one more")], []),  # the site is down
    ("slow-stuffing", lambda: logins("a", 10, ago=2 * 3600), ["a"]),
    ("slow-stuffing", lambda: logins("a", 9, ago=2 * 3600), []),
    ("slow-stuffing", lambda: logins("a", 10, 2, ago=2 * 3600), ["a"]),
    ("slow-stuffing", lambda: logins("a", 10, 3, ago=2 * 3600), []),
    (
        "slow-stuffing",
        lambda: [log("a", status=401, account=f"{n}", ago=n * 9000 + 1) for n in range(10)],
        ["a"],
    ),
    (
        "slow-stuffing",
        lambda: [log("a", status=401, account=f"{n}", ago=n * 9700 + 1) for n in range(10)],
        [],
    ),
    ("slow-stuffing", lambda: logins("a", 30, ago=4 * 3600), []),  # it has stopped
    ("slow-stuffing", lambda: [logins("a", 10), visited("a", "account 0", days=2)], []),
    ("spread-stuffing", lambda: everywhere(25), ["log-in"]),
    ("spread-stuffing", lambda: everywhere(24), []),
    ("spread-stuffing", lambda: everywhere(25, ago=3700), []),
    ("spread-stuffing", lambda: [everywhere(24), log("b", status=503, account="one more")], []),
    ("spread-stuffing", lambda: everywhere(27, each=9), ["log-in"]),
    ("spread-stuffing", lambda: everywhere(30, each=10), []),  # that is for the detectors of networks
    # The day before, one account in ten was not got into: three in ten are many, and less is none.
    ("spread-stuffing", lambda: [before(), everywhere(30, 70)], ["log-in"]),
    ("spread-stuffing", lambda: [before(), everywhere(30, 71)], []),
    ("guessing", lambda: botnet(12, 2), ["ada"]),
    ("guessing", lambda: botnet(11, 3), []),
    ("guessing", lambda: botnet(19, 1), []),
    ("scanning", lambda: misses(27, 9), ["203.0.113.9"]),
    ("scanning", lambda: misses(27, 10), []),  # a crawler with stale links
    ("scanning", lambda: misses(25), ["203.0.113.9"]),
    ("scanning", lambda: misses(24), []),
    ("scanning", lambda: misses(500, same=True), []),  # a program that is stuck
    ("scanning", lambda: misses(25, user="7"), []),
    ("slow-scanning", lambda: misses(40, ago=5 * 3600), ["203.0.113.9"]),
    ("slow-scanning", lambda: misses(39, ago=5 * 3600), []),
    ("enumeration", lambda: misses(27, 9, user="7"), ["7"]),
    ("enumeration", lambda: misses(27, 10, user="7"), []),
    ("enumeration", lambda: misses(24, user="7"), []),
    ("enumeration", lambda: misses(25), []),  # nobody is logged in
    ("limit-probing", lambda: [burst(40, status=429), burst(360)], ["203.0.113.9"]),
    ("limit-probing", lambda: [burst(40, status=429), burst(361)], []),
    ("limit-probing", lambda: burst(39, status=429), []),
    ("scraping", lambda: [pages(1200), burst(300, path="/0/")], ["203.0.113.9"]),
    ("scraping", lambda: [pages(1200), burst(301, path="/0/")], []),  # people look at the same pages
    ("scraping", lambda: pages(1199), []),
    ("scraping", lambda: pages(1200, user="7"), []),
    ("probing", lambda: [log(path=each, status=404) for each in ("/.env", "/WP-login.php")], ["203.0.113.9"]),
    ("probing", lambda: [log(path="/.env", status=404) for _ in range(9)], []),
    ("probing", lambda: [log(path=each, status=200) for each in ("/.env", "/wp-login.php")], []),
    (
        "probing",
        lambda: [log(path=each, status=400) for each in ("/a/../../x", "/b.sql")],
        ["203.0.113.9"],
    ),
    (
        "slow-probing",
        lambda: [log(path=each, status=404, ago=7000) for each in ("/.env", "/.git/x")],
        ["203.0.113.9"],
    ),
    ("slow-probing", lambda: [log(path="/.env", status=404, ago=7000)], []),
    ("impossible-travel", lambda: journey((40, "DE"), (10, "US")), ["ada"]),
    ("impossible-travel", lambda: journey((40, "US"), (20, "DE"), (10, "DE")), ["ada"]),
    ("impossible-travel", lambda: journey((40, "DE"), (10, "DE")), []),
    ("impossible-travel", lambda: journey((40, "DE"), (10, "FR")), []),  # the border may be next door
    ("impossible-travel", lambda: [exits(3, days=1), journey((40, "DE"), (10, "US"))], []),
    ("impossible-travel", lambda: [exits(2, days=1), journey((40, "DE"), (10, "US"))], ["ada"]),
    ("impossible-travel", lambda: [exits(3, days=0.9), journey((40, "DE"), (10, "US"))], ["ada"]),
    # A VPN that is switched on and off, and on again after lunch.
    ("impossible-travel", lambda: journey((80, "DE"), (77, "US"), (70, "US"), (69, "DE"), (40, "US")), []),
    ("impossible-travel", lambda: journey((80, "DE"), (76, "US"), (70, "US"), (69, "DE")), ["ada"]),
    # Two people at once, the second one after a quiet arrival.
    (
        "impossible-travel",
        lambda: journey((80, "DE"), (79, "US"), (50, "DE"), (49, "US"), (48, "DE"), (47, "US")),
        ["ada"],
    ),
    ("impossible-travel", lambda: journey((3000, "US"), (40, "DE"), (10, "US")), []),  # a VPN that is known
    ("impossible-travel", lambda: [journey((40, "DE")), journey((10, "US"), user="grace")], []),
    # Within a large country a place by address is too rough a guess.
    ("impossible-travel", lambda: [log(ago=9, user="ada"), log(user="ada", place=(21, -157))], []),
    ("new-country", lambda: journey((3000, "DE"), (10, "BR")), ["ada"]),
    ("new-country", lambda: journey((3000, "BR"), (10, "BR")), []),
    ("new-country", lambda: [journey((3000, "BR"), user="grace"), journey((3000, "DE"), (9, "BR"))], ["ada"]),
    ("new-country", lambda: [journey((3000, "DE"), user="grace"), journey((10, "BR"))], []),
    ("new-country", lambda: journey((10, "BR")), []),  # nothing is known yet
    ("new-country", lambda: journey((31 * 24 * 60, "DE"), (10, "BR")), []),  # too long ago to know
]


@pytest.mark.django_db
@pytest.mark.parametrize(("kind", "happens", "expected"), SEEN, ids=range(len(SEEN)))
def test_each_detector_sees_its_attack_at_the_threshold_and_not_below(
    kind: str, happens: Callable[[], object], expected: list[str]
):
    happens()

    assert expected == found(kind)


def test_every_detector_is_tried_both_ways():
    for kind in KINDS:
        assert {True, False} == {bool(expected) for name, _, expected in SEEN if name == kind}, kind


@pytest.mark.django_db
def test_a_row_that_lost_its_address_accuses_nobody():
    burst(300, is_anonymous=True)

    assert [] == found("burst")


def test_the_distance_between_two_capitals():
    assert 870 < distance_km((52.52, 13.40), (48.86, 2.35)) < 890
    assert 0 == distance_km((1, 2), (1, 2))
    assert 20_000 < distance_km((0, 0), (0, 180)) < 20_030


def test_the_same_seed_makes_the_same_traffic():
    assert Town(7).events() == Town(7).events()
    assert Town(7).events() != Town(8).events()
    kinds = {event.attack.rpartition(" ")[0] for event in Town(7).events()}
    assert len(kinds) >= 18, kinds  # seventeen kinds of attackers or one more, and peace


def test_the_generated_traffic_fits_into_the_log():
    events = Town(7).events()

    assert max(event.second for event in events) < SECONDS
    assert max(len(event.account) for event in events) <= 16  # else several accounts would be one
