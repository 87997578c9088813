import secrets

from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser
from oauth2_provider.models import Application

from shop.provider.claims import VERIFIED
from shop.provider.people import PASSWORD, PEOPLE

CALLBACK = "http://127.0.0.1:8000/api/v1/oidc/callback/"


class Command(BaseCommand):
    help = "Make the tables, register the shop as a client and two people, and print what the shop must know."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--redirect-uri", default=CALLBACK, help=f"where codes go (default: {CALLBACK})")

    def handle(self, *, redirect_uri: str, **_: object) -> None:
        call_command("migrate", verbosity=0)
        secret = secrets.token_urlsafe(32)
        Application.objects.update_or_create(
            client_id="shop",
            defaults={
                "name": "The shop",
                "client_secret": secret,
                "client_type": Application.CLIENT_CONFIDENTIAL,
                "authorization_grant_type": Application.GRANT_AUTHORIZATION_CODE,
                "algorithm": Application.RS256_ALGORITHM,
                "redirect_uris": redirect_uri,
            },
        )
        verified, _ = Group.objects.get_or_create(name=VERIFIED)
        for name, (email, is_verified) in PEOPLE.items():
            if not User.objects.filter(username=name).exists():
                person = User.objects.create_user(name, email, PASSWORD)
                person.groups.set([verified] if is_verified else [])
        self.stdout.write(f"people: {', '.join(PEOPLE)}; their password: {PASSWORD}")
        self.stdout.write("start the shop with:")
        self.stdout.write("export SHOP_OIDC_ISSUER=http://127.0.0.1:8002/o SHOP_OIDC_CLIENT_ID=shop")
        self.stdout.write(f"export SHOP_OIDC_CLIENT_SECRET={secret}")
