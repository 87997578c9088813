from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from shop.catalogue.models import Product


class Order(models.Model):
    """What one customer bought at one moment, all in one currency."""

    class Status(models.TextChoices):
        PLACED = "placed"
        CANCELLED = "cancelled"

    customer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="orders")
    status = models.CharField(max_length=10, choices=Status, default=Status.PLACED)
    currency = models.CharField(max_length=3)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(status__in=["placed", "cancelled"]), name="order_status_is_known"
            ),
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
