from conventions.strict import LARGEST_ID, StrictCharField, StrictIntegerField, StrictSerializer
from django.core.validators import RegexValidator
from rest_framework import serializers

from invoices.billing.models import Invoice
from invoices.billing.money import CODES
from invoices.billing.printable import OptionalPrintableField, PrintableField
from invoices.billing.services import Credit, DraftLine
from invoices.billing.states import State
from invoices.billing.tax import Rounding

LARGEST_PAGE = 100
MOST_LINES = 50
# 50 lines of this size, with as much tax again, stay below 2**53: every JSON reader holds their sum exactly.
LARGEST_PRICE = 10**9
LARGEST_QUANTITY = 10**7
LARGEST_PAYMENT = 10**15


class StrictChoiceField(serializers.ChoiceField):
    """One of the choices, as text: a number or a list is not turned into one."""

    def to_internal_value(self, data: object) -> str:
        if not isinstance(data, str):
            self.fail("invalid_choice", input=data)
        return super().to_internal_value(data)


class CustomerIn(StrictSerializer):
    """A customer's name and address, as they will stand on invoices that are issued from now on."""

    name = PrintableField(max_length=120)
    tax_id = OptionalPrintableField()
    street = PrintableField(max_length=120)
    postal_code = PrintableField(max_length=20)
    city = PrintableField(max_length=80)
    country = StrictCharField(
        max_length=2,
        trim_whitespace=False,
        validators=[RegexValidator(r"^[A-Z]{2}\Z", "Two capital letters.")],
        help_text="ISO 3166-1 code, such as DE.",
    )


class LineIn(StrictSerializer):
    """A line of an invoice."""

    description = PrintableField(max_length=200)
    quantity_thousandths = StrictIntegerField(
        min_value=-LARGEST_QUANTITY,
        max_value=LARGEST_QUANTITY,
        help_text="1500 is one and a half. Below zero for a discount; never zero.",
    )
    unit_price_minor = StrictIntegerField(
        min_value=0,
        max_value=LARGEST_PRICE,
        help_text="For one, without tax, in minor units of the currency.",
    )
    tax_rate_basis_points = StrictIntegerField(min_value=0, max_value=10_000, help_text="1900 is 19 %.")

    def validate_quantity_thousandths(self, quantity: int) -> int:
        if quantity == 0:
            raise serializers.ValidationError("Zero of something is no line.")
        return quantity


class DraftIn(StrictSerializer):
    """What a draft says; who issues it stays as it was when it was made."""

    customer_id = StrictIntegerField(min_value=1, max_value=LARGEST_ID)
    currency = StrictChoiceField(choices=CODES)
    rounding = StrictChoiceField(
        choices=Rounding.choices,
        required=False,
        help_text="Where tax is rounded; as the issuer does if left out.",
    )
    lines = LineIn(many=True, allow_empty=False, min_length=1, max_length=MOST_LINES)

    def validate_lines(self, lines: list[dict]) -> list[DraftLine]:
        return [DraftLine(**line) for line in lines]


class NewDraftIn(DraftIn):
    """A new draft of one issuer."""

    issuer_id = StrictIntegerField(min_value=1, max_value=LARGEST_ID)


class CreditIn(StrictSerializer):
    """So much of one line is taken back, with the sign of the line."""

    line_id = StrictIntegerField(min_value=1, max_value=LARGEST_ID)
    quantity_thousandths = StrictIntegerField(min_value=-LARGEST_QUANTITY, max_value=LARGEST_QUANTITY)


class CreditNoteIn(StrictSerializer):
    """What is taken back. Without `lines`: everything that is left."""

    lines = CreditIn(many=True, required=False, allow_empty=False, min_length=1, max_length=MOST_LINES)

    def validate_lines(self, lines: list[dict]) -> list[Credit]:
        if len({line["line_id"] for line in lines}) < len(lines):
            raise serializers.ValidationError("A line is named twice. Add up the quantities.")
        return [Credit(**line) for line in lines]


class PaymentIn(StrictSerializer):
    """Money that came in."""

    customer_id = StrictIntegerField(min_value=1, max_value=LARGEST_ID)
    issuer_id = StrictIntegerField(min_value=1, max_value=LARGEST_ID)
    currency = StrictChoiceField(choices=CODES)
    amount_minor = StrictIntegerField(min_value=1, max_value=LARGEST_PAYMENT)
    received_on = serializers.DateField(help_text="The day on which it came.")
    reference = OptionalPrintableField(help_text="What the bank says of it.")
    invoice_id = StrictIntegerField(
        min_value=1,
        max_value=LARGEST_ID,
        required=False,
        help_text="The invoice to pay. Without it: the customer's open ones, those due first before the others.",
    )


class PageQuery(StrictSerializer):
    """Where a page starts, and how long it is."""

    cursor = serializers.CharField(
        required=False, max_length=1000, help_text="`next_cursor` of the page before, with the same filters."
    )
    page_size = serializers.IntegerField(
        min_value=1, max_value=LARGEST_PAGE, default=20, help_text="How many at most."
    )


class InvoiceQuery(PageQuery):
    """Which documents, and where the page starts."""

    customer_id = serializers.IntegerField(
        min_value=1, max_value=LARGEST_ID, required=False, help_text="Of one customer."
    )
    kind = serializers.ChoiceField(
        choices=Invoice.Kind.choices, required=False, help_text="Invoices or credit notes; both if left out."
    )
    overdue = serializers.ChoiceField(
        choices=[("true", "true")],
        required=False,
        help_text="`true` for open invoices whose last day to pay has passed.",
    )


class PaymentQuery(PageQuery):
    """Which payments, and where the page starts."""

    customer_id = serializers.IntegerField(
        min_value=1, max_value=LARGEST_ID, required=False, help_text="Of one customer."
    )


class PartyOut(serializers.Serializer):
    """A name and an address."""

    name = serializers.CharField()
    tax_id = serializers.CharField(allow_blank=True)
    street = serializers.CharField()
    postal_code = serializers.CharField()
    city = serializers.CharField()
    country = serializers.CharField(help_text="ISO 3166-1 code.")


class CustomerOut(PartyOut):
    """A customer."""

    id = serializers.IntegerField()


class IssuerOut(PartyOut):
    """Who issues invoices."""

    id = serializers.IntegerField()
    code = serializers.CharField(help_text="The beginning of its numbers.")
    rounding = serializers.ChoiceField(choices=Rounding.choices)
    days_to_pay = serializers.IntegerField(min_value=0)


class AccountOut(serializers.Serializer):
    """How a customer stands with one issuer in one currency."""

    issuer_id = serializers.IntegerField()
    currency = serializers.ChoiceField(choices=CODES)
    open_minor = serializers.IntegerField(help_text="What invoices are still over, in minor units.")
    credit_minor = serializers.IntegerField(min_value=0, help_text="What payments have left, in minor units.")


class LineOut(serializers.Serializer):
    """A line with what it makes."""

    id = serializers.IntegerField()
    position = serializers.IntegerField(min_value=1)
    credits_line_id = serializers.IntegerField(
        source="credits_id", allow_null=True, help_text="In a credit note: the line that is taken back."
    )
    description = serializers.CharField()
    quantity_thousandths = serializers.IntegerField()
    unit_price_minor = serializers.IntegerField(min_value=0)
    tax_rate_basis_points = serializers.IntegerField(min_value=0)
    net_minor = serializers.IntegerField()
    tax_minor = serializers.IntegerField()


class InvoiceOut(serializers.Serializer):
    """An invoice or a credit note, as it is now and, once issued, for ever; the state and the sums follow payments."""

    id = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=Invoice.Kind.choices)
    number = serializers.CharField(source="full_number", allow_null=True, help_text="Null in a draft.")
    state = serializers.SerializerMethodField()
    version = serializers.IntegerField(min_value=1, help_text="Of the draft; the number in its ETag.")
    corrects_id = serializers.IntegerField(
        allow_null=True, help_text="The invoice that a credit note corrects."
    )
    issuer_id = serializers.IntegerField()
    customer_id = serializers.IntegerField()
    currency = serializers.ChoiceField(choices=CODES)
    rounding = serializers.ChoiceField(choices=Rounding.choices)
    issued_on = serializers.DateField(allow_null=True)
    due_on = serializers.DateField(allow_null=True)
    seller = PartyOut(allow_null=True, help_text="As on the day of issue; null in a draft.")
    buyer = PartyOut(allow_null=True, help_text="As on the day of issue; null in a draft.")
    lines = LineOut(many=True)
    net_minor = serializers.IntegerField()
    tax_minor = serializers.IntegerField()
    total_minor = serializers.IntegerField()
    credited_minor = serializers.IntegerField(min_value=0)
    paid_minor = serializers.IntegerField(min_value=0)
    balance_minor = serializers.IntegerField(help_text="What is still to be paid.")
    content_hash = serializers.CharField(allow_null=True, help_text="SHA-256, chained; null in a draft.")

    def get_state(self, invoice: Invoice) -> State:
        return invoice.state(self.context["today"])


class InvoicePageOut(serializers.Serializer):
    """A page of documents, the newest first."""

    results = InvoiceOut(many=True)
    next_cursor = serializers.CharField(allow_null=True, help_text="Null on the last page.")


class CustomerPageOut(serializers.Serializer):
    """A page of customers, by name."""

    results = CustomerOut(many=True)
    next_cursor = serializers.CharField(allow_null=True, help_text="Null on the last page.")


class AllocationOut(serializers.Serializer):
    """What a payment paid, or, below zero, what was taken back from it."""

    invoice_id = serializers.IntegerField()
    amount_minor = serializers.IntegerField()


class PaymentOut(serializers.Serializer):
    """A payment and the invoices that it pays."""

    id = serializers.IntegerField()
    customer_id = serializers.IntegerField()
    issuer_id = serializers.IntegerField()
    currency = serializers.ChoiceField(choices=CODES)
    amount_minor = serializers.IntegerField(min_value=1)
    rest_minor = serializers.IntegerField(min_value=0, help_text="What of it pays nothing yet.")
    received_on = serializers.DateField()
    reference = serializers.CharField(allow_blank=True)
    allocations = AllocationOut(many=True)


class PaymentPageOut(serializers.Serializer):
    """A page of payments, the newest first."""

    results = PaymentOut(many=True)
    next_cursor = serializers.CharField(allow_null=True, help_text="Null on the last page.")
