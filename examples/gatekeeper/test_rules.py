import ipaddress
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext

from gatekeeper.conftest import NOW
from gatekeeper.models import Incident, Rule
from gatekeeper.rules import (
    WATCHER,
    RuleExists,
    Table,
    Watcher,
    add_rule,
    change_rule,
    is_allowed,
    parse_network,
    remove_expired,
    remove_rule,
    unblock,
)

HOUR = timedelta(hours=1)


def rule(action: str, network: str, expires_at: object = None) -> Rule:
    return add_rule(
        action=action,
        network=parse_network(network),
        reason="a test",
        created_by="test",
        now=NOW,
        expires_at=expires_at,
    )


def verdict(address: str, now: object = NOW) -> str | None:
    found = Table(Rule.objects.all(), 1).verdict(ipaddress.ip_address(address), now)
    return found and found.action


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("rules", "address", "expected"),
    [
        ([], "203.0.113.9", None),
        ([("block", "203.0.113.9")], "203.0.113.9", "block"),
        ([("block", "203.0.113.9")], "203.0.113.8", None),
        ([("block", "203.0.113.0/24")], "203.0.113.255", "block"),
        ([("block", "203.0.113.0/24")], "203.0.114.0", None),
        ([("block", "0.0.0.0/0")], "203.0.113.9", "block"),
        ([("block", "0.0.0.0/0")], "2001:db8::9", None),
        ([("block", "2001:db8::/64")], "2001:db8::ffff:9", "block"),
        ([("block", "2001:db8::/64")], "2001:db8:0:1::9", None),
        ([("block", "::ffff:203.0.113.0/120")], "203.0.113.9", "block"),
        ([("allow", "203.0.113.0/24"), ("block", "203.0.113.9")], "203.0.113.9", "allow"),
        ([("allow", "203.0.113.9"), ("block", "203.0.113.0/24")], "203.0.113.9", "allow"),
        ([("allow", "203.0.113.9"), ("block", "203.0.113.0/24")], "203.0.113.8", "block"),
        ([("throttle", "203.0.113.9"), ("pause", "203.0.113.0/24")], "203.0.113.9", "pause"),
        ([("pause", "203.0.113.9"), ("block", "203.0.112.0/22")], "203.0.113.9", "block"),
    ],
)
def test_allow_wins_and_then_the_strictest(rules: list, address: str, expected: str | None):
    for action, network in rules:
        rule(action, network)

    assert expected == verdict(address)


@pytest.mark.django_db
def test_a_rule_ends_when_it_expires():
    rule("block", "203.0.113.9", NOW + HOUR)
    rule("throttle", "203.0.113.0/24")

    assert "block" == verdict("203.0.113.9", NOW + HOUR - timedelta(seconds=1))
    assert "throttle" == verdict("203.0.113.9", NOW + HOUR)
    assert 1 == remove_expired(now=NOW + HOUR)
    assert ["throttle"] == list(Rule.objects.values_list("action", flat=True))


@pytest.mark.django_db
def test_the_same_rule_is_made_once_until_it_has_expired():
    rule("block", "203.0.113.9", NOW + HOUR)
    with pytest.raises(RuleExists):
        rule("block", "203.0.113.9/32")

    later = add_rule(
        action="block",
        network=parse_network("203.0.113.9"),
        reason="again",
        created_by="test",
        now=NOW + HOUR,
    )

    assert [later.pk] == list(Rule.objects.values_list("pk", flat=True))


@pytest.mark.django_db
def test_asking_costs_no_query_and_seeing_a_change_two():
    rule("block", "203.0.113.9")
    watcher = Watcher()
    watcher.current()

    with CaptureQueriesContext(
        connection,
    ) as asked:
        for _ in range(100):
            watcher.current().verdict(ipaddress.ip_address("203.0.113.9"), NOW)
    with CaptureQueriesContext(connection) as unchanged:
        watcher.refresh()
    rule("block", "203.0.113.10")
    with CaptureQueriesContext(connection) as changed:
        watcher.refresh()

    assert (0, 1, 2) == (len(asked), len(unchanged), len(changed))
    assert watcher.current().verdict(ipaddress.ip_address("203.0.113.10"), NOW)


@pytest.mark.django_db
def test_every_change_is_seen(django_capture_on_commit_callbacks: object):
    with django_capture_on_commit_callbacks(execute=True):
        made = rule("block", "203.0.113.9")
    address = ipaddress.ip_address("203.0.113.9")
    assert WATCHER.current().verdict(address, NOW)

    with django_capture_on_commit_callbacks(execute=True):
        change_rule(rule_id=made.pk, expires_at=NOW)
    assert not WATCHER.current().verdict(address, NOW)

    with django_capture_on_commit_callbacks(execute=True):
        change_rule(rule_id=made.pk, expires_at=None)
    assert WATCHER.current().verdict(address, NOW)

    with django_capture_on_commit_callbacks(execute=True):
        remove_rule(rule_id=made.pk)
    assert not WATCHER.current().verdict(address, NOW)


class Down:
    """A database that refuses every statement."""

    def __call__(self, *_: object) -> None:
        raise DatabaseError("the database is down")


@pytest.mark.django_db
def test_without_the_database_the_last_known_rules_hold():
    rule("block", "203.0.113.9")
    watcher, fresh = Watcher(), Watcher()
    watcher.current()

    with connection.execute_wrapper(Down()):
        watcher.refresh()
        fresh.refresh()

    assert watcher.current().verdict(ipaddress.ip_address("203.0.113.9"), NOW)
    assert not fresh.current().verdict(ipaddress.ip_address("203.0.113.9"), NOW), "nothing was ever read"
    fresh.refresh()
    assert fresh.current().verdict(ipaddress.ip_address("203.0.113.9"), NOW)


@pytest.mark.django_db
def test_a_lookup_costs_the_same_with_ten_thousand_rules():
    few = Table([Rule(action="block", network=f"198.51.100.{n}/32") for n in range(10)], 1)
    many = Table([Rule(action="block", network=f"10.{n // 256}.{n % 256}.1/32") for n in range(10_000)], 1)

    assert len(few._found) == len(many._found) == 1
    assert many.verdict(ipaddress.ip_address("10.39.15.1"), NOW)


@pytest.mark.django_db
def test_unblocking_frees_from_every_rule_and_forgives():
    rule("block", "203.0.113.0/24")
    rule("throttle", "203.0.113.9")
    rule("block", "198.51.100.1")
    Incident.objects.create(
        kind="burst", subject_type="network", subject="203.0.113.9", window_start=NOW, seen_at=NOW, score=20
    )

    freed = unblock(address=ipaddress.ip_address("203.0.113.9"), widest={4: 0, 6: 0})

    assert ["203.0.113.0/24", "203.0.113.9/32"] == freed
    assert ["198.51.100.1/32"] == list(Rule.objects.values_list("network", flat=True))
    assert Incident.objects.get().forgiven


@pytest.mark.django_db
def test_a_network_is_allowed_where_an_allowed_one_overlaps_it():
    rule("allow", "203.0.113.128/25")
    rule("allow", "198.51.100.1", NOW)

    assert is_allowed(parse_network("203.0.113.0/24"), NOW)
    assert not is_allowed(parse_network("203.0.113.1"), NOW)
    assert not is_allowed(parse_network("198.51.100.1"), NOW), "expired"
