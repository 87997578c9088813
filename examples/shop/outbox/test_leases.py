from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command
from django.db import transaction

from shop.outbox.leases import LostLease, lease, take
from shop.outbox.models import Lease

NOW = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)


def seconds(number: float) -> datetime:
    return NOW + timedelta(seconds=number)


def test_two_beats_at_one_moment_run_the_job_once(db: None):
    with lease("reconcile", now=NOW, seconds=60) as first, lease("reconcile", now=NOW, seconds=60) as second:
        assert first is not None
        assert second is None


def test_a_lease_that_was_given_back_is_free_at_once_also_after_a_failure(db: None):
    with pytest.raises(ZeroDivisionError), lease("reconcile", now=NOW, seconds=60):
        _ = 1 / 0

    assert take("reconcile", now=NOW, seconds=60)


def test_a_dead_holder_blocks_until_the_end_of_its_lease_and_no_longer(db: None):
    take("reconcile", now=NOW, seconds=60)

    assert take("reconcile", now=seconds(59), seconds=60) is None
    assert take("reconcile", now=seconds(60), seconds=60)


def test_a_holder_that_slept_too_long_cannot_write_and_does_not_end_the_lease_of_the_next(db: None):
    with lease("reconcile", now=NOW, seconds=60) as slept:
        woken = take("reconcile", now=seconds(61), seconds=60)
        with pytest.raises(LostLease, match="fence 1 is not the last one"), transaction.atomic():
            slept.check()
        woken.check()

    assert woken.fence == slept.fence + 1
    assert seconds(121) == Lease.objects.get().ends_at


def test_leases_of_other_names_are_free(db: None):
    take("reconcile", now=NOW, seconds=60)

    assert take("clean up", now=NOW, seconds=60)


def test_the_command_stands_back_where_another_run_is_at_it(db: None, capsys: pytest.CaptureFixture):
    take("reconcile", now=datetime.now(UTC), seconds=60)

    call_command("reconcile")

    assert "another run is at it\n" == capsys.readouterr().out
