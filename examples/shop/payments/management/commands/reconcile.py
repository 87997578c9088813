from argparse import ArgumentParser

from django.core.management.base import BaseCommand
from django.utils import timezone

from shop.outbox.leases import lease
from shop.payments.services import reconcile


class Command(BaseCommand):
    help = "Ask the payment provider about payments that wait for news, in case a webhook never came."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--older-than-seconds", type=float, default=60, help="default: 60")

    def handle(self, *_: object, older_than_seconds: float, **__: object) -> None:
        now = timezone.now()
        with lease("reconcile", now=now, seconds=120) as held:
            if held is None:
                self.stdout.write("another run is at it")
                return
            count = reconcile(now=now, older_than_seconds=older_than_seconds, still_ours=held.check)
        self.stdout.write(f"{count} new events")
