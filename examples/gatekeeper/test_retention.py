from datetime import timedelta

import pytest

from gatekeeper.conftest import NOW
from gatekeeper.models import Incident, LoggedRequest
from gatekeeper.retention import Retained, retain
from gatekeeper.rules import add_rule, parse_network

DAY = timedelta(days=1)


def log(address: str, **more: object) -> None:
    LoggedRequest.objects.create(
        at=NOW,
        address=address,
        group=address,
        method="GET",
        path="/",
        status=200,
        milliseconds=1,
        user="7",
        account="digest",
        country="DE",
        latitude=51.0,
        longitude=9.0,
        **more,
    )


@pytest.mark.django_db
def test_addresses_are_cut_first_and_rows_deleted_later():
    log("203.0.113.9")
    log("2001:db8:1:2::9")

    assert Retained(0, 0, 0, 0) == retain(now=NOW + 14 * DAY)
    assert Retained(anonymised=2, deleted=0, incidents=0, rules=0) == retain(
        now=NOW + 14 * DAY + timedelta(seconds=1)
    )
    rows = LoggedRequest.objects.order_by("id")
    assert ["203.0.113.0", "2001:db8:1::"] == [row.address for row in rows]
    assert [("203.0.113.0", "", "", "DE", None, None, True)] == list(
        rows.values_list("group", "user", "account", "country", "latitude", "longitude", "is_anonymous")[:1]
    )

    assert Retained(0, 0, 0, 0) == retain(now=NOW + 90 * DAY)
    assert 2 == retain(now=NOW + 90 * DAY + timedelta(seconds=1)).deleted
    assert not LoggedRequest.objects.exists()


@pytest.mark.django_db
def test_any_number_of_rows_goes_in_batches():
    for number in range(25):
        log(f"203.0.113.{number}")

    assert 25 == retain(now=NOW + 15 * DAY, batch_rows=4).anonymised
    assert 25 == retain(now=NOW + 91 * DAY, batch_rows=4).deleted


@pytest.mark.django_db
def test_old_incidents_and_ended_rules_go_too():
    Incident.objects.create(
        kind="burst", subject_type="network", subject="203.0.113.9", window_start=NOW, seen_at=NOW, score=40
    )
    add_rule(
        action="block",
        network=parse_network("203.0.113.9"),
        reason="a test",
        created_by="test",
        now=NOW,
        expires_at=NOW + DAY,
    )

    assert Retained(0, 0, incidents=0, rules=1) == retain(now=NOW + DAY)
    assert 1 == retain(now=NOW + 91 * DAY).incidents


@pytest.mark.django_db
def test_the_settings_say_how_old(settings: object):
    settings.GATEKEEPER |= {"ANONYMISE_AFTER_DAYS": 1, "DELETE_AFTER_DAYS": 2}
    log("203.0.113.9")

    assert 1 == retain(now=NOW + 1.5 * DAY).anonymised
    assert 1 == retain(now=NOW + 2.5 * DAY).deleted
