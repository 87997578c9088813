from datetime import timedelta

from django.core.management.base import BaseCommand
from django.utils import timezone

from invoices.billing.models import Answer

KEPT_FOR = timedelta(hours=24)


class Command(BaseCommand):
    help = "Delete answers to idempotency keys that are older than a day; run it every hour."

    def handle(self, *_: object, **__: object) -> None:
        deleted, _ = Answer.objects.filter(created_at__lt=timezone.now() - KEPT_FOR).delete()
        self.stdout.write(f"{deleted} answers deleted")
