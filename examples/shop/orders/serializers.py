from conventions.strict import LARGEST_ID, StrictIntegerField, StrictSerializer
from rest_framework import serializers

from shop.orders.models import Order
from shop.orders.services import LARGEST_PAGE, ORDERINGS
from shop.orders.states import Event, Status

MOST_LINES = 50
MOST_PIECES = 1000


class OrderQuery(StrictSerializer):
    """Which orders, in which order, and where the page starts."""

    status = serializers.ChoiceField(choices=Status.choices, required=False, help_text="Only these.")
    ordering = serializers.ChoiceField(
        choices=ORDERINGS, default="-created_at", help_text="What to sort by; `-` puts the newest first."
    )
    cursor = serializers.CharField(
        required=False,
        max_length=1000,
        help_text="`next_cursor` of the page before, with the same `ordering`.",
    )
    page_size = serializers.IntegerField(
        min_value=1, max_value=LARGEST_PAGE, default=20, help_text="How many orders at most."
    )


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
    """An order; a seller is shown the lines with its own products, and their sum."""

    id = serializers.IntegerField()
    status = serializers.ChoiceField(choices=Order.Status.choices)
    created_at = serializers.DateTimeField(help_text="In UTC.")
    currency = serializers.CharField(help_text="ISO 4217 code.")
    items = OrderItemOut(many=True)
    total_minor = serializers.IntegerField(min_value=0, help_text="The sum of the items, in minor units.")


class OrderPageOut(serializers.Serializer):
    """A page of orders."""

    results = OrderOut(many=True)
    next_cursor = serializers.CharField(
        allow_null=True, help_text="Send it as `cursor` to get the next page; null on the last page."
    )


class OrderMoveOut(serializers.Serializer):
    """An event that moved an order from one state to another."""

    event = serializers.ChoiceField(choices=Event.choices)
    from_status = serializers.ChoiceField(choices=Status.choices)
    to_status = serializers.ChoiceField(choices=Status.choices)
    moved_at = serializers.DateTimeField(help_text="In UTC.")
