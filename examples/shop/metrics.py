"""The shop's own numbers among those of `/metrics`."""

import logging
from collections.abc import Iterator

from django.db import DatabaseError
from django.db.models import Count, Min, Q
from django.utils import timezone
from prometheus_client import Counter
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from shop.outbox.models import Message

logger = logging.getLogger(__name__)
cache_answers = Counter(
    "cache_answers", "Questions to the catalogue's cache, by what became of them.", ["result"]
)


class Outbox(Collector):
    """How many messages wait, how many were given up, and how long the oldest has waited."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        waiting, dead = Q(state=Message.State.WAITING), Q(state=Message.State.DEAD)
        try:
            found = Message.objects.aggregate(
                waiting=Count("pk", filter=waiting),
                dead=Count("pk", filter=dead),
                oldest=Min("created_at", filter=waiting),
            )
        except DatabaseError:  # the other numbers are worth most when the database is gone
            logger.warning("the outbox could not be counted")
            return
        age = (timezone.now() - found["oldest"]).total_seconds() if found["oldest"] else 0
        yield GaugeMetricFamily("outbox_waiting", "Messages to be handled.", value=found["waiting"])
        yield GaugeMetricFamily("outbox_dead", "Messages that were given up.", value=found["dead"])
        yield GaugeMetricFamily("outbox_oldest_seconds", "Age of the oldest waiting message.", value=age)
