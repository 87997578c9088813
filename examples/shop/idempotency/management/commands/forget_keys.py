from django.core.management.base import BaseCommand
from django.utils import timezone

from shop.idempotency.services import forget


class Command(BaseCommand):
    help = "Delete the answers kept for idempotency keys that have expired. Run it every hour or day."

    def handle(self, *_: object, **__: object) -> None:
        self.stdout.write(f"{forget(now=timezone.now())} answers forgotten")
