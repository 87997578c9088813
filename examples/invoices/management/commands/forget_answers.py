from django.core.management.base import BaseCommand
from django.utils import timezone

from invoices.billing.services import forget_answers


class Command(BaseCommand):
    help = "Delete answers to idempotency keys that are older than a day; a beat does it every hour."

    def handle(self, *_: object, **__: object) -> None:
        self.stdout.write(f"{forget_answers(now=timezone.now())} answers deleted")
