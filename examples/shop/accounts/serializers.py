from django.core.validators import RegexValidator
from rest_framework import serializers

from shop.strict import StrictCharField, StrictEmailField, StrictSerializer

LONGEST_PASSWORD = 128  # hashing a longer one would only cost us time


class Credentials(StrictSerializer):
    """An e-mail address and a password."""

    email = StrictEmailField(max_length=254)
    password = StrictCharField(max_length=LONGEST_PASSWORD, trim_whitespace=False)


class Registration(Credentials):
    """The address and the password of a new user."""

    password = StrictCharField(
        min_length=10,
        max_length=LONGEST_PASSWORD,
        trim_whitespace=False,
        help_text="At least 10 characters; not a common password, not only digits, not like the address.",
    )


class RefreshRequest(StrictSerializer):
    """The refresh token that log-in handed out."""

    refresh = StrictCharField(
        max_length=2000, validators=[RegexValidator(r"^[A-Za-z0-9._-]+$", "This is no token.")]
    )


class UserOut(serializers.Serializer):
    """A registered user."""

    id = serializers.IntegerField()
    email = serializers.EmailField(help_text="In lower case, whatever was sent.")


class TokensOut(serializers.Serializer):
    """Two tokens: send `access` with each request, keep `refresh` to renew it."""

    access = serializers.CharField(help_text="A JSON Web Token; valid for 15 minutes.")
    refresh = serializers.CharField(help_text="A JSON Web Token; valid for a day.")


class AccessOut(serializers.Serializer):
    """A new access token."""

    access = serializers.CharField(help_text="A JSON Web Token; valid for 15 minutes.")
