from conventions.strict import StrictCharField, StrictEmailField, StrictSerializer
from django.core.validators import RegexValidator
from rest_framework import serializers


class Credentials(StrictSerializer):
    """An e-mail address and a password."""

    email = StrictEmailField(max_length=254)
    password = StrictCharField(max_length=128, trim_whitespace=False)


class RefreshRequest(StrictSerializer):
    """The refresh token that log-in handed out."""

    refresh = StrictCharField(
        max_length=2000, validators=[RegexValidator(r"^[A-Za-z0-9._-]+$", "This is no token.")]
    )


class TokensOut(serializers.Serializer):
    """Two tokens: send `access` with each request, keep `refresh` to renew it."""

    access = serializers.CharField(help_text="A JSON Web Token; valid for 15 minutes.")
    refresh = serializers.CharField(help_text="A JSON Web Token; valid for a day.")


class AccessOut(serializers.Serializer):
    """A new access token."""

    access = serializers.CharField(help_text="A JSON Web Token; valid for 15 minutes.")
