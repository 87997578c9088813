"""Read what the log says."""

from datetime import datetime, timedelta

from django.db.models import Count, Max, Q

from gatekeeper.log import LOG
from gatekeeper.models import Incident, LoggedRequest, Rule

MOST_TALKERS = 20


def top_talkers(*, now: datetime, window: timedelta) -> list[dict[str, object]]:
    """The networks with most requests in the window that ends `now`, at most `MOST_TALKERS`."""
    groups = (
        LoggedRequest.objects.filter(at__gte=now - window, at__lt=now)
        .values("group")
        .annotate(
            requests=Count("id"),
            errors=Count("id", filter=Q(status__gte=400)),
            refused=Count("id", filter=Q(refused=True)),
            users=Count("user", filter=~Q(user=""), distinct=True),
            last_at=Max("at"),
        )
    )
    return list(groups.order_by("-requests", "group")[:MOST_TALKERS])


def stats(*, now: datetime, window: timedelta) -> dict[str, object]:
    """Counts over the window that ends `now`, the rules that hold, and the state of this process's log."""
    counts = LoggedRequest.objects.filter(at__gte=now - window, at__lt=now).aggregate(
        requests=Count("id"),
        refused=Count("id", filter=Q(refused=True)),
        networks=Count("group", distinct=True),
    )
    rules = Rule.objects.filter(Q(expires_at=None) | Q(expires_at__gt=now)).values_list("action")
    return counts | {
        "incidents": Incident.objects.filter(seen_at__gte=now - window, seen_at__lte=now).count(),
        "rules": dict(rules.annotate(Count("id")).order_by("action")),
        "log_waiting": len(LOG),
        "log_dropped": LOG.dropped,
    }
