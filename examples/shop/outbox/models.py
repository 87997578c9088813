from typing import ClassVar

from django.db import models


class Message(models.Model):
    """Something to do after the transaction that wrote it; `due_at` says when somebody may take it."""

    class State(models.TextChoices):
        WAITING = "waiting"
        DONE = "done"
        DEAD = "dead"

    topic = models.CharField(max_length=40)
    key = models.CharField(max_length=80)  # messages of one key are handled one after the other
    payload = models.JSONField()
    state = models.CharField(max_length=7, choices=State, default=State.WAITING)
    attempts = models.PositiveIntegerField(default=0)
    reason = models.CharField(max_length=500, default="")  # why the last attempt failed
    request_id = models.CharField(max_length=64, default="")  # what asked for it, for the log
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [
            models.Index("state", "due_at", name="message_by_state_and_due"),
            models.Index("key", "state", "id", name="message_by_key_and_state"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(state__in=["waiting", "done", "dead"]), name="message_state_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.topic} of {self.key}"


class Lease(models.Model):
    """Who may run a job until when. The fence goes up with each holder, so an old one can be told."""

    name = models.CharField(max_length=40, primary_key=True)
    fence = models.PositiveBigIntegerField(default=0)
    ends_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} until {self.ends_at}"
