"""Two Django models of a marketplace, in a project without files."""

import django
from django.conf import settings

if not settings.configured:
    settings.configure(
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    )
    django.setup()

from django.db import connection, models

# PBKDF2 of "correct horse", as Django stores it: algorithm, iterations, salt, hash.
HASH = "pbkdf2_sha256$1000000$k3TgVtGm9RzQp0Xy7LwB2d$3SFJh1r/r+pdZmfI3kpqWyj4mds5wly5rDJQ3/dCjt8="


class Seller(models.Model):  # noqa: DJ008
    name = models.CharField(max_length=40)
    password = models.CharField(max_length=128)

    class Meta:
        app_label = "market"


class Product(models.Model):  # noqa: DJ008
    name = models.CharField(max_length=40)
    price = models.IntegerField()
    seller = models.ForeignKey(Seller, on_delete=models.CASCADE)

    class Meta:
        app_label = "market"


def new_market() -> None:
    """Make the tables and put two products of one seller in them."""
    with connection.schema_editor() as editor:
        editor.create_model(Seller)
        editor.create_model(Product)
    lena = Seller.objects.create(name="Lena", password=HASH)
    Product.objects.create(name="mug", price=1200, seller=lena)
    Product.objects.create(name="teapot", price=2600, seller=lena)
