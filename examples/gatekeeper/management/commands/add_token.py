from django.core.management.base import BaseCommand
from django.utils import timezone

from gatekeeper.models import ApiToken
from gatekeeper.tokens import add_token


class Command(BaseCommand):
    help = "Make a token for the admin API and print it once. The same name again replaces the token."

    def add_arguments(self, parser: object) -> None:
        parser.add_argument("name")
        parser.add_argument("role", choices=ApiToken.Role.values)
        parser.add_argument("--days", type=int, default=90, help="how long it holds (default: 90)")

    def handle(self, *_: object, name: str, role: str, days: int, **__: object) -> None:
        self.stdout.write(add_token(name=name, role=role, now=timezone.now(), valid_days=days))
