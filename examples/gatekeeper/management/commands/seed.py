from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from gatekeeper.addresses import group_of
from gatekeeper.models import LoggedRequest
from gatekeeper.places import write_places
from gatekeeper.response import detect
from gatekeeper.rules import RuleExists, add_rule, parse_network
from gatekeeper.traffic import PLACES, SECONDS, Town

BLOCKS = {
    "198.18.0.0/15": ("DE", *PLACES["DE"]),
    "2001:db8::/32": ("DE", *PLACES["DE"]),
    "192.0.2.0/24": ("US", *PLACES["US"]),
    "198.51.100.0/24": ("BR", *PLACES["BR"]),
    "203.0.113.0/24": ("JP", *PLACES["JP"]),
}


class Command(BaseCommand):
    help = "Put two hours of generated traffic with attackers into the database, and detect them."

    def add_arguments(self, parser: object) -> None:
        parser.add_argument("--seed", type=int, default=1, help="another number, other traffic (default: 1)")
        parser.add_argument("--places", type=Path, help="write a small file of places here as well")

    def handle(self, *_: object, seed: int, places: Path | None, **__: object) -> None:
        if settings.PUBLIC:
            raise CommandError(
                "GATEKEEPER_ALLOWED_HOSTS is set, so this database may be a real one. Fix: unset it."
            )
        if places:
            write_places(places, BLOCKS)
        now = timezone.now()
        try:
            add_rule(
                action="allow",
                network=parse_network("198.18.255.1"),
                reason="our monitor",
                created_by="seed",
                now=now,
            )
        except RuleExists:
            raise CommandError("This database is seeded. Fix: delete it, or go on with it.") from None
        LoggedRequest.objects.bulk_create(
            (
                LoggedRequest(
                    at=now + timedelta(seconds=event.second - SECONDS),
                    address=event.address,
                    group=group_of(ip_address(event.address)),
                    method="GET",
                    path=event.path,
                    status=event.status,
                    milliseconds=5,
                    user=event.user,
                    account=event.account,
                    country=event.country,
                    latitude=PLACES[event.country][0],
                    longitude=PLACES[event.country][1],
                )
                for event in Town(seed).events()
            ),
            batch_size=500,
        )
        incidents = [
            incident
            for minutes in range(SECONDS // 60, -1, -3)
            for incident in detect(now=now - timedelta(minutes=minutes), slow=minutes % 15 == 0)
        ]
        self.stdout.write(
            f"{LoggedRequest.objects.count()} requests, {len({each.pk for each in incidents})} incidents"
        )
