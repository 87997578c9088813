"""Rules for networks: let in, slow down, pause, block; kept in the database and asked in memory.

Allow wins: an address in any allowed network is let in, however exact the rule is that would keep it out. So one
rule is enough to be sure that your office, your monitoring or your payment provider is never locked out.
Among the others the strictest wins: block, then pause, then throttle.
"""

import ipaddress
import logging
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import DatabaseError, transaction
from django.db.models import F, Q

from gatekeeper.addresses import Address, Network
from gatekeeper.models import Revision, Rule

logger = logging.getLogger(__name__)
STRICTEST_FIRST = (Rule.Action.ALLOW, Rule.Action.BLOCK, Rule.Action.PAUSE, Rule.Action.THROTTLE)


class RuleExists(Exception):
    """There is a rule with this action for this network."""


@dataclass(frozen=True)
class Verdict:
    """What a rule says about an address; `expires_at` is None where it never ends."""

    action: str
    network: str
    expires_at: datetime | None


# --8<-- [start:table]
class Table:
    """The rules of one moment, read-only, so that threads share it without a lock.

    A lookup cuts the address to each length of prefix that is in use and looks it up in a dictionary: its cost is
    the number of different lengths, at most 33 for IPv4 and 129 for IPv6, whatever the number of rules.
    """

    def __init__(self, rules: Iterable[Rule], revision: int) -> None:
        self.revision = revision
        self._found: dict[tuple[str, int, int], dict[int, Verdict]] = {}
        for rule in rules:
            network = ipaddress.ip_network(rule.network)
            prefixes = self._found.setdefault((rule.action, network.version, network.prefixlen), {})
            prefixes[_cut(network.network_address, network.prefixlen)] = Verdict(
                rule.action, rule.network, rule.expires_at
            )

    def verdict(self, address: Address, now: datetime) -> Verdict | None:
        """The rule that decides about `address`; None where there is none, or all have expired."""
        for action in STRICTEST_FIRST:
            for (ruled, version, length), prefixes in self._found.items():
                if ruled != action or version != address.version:
                    continue
                verdict = prefixes.get(_cut(address, length))
                if verdict and (verdict.expires_at is None or now < verdict.expires_at):
                    return verdict
        return None


# --8<-- [end:table]


def _cut(address: Address, length: int) -> int:
    return int(address) >> (address.max_prefixlen - length)


class Watcher:
    """The table of this process. It is read again after the number in `Revision` has changed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.table: Table | None = None

    def current(self) -> Table:
        """The table at hand; only the first call reads the database."""
        if self.table is None:
            self.refresh()
        return self.table

    def refresh(self) -> None:
        """Read the rules where they have changed: one small statement where they have not.

        A database that is down changes nothing: the last known rules hold, or none where none were read yet.
        """
        with self._lock:
            try:
                revision = Revision.objects.filter(pk=1).values_list("number", flat=True).first() or 0
                if self.table is None or self.table.revision != revision:
                    self.table = Table(Rule.objects.all(), revision)
            except DatabaseError:
                self.table = self.table or Table((), -1)
                logger.warning("the rules cannot be read; the last known ones hold", exc_info=True)

    def forget(self) -> None:
        """Read the rules anew at the next request, as between two tests."""
        self.table = None


WATCHER = Watcher()


def parse_network(text: str) -> Network:
    """The network of a CIDR block or a single address. Raises `ValueError`, also where host bits are set.

    An IPv4 network that is mapped into IPv6 is the IPv4 network, as with addresses.
    """
    network = ipaddress.ip_network(text)
    mapped = getattr(network.network_address, "ipv4_mapped", None)
    if mapped is not None and network.prefixlen >= 96:
        return ipaddress.ip_network((mapped, network.prefixlen - 96))
    return network


@transaction.atomic
def add_rule(
    *,
    action: str,
    network: Network,
    reason: str,
    created_by: str,
    now: datetime,
    expires_at: datetime | None = None,
) -> Rule:
    """Store a rule. Every process follows it within about a second.

    Args:
        action: one of `Rule.Action`.
        network: whom it is for; for one host, a /32 or /128.
        reason: why, for whoever finds it in a year.
        created_by: the name of a token, or `detection`.
        now: when it is made.
        expires_at: when it ends by itself; None for never.

    Raises:
        RuleExists: there is one that has not expired.
    """
    same = Rule.objects.select_for_update().filter(action=action, network=str(network))
    same.filter(expires_at__lte=now).delete()
    rule, created = Rule.objects.get_or_create(
        action=action,
        network=str(network),
        defaults={
            "reason": reason,
            "created_by": created_by,
            "created_at": now,
            "expires_at": expires_at,
        },
    )
    if not created:
        raise RuleExists(f"{action} {network}")
    _changed()
    return rule


@transaction.atomic
def change_rule(*, rule_id: int, **changes: object) -> Rule:
    """Change the `reason` or `expires_at` of a rule. Raises `Rule.DoesNotExist`."""
    rule = Rule.objects.select_for_update().get(pk=rule_id)
    for name, value in changes.items():
        setattr(rule, name, value)
    rule.save(update_fields=list(changes))
    _changed()
    return rule


@transaction.atomic
def remove_rule(*, rule_id: int) -> None:
    """Delete a rule. Raises `Rule.DoesNotExist`."""
    deleted, _ = Rule.objects.filter(pk=rule_id).delete()
    if not deleted:
        raise Rule.DoesNotExist
    _changed()


@transaction.atomic
def unblock(*, address: Address, widest: Mapping[int, int]) -> list[str]:
    """Delete every rule that slows down or keeps out `address`, and forgive its incidents.

    Without forgiving, the next look at the same log would block it again.

    Args:
        address: whom to free.
        widest: the shortest prefix of a rule to delete, by version of IP.

    Returns:
        The networks that were freed: a rule may have held more than this address.
    """
    from gatekeeper.addresses import group_of
    from gatekeeper.models import Incident

    held = [
        rule
        for rule in Rule.objects.select_for_update().exclude(action=Rule.Action.ALLOW)
        if address in (network := ipaddress.ip_network(rule.network))
        and network.prefixlen >= widest[network.version]
    ]
    Rule.objects.filter(pk__in=[rule.pk for rule in held]).delete()
    subjects = {group_of(address), *(rule.network for rule in held)}
    Incident.objects.filter(subject__in=subjects, subject_type="network").update(forgiven=True)
    if held:
        _changed()
    return sorted({rule.network for rule in held})


@transaction.atomic
def remove_expired(*, now: datetime) -> int:
    """Delete rules that have ended; they do nothing any more. How many."""
    deleted, _ = Rule.objects.filter(expires_at__lte=now).delete()
    if deleted:
        _changed()
    return deleted


def is_allowed(network: Network, now: datetime) -> bool:
    """Whether `network` shares an address with an allowed network."""
    living = Rule.objects.filter(Q(expires_at=None) | Q(expires_at__gt=now), action=Rule.Action.ALLOW)
    return any(
        ipaddress.ip_network(text).overlaps(network)
        for text in living.values_list("network", flat=True)
        if ipaddress.ip_network(text).version == network.version
    )


def _changed() -> None:
    Revision.objects.get_or_create(pk=1)  # the first rule makes it, and two may be the first
    Revision.objects.filter(pk=1).update(number=F("number") + 1)
    transaction.on_commit(WATCHER.refresh)
