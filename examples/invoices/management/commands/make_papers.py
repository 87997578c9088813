from django.core.management.base import BaseCommand

from invoices.papers.services import make_missing


class Command(BaseCommand):
    help = "Make every PDF whose task was lost; a beat does it every five minutes."

    def handle(self, *_: object, **__: object) -> None:
        self.stdout.write(f"{make_missing()} PDF files made")
