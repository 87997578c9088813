from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from shop.accounts.models import User
from shop.catalogue.models import Category, Product

CATEGORIES = ("Mugs", "Plates", "Bowls", "Lamps", "Towels", "Notebooks")
COLOURS = ("Blue", "Red", "Green", "White", "Black", "Yellow", "Grey", "Pink", "Brown", "Orange")
CUSTOMERS = (("ada@example.com", "correct horse battery"), ("grace@example.com", "a ship in harbour is safe"))


def seed() -> None:
    """Put six categories, sixty products and two customers into the database, where they are not yet.

    Every product has the same price and stock on every machine; of the orange ones three are left of each.
    """
    with transaction.atomic():
        for place, plural in enumerate(CATEGORIES):
            thing = plural.removesuffix("s").lower()
            category, _ = Category.objects.get_or_create(slug=plural.lower(), defaults={"name": plural})
            for number, colour in enumerate(COLOURS):
                Product.objects.get_or_create(
                    slug=f"{colour.lower()}-{thing}",
                    defaults={
                        "name": f"{colour} {thing}",
                        "category": category,
                        "price_minor": 450 * (place + 2) + 50 * (number % 4),
                        "stock": 3 if colour == "Orange" else 40 + 5 * number,
                    },
                )
        for email, password in CUSTOMERS:
            if not User.objects.filter(email=email).exists():
                User.objects.create_user(email, password)


class Command(BaseCommand):
    help = "Fill the database of this machine with a small catalogue and two customers; safe to run again."

    def handle(self, *_: object, **__: object) -> None:
        if settings.PUBLIC:
            raise CommandError(
                "SHOP_ALLOWED_HOSTS is set, so others can reach this shop, and everybody knows these customers' "
                "passwords. Fix: unset it, or add your own data."
            )
        seed()
        self.stdout.write(f"{Category.objects.count()} categories, {Product.objects.count()} products")
        for email, password in CUSTOMERS:
            self.stdout.write(f"customer {email}, password: {password}")
