from typing import ClassVar

from django.conf import settings
from django.db import models

from shop.orders.models import Order
from shop.payments.events import Status


class Payment(models.Model):
    """One try to be paid for an order. Of the card it knows the provider's token only."""

    Status = Status

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="payments")
    reference = models.CharField(max_length=36, unique=True)  # what the provider knows it by
    source = models.CharField(max_length=64)
    amount_minor = models.PositiveBigIntegerField()
    currency = models.CharField(max_length=3)
    status = models.CharField(max_length=8, choices=Status, default=Status.PENDING)
    pays_the_order = models.BooleanField(default=False)  # the order became paid by this one and no other
    refund_asked_at = models.DateTimeField(null=True)
    # Who asked; None where the shop did, or nobody.
    refund_asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    created_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index("status", "created_at", name="payment_by_status")]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(status__in=Status.values),
                name="payment_status_is_known",
            ),
        ]

    def __str__(self) -> str:
        return f"payment {self.reference}"


class PaymentEvent(models.Model):
    """What the provider told about a payment, once for each of its events."""

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="events")
    event_id = models.CharField(max_length=80, unique=True)
    type = models.CharField(max_length=20)
    amount_minor = models.PositiveBigIntegerField()
    currency = models.CharField(max_length=3)
    received_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.type} of {self.payment_id}"
