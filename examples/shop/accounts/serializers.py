from conventions.strict import StrictBooleanField, StrictCharField, StrictEmailField, StrictSerializer
from django.core.validators import RegexValidator
from rest_framework import serializers

from shop.accounts.models import Role

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
    """The newest refresh token."""

    refresh = StrictCharField(
        max_length=2000, validators=[RegexValidator(r"^[A-Za-z0-9._-]+$", "This is no token.")]
    )


class UserOut(serializers.Serializer):
    """A registered user."""

    id = serializers.IntegerField()
    email = serializers.EmailField(help_text="In lower case, whatever was sent.")


class TokensOut(serializers.Serializer):
    """Two tokens: send `access` with each request, and `refresh` once, to get the next two."""

    access = serializers.CharField(help_text="A JSON Web Token; valid for 15 minutes.")
    refresh = serializers.CharField(help_text="A JSON Web Token; valid for a day, and once.")


class SecondStepOut(serializers.Serializer):
    """The password is right, and a code must follow."""

    status = serializers.ChoiceField(["second_factor_required"], default="second_factor_required")
    challenge = serializers.CharField(help_text="Send it with a code within five minutes; it works once.")


class PasswordChange(StrictSerializer):
    """The password until now, and the one from now on."""

    current_password = StrictCharField(max_length=LONGEST_PASSWORD, trim_whitespace=False)
    new_password = StrictCharField(
        min_length=10,
        max_length=LONGEST_PASSWORD,
        trim_whitespace=False,
        help_text="At least 10 characters; not a common password, not only digits, not like the address.",
    )


class EmailChangeIn(StrictSerializer):
    """The address from now on."""

    email = StrictEmailField(max_length=254)


class EmailChangeOut(serializers.Serializer):
    """What has to happen for the address to change."""

    confirm_at = serializers.ListField(
        child=serializers.ChoiceField(["current", "new"]),
        help_text="The addresses that were sent a token; each has to agree.",
    )
    confirm_by = serializers.DateTimeField(help_text="In UTC; later everything stays as it is.")


class ConfirmationIn(StrictSerializer):
    """The token of a mail."""

    token = StrictCharField(
        max_length=500, validators=[RegexValidator(r"^[A-Za-z0-9_:-]+$", "This is no token of a mail.")]
    )


class ConfirmationOut(serializers.Serializer):
    """What the token did."""

    is_changed = serializers.BooleanField(help_text="False where the other address has to agree too.")


class AccessChange(StrictSerializer):
    """Another role, or an account that is closed or open."""

    role = serializers.ChoiceField(choices=Role.choices, required=False)
    is_active = StrictBooleanField(required=False, help_text="Whether the user may log in.")

    def validate(self, changes: dict[str, object]) -> dict[str, object]:
        if not changes:
            raise serializers.ValidationError("Name at least one field.")
        return changes


class AccountOut(UserOut):
    """A user as admins and the user see it."""

    role = serializers.ChoiceField(choices=Role.choices)
    is_active = serializers.BooleanField(help_text="Whether the user may log in.")


class SessionOut(serializers.Serializer):
    """Who is logged in by cookie or token, and what a change by cookie must send along."""

    user = AccountOut(allow_null=True, help_text="Null where nobody is logged in.")
    csrf_token = serializers.CharField(help_text="Send it as `X-CSRFToken` with each change by cookie.")
