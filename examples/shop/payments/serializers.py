from conventions.strict import StrictCharField, StrictIntegerField, StrictSerializer
from django.core.validators import RegexValidator
from rest_framework import serializers

from shop.payments.events import MEANING
from shop.payments.models import Payment

LARGEST_AMOUNT = 10**15


class PaymentIn(StrictSerializer):
    """What to pay with. The amount is the order's."""

    source = StrictCharField(
        max_length=64,
        validators=[RegexValidator(r"^tok_[a-z][a-z_]{0,58}[a-z]$", "This is no token of the provider.")],
        help_text="The provider's token for a card. Never a card's number.",
    )


class PaymentOut(serializers.Serializer):
    """A payment, as far as the provider's events tell."""

    id = serializers.IntegerField()
    order_id = serializers.IntegerField()
    status = serializers.ChoiceField(choices=Payment.Status.choices)
    amount_minor = serializers.IntegerField(min_value=0, help_text="In minor units of the currency.")
    currency = serializers.CharField(help_text="ISO 4217 code.")
    refund_asked = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField(help_text="In UTC.")

    def get_refund_asked(self, payment: Payment) -> bool:
        return payment.refund_asked_at is not None


class EventIn(StrictSerializer):
    """An event of the provider, in version 1 of its format."""

    version = serializers.ChoiceField(choices=[1])
    id = StrictCharField(
        max_length=80, validators=[RegexValidator(r"^evt_[a-z0-9]{1,70}$", "No event's id.")]
    )
    type = serializers.ChoiceField(choices=sorted(MEANING))
    reference = StrictCharField(
        max_length=36, validators=[RegexValidator(r"^[0-9a-f-]{1,36}$", "No reference of a payment.")]
    )
    amount_minor = StrictIntegerField(min_value=0, max_value=LARGEST_AMOUNT)
    currency = StrictCharField(
        max_length=3, validators=[RegexValidator(r"^[A-Z]{3}$", "No code of ISO 4217.")]
    )


class EventOut(serializers.Serializer):
    """The event is kept, whatever happens to us next."""

    id = serializers.CharField()
    is_new = serializers.BooleanField(help_text="False where this event was known; then nothing changed.")
