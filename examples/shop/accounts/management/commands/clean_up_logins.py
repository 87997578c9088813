from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.utils import timezone

from shop.accounts.services import forget_logins


class Command(BaseCommand):
    help = "Delete the tokens and the sessions that nobody can use any more; run it once a day."

    def handle(self, *_: object, **__: object) -> None:
        call_command("clearsessions")
        self.stdout.write(f"{forget_logins(now=timezone.now())} token families deleted")
