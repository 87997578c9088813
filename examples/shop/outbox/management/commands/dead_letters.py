from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from shop.outbox.models import Message
from shop.outbox.services import retry_dead


class Command(BaseCommand):
    help = "List the messages that were given up, with the reason, or try some of them again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("what", choices=["list", "retry"])
        parser.add_argument("ids", nargs="*", type=int, help="which to try again; `list` shows their numbers")

    def handle(self, *_: object, what: str, ids: list[int], **__: object) -> None:
        if what == "retry":
            if not ids:
                raise CommandError("no message named. Fix: retry 17, with a number that `list` shows")
            self.stdout.write(f"{retry_dead(message_ids=ids, now=timezone.now())} messages wait again")
            return
        for each in Message.objects.filter(state=Message.State.DEAD).order_by("pk"):
            self.stdout.write(f"{each.pk} {each}, {each.attempts} attempts: {each.reason}")
