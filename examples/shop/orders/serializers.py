from rest_framework import serializers

from shop.orders.models import Order
from shop.strict import LARGEST_ID, StrictIntegerField, StrictSerializer

MOST_LINES = 50
MOST_PIECES = 1000


class LineIn(StrictSerializer):
    """A product and how many pieces of it. The price is ours to say."""

    product_id = StrictIntegerField(min_value=1, max_value=LARGEST_ID)
    quantity = StrictIntegerField(min_value=1, max_value=MOST_PIECES)


class OrderIn(StrictSerializer):
    """What to order: each product on one line."""

    items = LineIn(many=True, allow_empty=False, min_length=1, max_length=MOST_LINES)

    def validate_items(self, items: list[dict[str, int]]) -> list[dict[str, int]]:
        if len({item["product_id"] for item in items}) < len(items):
            raise serializers.ValidationError("A product stands on two lines. Add up their quantities.")
        return items


class OrderItemOut(serializers.Serializer):
    """A line of an order, at the price of the moment it was placed."""

    product_id = serializers.IntegerField()
    name = serializers.CharField(source="product.name", help_text="What the product is called today.")
    quantity = serializers.IntegerField(min_value=1)
    price_minor = serializers.IntegerField(
        min_value=0, help_text="For one piece, in minor units, as it was then."
    )
    total_minor = serializers.IntegerField(min_value=0)


class OrderOut(serializers.Serializer):
    """An order of the customer who asks."""

    id = serializers.IntegerField()
    status = serializers.ChoiceField(choices=Order.Status.choices)
    created_at = serializers.DateTimeField(help_text="In UTC.")
    currency = serializers.CharField(help_text="ISO 4217 code.")
    items = OrderItemOut(many=True)
    total_minor = serializers.IntegerField(min_value=0, help_text="The sum of the items, in minor units.")
