from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
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
    help = (
        "Fill the database of this machine with a small catalogue and two customers; safe to run again. "
        "With --products or --lines: with as much as you ask for, into an empty database."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--products", type=_positive, help="how many products")
        parser.add_argument(
            "--lines", type=_positive, help="how many order lines; ten for a product if not given"
        )
        parser.add_argument("--seed", type=int, default=1, help="another number gives other rows")

    def handle(self, *_: object, **options: int | None) -> None:
        if settings.PUBLIC:
            raise CommandError(
                "SHOP_ALLOWED_HOSTS is set, so others can reach this shop, and everybody knows these customers' "
                "passwords. Fix: unset it, or add your own data."
            )
        if options["products"] or options["lines"]:
            return self._fill(options["products"] or 1000, options["lines"], options["seed"])
        seed()
        self.stdout.write(f"{Category.objects.count()} categories, {Product.objects.count()} products")
        for email, password in CUSTOMERS:
            self.stdout.write(f"customer {email}, password: {password}")
        return None

    def _fill(self, products: int, lines: int | None, seed: int) -> None:
        from shop.large_seed import NotEmpty, fill

        try:
            counts = fill(products=products, lines=lines or 10 * products, seed=seed)
        except NotEmpty as error:
            raise CommandError(
                f"The database holds rows already: {error}. Fix: name an empty one in SHOP_DATABASE_URL "
                "and run migrate there."
            ) from error
        self.stdout.write(", ".join(f"{count:,} {name}" for name, count in counts.items()))


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError
    return number
