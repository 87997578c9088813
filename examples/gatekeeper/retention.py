"""Keep the request log no longer than it is needed: first cut the addresses, later delete the rows.

A cut address still says from which network somebody came and when, and with other records that may be one person. So
cutting makes data less dangerous; it does not take them out of a law about personal data (GDPR, recital 26), and only
deletion ends that.
"""

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from gatekeeper.addresses import anonymous
from gatekeeper.conf import option
from gatekeeper.models import Incident, LoggedRequest
from gatekeeper.rules import remove_expired

BATCH_ROWS = 1000
# The country stays, for statistics.
FORGOTTEN = {"user": "", "account": "", "latitude": None, "longitude": None, "is_anonymous": True}


@dataclass(frozen=True)
class Retained:
    """How many rows were changed."""

    anonymised: int
    deleted: int
    incidents: int
    rules: int


def retain(*, now: datetime, batch_rows: int = BATCH_ROWS) -> Retained:
    """Anonymise and delete what is old enough, in batches, so that nobody waits for a lock for long.

    Args:
        now: what ages are counted from; `ANONYMISE_AFTER_DAYS` and `DELETE_AFTER_DAYS` say how old.
        batch_rows: how many rows one transaction takes.
    """
    old = now - timedelta(days=option("ANONYMISE_AFTER_DAYS"))
    end = now - timedelta(days=option("DELETE_AFTER_DAYS"))
    return Retained(
        deleted=_delete(LoggedRequest.objects.filter(at__lt=end), batch_rows),
        anonymised=_anonymise(LoggedRequest.objects.filter(at__lt=old, is_anonymous=False), batch_rows),
        incidents=_delete(Incident.objects.filter(seen_at__lt=end), batch_rows),
        rules=remove_expired(now=now),
    )


def _delete(rows: QuerySet, batch_rows: int) -> int:
    deleted = 0
    while ids := list(rows.order_by("pk").values_list("pk", flat=True)[:batch_rows]):
        deleted += rows.model.objects.filter(pk__in=ids).delete()[0]
    return deleted


def _anonymise(rows: QuerySet, batch_rows: int) -> int:
    changed = 0
    while batch := list(rows.order_by("pk").values_list("pk", "address")[:batch_rows]):
        together: dict[str, list[int]] = {}
        for pk, address in batch:
            together.setdefault(str(anonymous(ipaddress.ip_address(address))), []).append(pk)
        with transaction.atomic():
            for address, ids in together.items():
                LoggedRequest.objects.filter(pk__in=ids).update(address=address, group=address, **FORGOTTEN)
        changed += len(batch)
    return changed
