"""Answer what was detected, by degrees: observe, throttle, pause, block; longer each time, and forgotten in time.

The weight of a network is the sum of its incidents' scores of a day, each halved with every hour since it was last
seen. So one incident slows down, several block, and who stops is soon treated like everybody else. Only networks are
answered: an account or a user who is attacked is a victim, and somebody is told.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction

from gatekeeper.addresses import UNKNOWN, Network, parse_networks
from gatekeeper.conf import option
from gatekeeper.detection import DETECTORS, OBSERVED_ONLY, Detector, findings
from gatekeeper.models import Incident, Rule
from gatekeeper.rules import RuleExists, add_rule, is_allowed, parse_network

# --8<-- [start:degrees]
# From which weight on, what is done, and for how long; a block is longer each time, up to the last figure.
DEGREES = (
    (100, Rule.Action.BLOCK, timedelta(hours=1)),
    (50, Rule.Action.PAUSE, timedelta(minutes=10)),
    (20, Rule.Action.THROTTLE, timedelta(minutes=10)),
)
HALF_LIFE = timedelta(hours=1)
REMEMBERED = timedelta(days=7)  # earlier blocks count for so long
GROWTH = 4
LONGEST_BLOCK = timedelta(days=7)
# --8<-- [end:degrees]


def detect(*, now: datetime, slow: bool = False) -> list[Incident]:
    """Look at the log, write down what is new, respond and tell somebody. Safe to run twice, or by two workers.

    Args:
        now: the end of every window.
        slow: ask the detectors with long windows too; every fifteen minutes is enough.

    Returns:
        Every incident that was seen now, new or not.
    """
    seen = [
        _write_down(detector, finding.subject, finding.evidence, now)
        for detector in DETECTORS
        if slow or not detector.slow
        for finding in findings(detector, now)
    ]
    for subject in sorted({each.subject for each in seen if each.subject_type == "network"}):
        respond(subject, now=now)
    alert(seen, now=now)
    return seen


def _write_down(detector: Detector, subject: str, evidence: dict[str, object], now: datetime) -> Incident:
    """One row for each aligned window, so that a long attack has several and they add up."""
    seconds = int(detector.window.total_seconds())
    start = datetime.fromtimestamp(int(now.timestamp()) // seconds * seconds, tz=now.tzinfo)
    incident, created = Incident.objects.get_or_create(
        kind=detector.kind,
        subject=subject,
        window_start=start,
        defaults={
            "subject_type": detector.subject_type,
            "seen_at": now,
            "score": detector.score,
            "evidence": evidence,
        },
    )
    if not created:
        Incident.objects.filter(pk=incident.pk).update(seen_at=now, evidence=evidence)
    return incident


# --8<-- [start:weight]
def weight(subject: str, *, now: datetime) -> float:
    """How much a network has against it: the scores of a day, each halved with every hour since it was seen."""
    recent = Incident.objects.filter(
        subject=subject, subject_type="network", forgiven=False, seen_at__gt=now - timedelta(days=1)
    )
    return sum(
        score * 0.5 ** (max(timedelta(), now - seen_at) / HALF_LIFE)
        for score, seen_at in recent.values_list("score", "seen_at")
    )


# --8<-- [end:weight]


@transaction.atomic
def respond(subject: str, *, now: datetime) -> str:
    """Make the rule that the weight of a network asks for, and note it with its newest incident.

    An allowed network is only observed, and so is one of our own proxies, or nobody: a client who could not be found
    is logged there, and a rule would shut out everybody who comes that way. A rule that is there is left as it is.

    Returns:
        The action, or `observe`.
    """
    network = parse_network(subject)
    heavy = weight(subject, now=now)
    action, lasts = next(
        ((action, lasts) for least, action, lasts in DEGREES if heavy >= least), ("observe", timedelta())
    )
    if action == "observe" or holds_a_proxy(network) or is_allowed(network, now):
        return "observe"
    if action == Rule.Action.BLOCK:
        lasts = min(LONGEST_BLOCK, lasts * GROWTH ** blocks_before(subject, now=now))
    newest = Incident.objects.filter(subject=subject).order_by("-seen_at", "-id").first()
    kinds = Incident.objects.filter(subject=subject, seen_at__gt=now - timedelta(days=1), forgiven=False)
    try:
        add_rule(
            action=action,
            network=network,
            reason=f"detected: {', '.join(sorted(set(kinds.values_list('kind', flat=True))))}"[:200],
            created_by="detection",
            now=now,
            expires_at=now + lasts,
        )
    except RuleExists:
        return action
    Incident.objects.filter(pk=newest.pk).update(response=action)
    return action


def holds_a_proxy(network: Network) -> bool:
    """Whether a client who could not be found would be logged in `network`: under one of our proxies, or nobody."""
    ours = parse_networks(option("TRUSTED_PROXIES")).networks
    return UNKNOWN in network or any(
        each.version == network.version and each.overlaps(network) for each in ours
    )


def blocks_before(subject: str, *, now: datetime) -> int:
    """How often a network was blocked in the last seven days, up to what the longest block needs."""
    return min(
        8,
        Incident.objects.filter(
            subject=subject, response=Rule.Action.BLOCK, seen_at__gt=now - REMEMBERED, forgiven=False
        ).count(),
    )


def alert(incidents: Iterable[Incident], *, now: datetime) -> list[int]:
    """Queue a message for each incident whose kind and subject nobody was told about lately; their ids.

    The update decides, so two workers at the same incident send one message.
    """
    told = []
    for incident in incidents:
        lately = Incident.objects.filter(
            kind=incident.kind,
            subject=incident.subject,
            alerted_at__gt=now - timedelta(seconds=option("ALERT_COOLDOWN_SECONDS")),
        )
        if incident.kind in OBSERVED_ONLY or lately.exists():
            continue
        if Incident.objects.filter(pk=incident.pk, alerted_at=None).update(alerted_at=now):
            transaction.on_commit(lambda pk=incident.pk: _send(pk))
            told.append(incident.pk)
    return told


def _send(incident_id: int) -> None:
    if option("ALERT_EMAILS") or option("ALERT_WEBHOOK_URL"):
        from gatekeeper.tasks import send_alert

        send_alert.delay(incident_id)
