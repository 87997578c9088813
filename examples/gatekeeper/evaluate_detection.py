"""Let the gatekeeper watch generated traffic with known attackers, and count whom it found, missed and accused."""

import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

from conventions.throwaway import throwaway

TUNED_ON = range(1, 6)
EVALUATED_ON = range(101, 111)
START = datetime(2026, 6, 15, 9, 0, tzinfo=UTC)


def watch(seed: int) -> tuple[Counter[str], Counter[str], Counter[str]]:
    """Play one seed minute by minute.

    Returns:
        Attackers by kind, those of them that were found by kind, and peaceful subjects with an alert by detector;
        `requests`, `attack requests`, `attack requests refused` and `peaceful requests refused` are counted with
        the last.
    """
    from gatekeeper.addresses import group_of
    from gatekeeper.middleware import THROTTLE
    from gatekeeper.models import Incident, LoggedRequest, Rule
    from gatekeeper.response import detect
    from gatekeeper.rules import Table
    from gatekeeper.traffic import SECONDS, Town

    for model in (Incident, LoggedRequest, Rule):
        model.objects.all().delete()
    events = Town(seed).events()
    attackers: dict[str, set[str]] = {}
    for event in events:
        if event.attack:
            subjects = attackers.setdefault(event.attack, set())
            group = group_of(ip_address(event.address))
            subjects |= {each for each in (group, event.user, event.account) if each}
    peace: Counter[str] = Counter()
    waiting = iter(events)
    event = next(waiting, None)
    for minute in range(1, SECONDS // 60 + 1):
        table, rows = Table(Rule.objects.all(), 0), []
        while event is not None and event.second < minute * 60:
            at = START + timedelta(seconds=event.second)
            verdict = table.verdict(ip_address(event.address), at)
            refused = verdict is not None and not (
                verdict.action == Rule.Action.THROTTLE
                and THROTTLE.take(f"{seed} {event.address}", now=at.timestamp()).allowed
            )
            peace["requests"] += 1
            peace["attack requests"] += bool(event.attack)
            if refused:
                peace["attack requests refused" if event.attack else "peaceful requests refused"] += 1
            else:
                rows.append(_row(event, at))
            event = next(waiting, None)
        LoggedRequest.objects.bulk_create(rows)
        detect(now=START + timedelta(minutes=minute), slow=minute % 15 == 0)
    alerted = set(Incident.objects.exclude(alerted_at=None).values_list("kind", "subject"))
    named = {subject for _, subject in alerted}
    guilty = set().union(*attackers.values())
    kinds = Counter(_kind(attack) for attack in attackers)
    found = Counter(_kind(attack) for attack, subjects in attackers.items() if subjects & named)
    for kind, subject in alerted:
        peace[kind] += subject not in guilty
    return kinds, found, peace


def _kind(attack: str) -> str:
    return attack.rpartition(" ")[0]


def _row(event: object, at: datetime) -> object:
    from gatekeeper.addresses import group_of
    from gatekeeper.models import LoggedRequest
    from gatekeeper.traffic import PLACES

    latitude, longitude = PLACES[event.country]
    return LoggedRequest(
        at=at,
        address=event.address,
        group=group_of(ip_address(event.address)),
        method="GET",
        path=event.path,
        status=event.status,
        milliseconds=5,
        user=event.user,
        account=event.account,
        country=event.country,
        latitude=latitude,
        longitude=longitude,
    )


def report(seeds: range) -> None:
    """Print what was found on these seeds, by kind of attacker."""
    from gatekeeper.detection import DETECTORS

    kinds, found, peace = Counter(), Counter(), Counter()
    worst = 0
    for seed in seeds:
        watched = watch(seed)
        for total, part in zip((kinds, found, peace), watched, strict=True):
            total.update(part)
        worst = max(worst, sum(watched[2][detector.kind] for detector in DETECTORS))
    accused = sum(peace[detector.kind] for detector in DETECTORS)
    print(
        f"{peace['requests']:,} requests, {peace['attack requests']:,} of them by {kinds.total()} attackers"
    )
    for kind in sorted(kinds):
        print(f"{kind:22} {found[kind]:3} of {kinds[kind]:3} found")
    print(
        f"{'all attackers':22} {found.total():3} of {kinds.total():3} found, "
        f"recall {found.total() / kinds.total():.2f}"
    )
    by_kind = ", ".join(f"{d.kind} {peace[d.kind]}" for d in DETECTORS if peace[d.kind]) or "none"
    print(f"{'false alerts':22} {accused:3} in {len(seeds)} seeds ({by_kind}), {worst} at most")
    share = peace["attack requests refused"] / peace["attack requests"]
    print(
        f"{'attack requests':22} {share:.0%} refused, peaceful ones refused: {peace['peaceful requests refused']}"
    )


if __name__ == "__main__":
    with throwaway("gatekeeper"):
        report(TUNED_ON if sys.argv[1:] == ["--tune"] else EVALUATED_ON)
