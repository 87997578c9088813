from typing import ClassVar

from django.conf import settings
from django.db import models


class Identity(models.Model):
    """Somebody as a provider knows them: `issuer` and `subject` together never change hands."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="identities")
    issuer = models.CharField(max_length=255)
    subject = models.CharField(max_length=255)
    linked_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "identities"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["issuer", "subject"], name="identity_of_one_user"),
            models.UniqueConstraint(fields=["user", "issuer"], name="identity_once_a_provider"),
        ]

    def __str__(self) -> str:
        return f"{self.subject} at {self.issuer}"
