"""Let the gatekeeper watch generated traffic with known attackers, and count whom it found, missed and accused.

Watching a seed takes seconds, so what was seen on each is kept beside this file. Without an argument, the first seed
is watched anew and must give what is kept; then all that is kept is printed. `--tune` watches the first ten seeds that
thresholds may be chosen on, `--keep` watches every seed of the evaluation and keeps what it saw.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from conventions.throwaway import throwaway

TUNED_ON = range(1, 11)  # of the 26 that thresholds were chosen on
EVALUATED_ON = range(201, 221)
KEPT = Path(__file__).with_suffix(".json")
START = datetime(2026, 6, 15, 9, 0, tzinfo=UTC)
Counts = dict[str, Counter[str]]


def watch(seed: int) -> Counts:
    """Play one seed minute by minute.

    Returns:
        `attackers` by kind, `found` of them, `false` alerts by detector (a peaceful subject that somebody was told
        about, however often), and `requests`: `all`, `of attackers`, `of attackers refused` and `of others refused`.
    """
    from django.db import connection

    from gatekeeper.addresses import group_of
    from gatekeeper.middleware import THROTTLE
    from gatekeeper.models import Incident, LoggedRequest, Rule
    from gatekeeper.response import detect
    from gatekeeper.rules import Table
    from gatekeeper.traffic import SECONDS, Town

    with connection.cursor() as cursor:
        cursor.execute("PRAGMA synchronous = OFF")  # nobody needs this database after a crash
    for model in (Incident, LoggedRequest, Rule):
        model.objects.all().delete()
    events = Town(seed).events()
    attackers: dict[str, dict[str, datetime]] = {}
    for event in events:
        if event.attack:
            at = START + timedelta(seconds=event.second)
            subjects = [group_of(ip_address(event.address)), event.user, event.account]
            if event.attack.startswith("distributed"):
                subjects.append("log-in")
            for subject in filter(None, subjects):
                attackers.setdefault(event.attack, {}).setdefault(subject, at)
    requests: Counter[str] = Counter()
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
            requests["all"] += 1
            requests["of attackers"] += bool(event.attack)
            if refused:
                requests["of attackers refused" if event.attack else "of others refused"] += 1
            else:
                rows.append(_row(event, at))
            event = next(waiting, None)
        LoggedRequest.objects.bulk_create(rows)
        detect(now=START + timedelta(minutes=minute), slow=minute % 15 == 0)
    told = set(Incident.objects.exclude(alerted_at=None).values_list("kind", "subject", "alerted_at"))
    # An alert from before the attack began is not the attacker's.
    right = {
        (kind, subject, attack)
        for kind, subject, at in told
        for attack, subjects in attackers.items()
        if subject in subjects and subjects[subject] < at
    }
    return {
        "attackers": Counter(_kind(attack) for attack in attackers),
        "found": Counter(_kind(attack) for attack in {attack for _, _, attack in right}),
        "false": Counter(
            kind for kind, _ in {each[:2] for each in told} - {(kind, subject) for kind, subject, _ in right}
        ),
        "requests": requests,
    }


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


def report(watched: Iterable[Counts]) -> None:
    """Print what was found, by kind of attacker."""
    seeds = list(watched)
    attackers, found, false, requests = (
        sum((Counter(seed[name]) for seed in seeds), Counter())
        for name in ("attackers", "found", "false", "requests")
    )
    print(f"{requests['all']:,} requests, {requests['of attackers']:,} of {attackers.total()} attackers")
    for kind in sorted(attackers):
        print(f"{kind:22} {found[kind]:3} of {attackers[kind]:3} found")
    share = found.total() / attackers.total()
    print(f"{'all attackers':22} {found.total():3} of {attackers.total():3} found, recall {share:.2f}")
    by_kind = ", ".join(f"{kind} {false[kind]}" for kind in sorted(false)) or "none"
    worst = max(sum(seed["false"].values()) for seed in seeds)
    print(f"{'false alerts':22} {false.total():3} in {len(seeds)} seeds ({by_kind}), {worst} at most")
    share = requests["of attackers refused"] / requests["of attackers"]
    print(f"{'attack requests':22} {share:.0%} refused, others' refused: {requests['of others refused']}")


def main(arguments: list[str]) -> None:
    """Watch what the arguments say, and print."""
    if arguments and arguments[0] == "--tune":
        report(watch(seed) for seed in (range(*map(int, arguments[1:])) if arguments[1:] else TUNED_ON))
        return
    if arguments == ["--keep"]:
        watched = {str(seed): watch(seed) for seed in EVALUATED_ON}
        KEPT.write_text(json.dumps(watched, indent=1, sort_keys=True) + "\n")
    kept = json.loads(KEPT.read_text())
    first = watch(EVALUATED_ON[0])
    if kept[str(EVALUATED_ON[0])] != first:
        sys.exit(
            f"Seed {EVALUATED_ON[0]} gives {first}, and {KEPT.name} says something else. Fix: where you meant to "
            "change detection or traffic, run this with --keep (minutes) and record it again."
        )
    report(kept.values())


if __name__ == "__main__":
    with throwaway("gatekeeper"):
        main(sys.argv[1:])
