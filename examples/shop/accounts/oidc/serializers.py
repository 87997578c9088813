from conventions.strict import StrictCharField, StrictSerializer
from django.core.validators import RegexValidator
from rest_framework import serializers

# A path of this host and nothing that a browser could read as another one: //host, /\host, a tab in between.
PATH = r"^/([A-Za-z0-9._~%-][A-Za-z0-9._~%!$&'()*+,;=:@/?-]*)?$"


class LogInQuery(StrictSerializer):
    """Where to go afterwards, and how thoroughly to ask."""

    next = StrictCharField(
        max_length=500,
        default="/",
        validators=[RegexValidator(PATH, "A path on this host, such as /orders/1.")],
        help_text="A path on this host to go to afterwards.",
    )
    again = serializers.BooleanField(
        default=False, help_text="Have the provider ask for its password even if it knows the browser."
    )


class LinkIn(StrictSerializer):
    """Where to go afterwards."""

    next = StrictCharField(
        max_length=500,
        default="/",
        validators=[RegexValidator(PATH, "A path on this host, such as /orders/1.")],
    )


class CallbackQuery(serializers.Serializer):
    """What a provider sends along; other parameters are ignored (RFC 6749 section 4.1.2)."""

    state = serializers.CharField(max_length=200, help_text="What the flow began with.")
    code = serializers.CharField(max_length=2000, required=False, help_text="To be exchanged, once.")
    iss = serializers.CharField(max_length=255, required=False, help_text="The provider (RFC 9207).")
    error = serializers.CharField(max_length=200, required=False, help_text="Why there is no code.")


class AuthorizationOut(serializers.Serializer):
    """Where to send the browser."""

    authorization_url = serializers.CharField()
