from typing import ClassVar

from django.db import models


class Notification(models.Model):
    """One message to one person about one event; the row is there before the message leaves."""

    event = models.CharField(max_length=80)  # such as "order.placed:17"
    recipient = models.EmailField()
    claimed_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["event", "recipient"], name="notification_once_per_recipient"),
        ]

    def __str__(self) -> str:
        return f"{self.event} to user of {self.recipient.rpartition('@')[2]}"
