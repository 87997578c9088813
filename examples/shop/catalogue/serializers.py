from rest_framework import serializers

from shop.catalogue.services import LARGEST_PAGE, ORDERINGS
from shop.strict import StrictSerializer


class ProductQuery(StrictSerializer):
    """Which products, in which order, and where the page starts."""

    category = serializers.SlugField(required=False, max_length=80, help_text="The slug of a category.")
    search = serializers.CharField(
        required=False, max_length=80, help_text="A part of the name, ignoring case."
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


class ProductPageOut(serializers.Serializer):
    """A page of products."""

    results = ProductOut(many=True)
    next_cursor = serializers.CharField(
        allow_null=True, help_text="Send it as `cursor` to get the next page; null on the last page."
    )
