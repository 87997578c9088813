from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone

from shop.outbox.services import relay


class Command(BaseCommand):
    help = "Hand over every message of the outbox that is due: to the broker, or handled here where there is none."

    def handle(self, *_: object, **__: object) -> None:
        send = None
        if settings.BROKER_URL:
            from shop.tasks import send
        self.stdout.write(f"{relay(now=timezone.now(), send=send)} messages")
