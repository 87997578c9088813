import functools
import operator
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from shop.catalogue.models import Product
from shop.orders.states import MOVES, Event, Status


class Order(models.Model):
    """What one customer bought at one moment, all in one currency."""

    Status = Status

    # No index of its own: one of those below begins with the customer.
    customer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="orders", db_index=False
    )
    status = models.CharField(max_length=10, choices=Status, default=Status.PLACED)
    currency = models.CharField(max_length=3)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(status__in=Status.values), name="order_status_is_known"
            ),
        ]
        # One for the list of a customer, one for that of everybody, each in the order in which it is read.
        indexes: ClassVar = [
            models.Index("customer", "created_at", "id", name="order_by_customer"),
            models.Index("created_at", "id", name="order_by_time"),
        ]

    def __str__(self) -> str:
        return f"order {self.pk}"

    @property
    def total_minor(self) -> int:
        """What the order costs, in minor units of its currency."""
        return sum(item.total_minor for item in self.items.all())


class OrderItem(models.Model):
    """A number of one product in one order, at the price it had then."""

    # No index of its own: the unique constraint's begins with the order.
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="items", db_index=False)
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="+")
    quantity = models.PositiveIntegerField()
    price_minor = models.PositiveBigIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["order", "product"], name="order_item_once_per_product"),
            models.CheckConstraint(condition=models.Q(quantity__gt=0), name="order_item_quantity_positive"),
            models.CheckConstraint(
                condition=models.Q(price_minor__gte=0), name="order_item_price_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} of product {self.product_id}"

    @property
    def total_minor(self) -> int:
        """Quantity times price, in minor units."""
        return self.quantity * self.price_minor


class OrderMove(models.Model):
    """An event that moved an order from one state to another; never changed afterwards."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="moves", db_index=False)
    event = models.CharField(max_length=10, choices=Event)
    from_status = models.CharField(max_length=10, choices=Status)
    to_status = models.CharField(max_length=10, choices=Status)
    # Who asked for it; None where the shop did.
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    moved_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            # Nothing leads back to a state, so an order leaves each state once. It is the index of a history too.
            models.UniqueConstraint(fields=["order", "from_status"], name="order_leaves_a_state_once"),
            models.CheckConstraint(
                condition=functools.reduce(
                    operator.or_,
                    [
                        models.Q(from_status=state, event=event, to_status=target)
                        for (state, event), target in MOVES.items()
                    ],
                ),
                name="order_move_is_in_the_table",
            ),
        ]

    def __str__(self) -> str:
        return f"order {self.order_id}: {self.from_status} {self.event} {self.to_status}"
