from django.core.management.base import BaseCommand
from django.utils import timezone

from gatekeeper.retention import retain


class Command(BaseCommand):
    help = "Anonymise and delete what is old enough. For cron, where no Celery beat runs."

    def handle(self, *_: object, **__: object) -> None:
        done = retain(now=timezone.now())
        self.stdout.write(
            f"{done.anonymised} requests anonymised, {done.deleted} deleted, "
            f"{done.incidents} incidents and {done.rules} rules removed"
        )
