from typing import ClassVar

from django.conf import settings
from django.db import models


class Factor(models.Model):
    """A user's second factor: the secret that an authenticator app has too."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True)
    secret = models.CharField(max_length=255, help_text="Encrypted; see `secrets`.")
    created_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(
        null=True, help_text="When a first code was right; before it guards nothing."
    )
    last_step = models.BigIntegerField(
        default=-1, help_text="Of the last code that was accepted; none up to it is again."
    )
    accepted = models.PositiveIntegerField(
        default=0, help_text="How many codes were; ends the challenges before."
    )

    def __str__(self) -> str:
        return f"second factor of user {self.user_id}"


class RecoveryCode(models.Model):
    """What logs in once where the authenticator is lost; only its hash is kept."""

    factor = models.ForeignKey(Factor, models.CASCADE, related_name="recovery_codes")
    digest = models.CharField(max_length=64)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["factor", "digest"], name="recovery_code_once_a_factor")
        ]

    def __str__(self) -> str:
        return f"recovery code of user {self.factor_id}"
