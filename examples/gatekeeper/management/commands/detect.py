from django.core.management.base import BaseCommand
from django.utils import timezone

from gatekeeper.response import detect


class Command(BaseCommand):
    help = "Look for attackers in the request log now, and respond. For cron, where no Celery beat runs."

    def add_arguments(self, parser: object) -> None:
        parser.add_argument(
            "--slow", action="store_true", help="with the long windows too; every 15 minutes is enough"
        )

    def handle(self, *_: object, slow: bool, **__: object) -> None:
        for incident in detect(now=timezone.now(), slow=slow):
            self.stdout.write(f"{incident.kind} {incident.subject_type} {incident.subject}")
