"""Run a job in one place at a time: a lease in the database, with an end and a fence.

The end frees the job of a holder that died. The fence stops a holder that only slept: it asks for its lease
inside the transaction that writes, and the row it asks for stays locked until the commit.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import F

from shop.outbox.models import Lease


class LostLease(Exception):
    """The lease ended and somebody else has it: what this holder was about to write must not be written."""


# --8<-- [start:held]
@dataclass(frozen=True)
class Held:
    """A lease that was ours when it was taken."""

    name: str
    fence: int

    def check(self) -> None:
        """Keep everybody from taking the lease until the caller's transaction ends. Raises `LostLease`."""
        if not Lease.objects.filter(pk=self.name, fence=self.fence).update(fence=self.fence):
            raise LostLease(f"{self.name}: fence {self.fence} is not the last one")


def take(name: str, *, now: datetime, seconds: float) -> Held | None:
    """Take the lease `name` for `seconds`; None where somebody has it."""
    with contextlib.suppress(IntegrityError), transaction.atomic():
        Lease.objects.get_or_create(pk=name, defaults={"ends_at": now})
    free = Lease.objects.filter(pk=name, ends_at__lte=now)
    with transaction.atomic():
        if not free.update(fence=F("fence") + 1, ends_at=now + timedelta(seconds=seconds)):
            return None
        return Held(name, Lease.objects.get(pk=name).fence)


def give_back(held: Held, *, now: datetime) -> None:
    """End the lease, unless somebody else has it."""
    Lease.objects.filter(pk=held.name, fence=held.fence).update(ends_at=now)


# --8<-- [end:held]


@contextlib.contextmanager
def lease(name: str, *, now: datetime, seconds: float) -> Iterator[Held | None]:
    """Hold a lease for a block, or give None where somebody has it.

    Args:
        name: of the job.
        now: when it begins.
        seconds: longer than the job takes; after a crash nobody else runs it for so long.
    """
    held = take(name, now=now, seconds=seconds)
    try:
        yield held
    finally:
        if held:
            give_back(held, now=now)
