from conventions.strict import StrictCharField, StrictSerializer
from django.core.validators import RegexValidator
from rest_framework import serializers

from shop.accounts.serializers import LONGEST_PASSWORD
from shop.accounts.step_up import PASSWORD, PROVIDER, SECOND_FACTOR

CODE = "[0-9]{6}"
RECOVERY_CODE = "[A-Za-z2-7]{6}(-[A-Za-z2-7]{6}){3}"


class CodeIn(StrictSerializer):
    """A code that the authenticator app shows."""

    code = StrictCharField(
        max_length=6,
        validators=[RegexValidator(f"^{CODE}$", "A code is six digits.")],
        help_text="Six digits.",
    )


class SecondFactorIn(StrictSerializer):
    """What a right password was exchanged for, and a code."""

    challenge = StrictCharField(
        max_length=2000, validators=[RegexValidator(r"^[A-Za-z0-9._:-]+$", "This is no challenge.")]
    )
    code = StrictCharField(
        max_length=27,
        validators=[RegexValidator(f"^({CODE}|{RECOVERY_CODE})$", "Six digits, or a recovery code.")],
        help_text="Six digits of the app, or a recovery code.",
    )


class StepUpIn(StrictSerializer):
    """What proves that the user is here."""

    credential = StrictCharField(
        max_length=LONGEST_PASSWORD,
        trim_whitespace=False,
        help_text="A code or a recovery code; the password, for whoever has no second factor.",
    )


class FactorOut(serializers.Serializer):
    """The state of a second factor, without its secret."""

    confirmed_at = serializers.DateTimeField(help_text="Since when log-in asks for it.")
    recovery_codes_left = serializers.IntegerField(min_value=0)


class EnrolmentOut(serializers.Serializer):
    """What an authenticator app needs, shown this once."""

    secret = serializers.CharField(help_text="Base32 (RFC 4648), to type into the app.")
    otpauth_url = serializers.CharField(help_text="The same as an address; draw it as a QR code.")


class RecoveryCodesOut(serializers.Serializer):
    """Codes for the day the app is lost, shown this once."""

    recovery_codes = serializers.ListField(
        child=serializers.CharField(), help_text="Each works once, in place of a code of the app."
    )


class StepUpOut(serializers.Serializer):
    """The stronger log-in."""

    acr = serializers.ChoiceField(
        [PASSWORD, SECOND_FACTOR, PROVIDER], help_text="How the user was recognised."
    )
    fresh_until = serializers.DateTimeField(help_text="Until then sensitive operations are let through.")
    access = serializers.CharField(
        required=False, help_text="In place of the access token that was sent; a session needs none."
    )
