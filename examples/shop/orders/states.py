"""Every state of an order and every event that moves it: what is not in this table is refused."""

from django.db import models


class Status(models.TextChoices):
    PLACED = "placed"
    PAID = "paid"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"


class Event(models.TextChoices):
    PAY = "pay"
    SHIP = "ship"
    DELIVER = "deliver"
    CANCEL = "cancel"
    REFUND = "refund"


# --8<-- [start:table]
MOVES = {
    (Status.PLACED, Event.PAY): Status.PAID,
    (Status.PLACED, Event.CANCEL): Status.CANCELLED,
    (Status.PAID, Event.SHIP): Status.SHIPPED,
    (Status.PAID, Event.CANCEL): Status.CANCELLED,
    (Status.SHIPPED, Event.DELIVER): Status.DELIVERED,
    (Status.DELIVERED, Event.REFUND): Status.REFUNDED,
    (Status.CANCELLED, Event.REFUND): Status.REFUNDED,
}
# Who may ask for an event: the customer whose order it is, the seller of every line of it, an admin. The other
# events come from inside the shop, when the payment provider has told it.
ASKED_BY = {
    Event.CANCEL: {"customer", "admin"},
    Event.SHIP: {"seller", "admin"},
    Event.DELIVER: {"seller", "admin"},
    Event.REFUND: {"seller", "admin"},  # of a delivered order; it happens when the money went back
}
# --8<-- [end:table]
