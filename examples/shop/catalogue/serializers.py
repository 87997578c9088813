from conventions.strict import (
    LARGEST_ID,
    StrictCharField,
    StrictIntegerField,
    StrictSerializer,
    StrictSlugField,
)
from django.core.validators import RegexValidator
from rest_framework import serializers

from shop.catalogue.services import LARGEST_PAGE, ORDERINGS

LARGEST_PRICE = 10**12
MOST_PIECES = 1_000_000


class ProductQuery(StrictSerializer):
    """Which products, in which order, and where the page starts."""

    category = serializers.SlugField(required=False, max_length=80, help_text="The slug of a category.")
    search = serializers.CharField(
        required=False, max_length=80, help_text="A part of the name, ignoring case."
    )
    seller = serializers.IntegerField(
        required=False, min_value=1, max_value=LARGEST_ID, help_text="The id of a seller."
    )
    price_from = serializers.IntegerField(
        required=False, min_value=0, max_value=LARGEST_PRICE, help_text="The lowest price, in minor units."
    )
    price_to = serializers.IntegerField(
        required=False, min_value=0, max_value=LARGEST_PRICE, help_text="The highest price, in minor units."
    )
    in_stock = serializers.ChoiceField(
        required=False,
        choices=("true", "false"),
        help_text="`true`: what can be ordered now; `false`: what is sold out.",
    )
    ordering = serializers.ChoiceField(
        choices=ORDERINGS, default="name", help_text="What to sort by; `-` puts the largest first."
    )
    cursor = serializers.CharField(
        required=False,
        max_length=1000,
        help_text="`next_cursor` of the page before, with the same `ordering`.",
    )
    page_size = serializers.IntegerField(
        min_value=1, max_value=LARGEST_PAGE, default=20, help_text="How many products at most."
    )

    def validate_in_stock(self, in_stock: str) -> bool:
        return in_stock == "true"


class CategoryIn(StrictSerializer):
    """A kind of product."""

    slug = StrictSlugField(max_length=80, help_text="What its address ends with.")
    name = StrictCharField(max_length=80)


class CategoryOut(serializers.Serializer):
    """A kind of product."""

    slug = serializers.SlugField()
    name = serializers.CharField()


class ProductOut(serializers.Serializer):
    """A product for sale."""

    id = serializers.IntegerField()
    slug = serializers.SlugField()
    name = serializers.CharField()
    category = CategoryOut()
    price_minor = serializers.IntegerField(
        min_value=0, help_text="In minor units of the currency: 1250 with EUR is 12.50 euros."
    )
    currency = serializers.CharField(help_text="ISO 4217 code.")
    stock = serializers.IntegerField(min_value=0, help_text="Pieces that can be ordered now.")


class ProductIn(StrictSerializer):
    """What can be said of a product."""

    slug = StrictSlugField(max_length=120)
    name = StrictCharField(max_length=120)
    category = StrictSlugField(max_length=80, help_text="The slug of its category.")
    price_minor = StrictIntegerField(
        min_value=0, max_value=LARGEST_PRICE, help_text="In minor units of the currency."
    )
    currency = StrictCharField(
        max_length=3, validators=[RegexValidator(r"^[A-Z]{3}\Z")], help_text="ISO 4217 code."
    )
    stock = StrictIntegerField(min_value=0, max_value=MOST_PIECES)
    seller_id = StrictIntegerField(
        required=False,
        allow_null=True,
        min_value=1,
        max_value=LARGEST_ID,
        help_text="Whose product it is, null for the shop's; only an admin says so. Where it is not sent, a new "
        "product is the seller's who creates it, and another one stays whose it is.",
    )


class ProductPageOut(serializers.Serializer):
    """A page of products."""

    results = ProductOut(many=True)
    next_cursor = serializers.CharField(
        allow_null=True, help_text="Send it as `cursor` to get the next page; null on the last page."
    )


class PriceOut(serializers.Serializer):
    """An amount of money."""

    amount_minor = serializers.IntegerField(
        source="price_minor",
        min_value=0,
        help_text="In minor units of the currency: 1250 with EUR is 12.50 euros.",
    )
    currency = serializers.CharField(help_text="ISO 4217 code.")


# --8<-- [start:version_2]
class ProductOutV2(serializers.Serializer):
    """A product for sale: what it costs is one thing, and how many there are is ours to know."""

    id = serializers.IntegerField()
    slug = serializers.SlugField()
    name = serializers.CharField()
    category = CategoryOut()
    seller_id = serializers.IntegerField(allow_null=True, help_text="Whose product it is; null: the shop's.")
    price = PriceOut(source="*")
    availability = serializers.ChoiceField(choices=("in_stock", "low", "sold_out"))


# --8<-- [end:version_2]


class ProductPageOutV2(serializers.Serializer):
    """A page of products."""

    results = ProductOutV2(many=True)
    next_cursor = serializers.CharField(
        allow_null=True, help_text="Send it as `cursor` to get the next page; null on the last page."
    )
