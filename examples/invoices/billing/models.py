from datetime import date
from typing import ClassVar

from conventions.idempotency import KeptAnswer
from django.conf import settings
from django.db import models
from django.db.models import F, OuterRef, Q, Subquery, Sum, Value
from django.db.models.functions import Coalesce, Upper

from invoices.billing.money import CODES, EXPONENTS
from invoices.billing.states import State, state_of
from invoices.billing.tax import Rounding

# What an issued document has and a draft has not.
OF_ISSUED = (
    "series",
    "number",
    "issued_at",
    "issued_on",
    "due_on",
    "seller",
    "buyer",
    "previous_hash",
    "content_hash",
)
COUNTRY = Q(country=Upper("country"))


class Party(models.Model):
    """A name with a postal address; `country` is an ISO 3166-1 code of two letters."""

    name = models.CharField(max_length=120)
    tax_id = models.CharField(max_length=60, blank=True)
    street = models.CharField(max_length=120)
    postal_code = models.CharField(max_length=20)
    city = models.CharField(max_length=80)
    country = models.CharField(max_length=2)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name

    def snapshot(self) -> dict[str, str]:
        """Name and address as they are now, for a document that keeps them."""
        fields = ("name", "tax_id", "street", "postal_code", "city", "country")
        return {field: getattr(self, field) for field in fields}


class Issuer(Party):
    """Who sells; its `code` begins the numbers of its documents, so it stays."""

    code = models.CharField(max_length=10, unique=True)
    rounding = models.CharField(max_length=10, choices=Rounding, default=Rounding.PER_RATE)
    days_to_pay = models.PositiveSmallIntegerField(default=14)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=COUNTRY, name="issuer_country_in_capitals"),
            models.CheckConstraint(condition=Q(code=Upper("code")), name="issuer_code_in_capitals"),
            models.CheckConstraint(
                condition=Q(rounding__in=Rounding.values), name="issuer_rounding_is_known"
            ),
        ]


class Customer(Party):
    """Who buys. A change counts for documents that are issued afterwards."""

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=COUNTRY, name="customer_country_in_capitals"),
        ]
        indexes: ClassVar = [models.Index(fields=["name", "id"], name="customer_by_name")]


class Series(models.Model):
    """The numbers of one issuer, year and kind of document: the last one, and the last document's hash."""

    issuer = models.ForeignKey(Issuer, on_delete=models.PROTECT, related_name="+", db_index=False)
    year = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=11)
    last_number = models.PositiveIntegerField(default=0)
    last_hash = models.CharField(max_length=64, default="0" * 64)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["issuer", "year", "kind"], name="series_once"),
        ]

    def __str__(self) -> str:
        return f"{self.issuer.code} {self.year} {self.kind}"


def _sum(rows: models.QuerySet, group: str, amount: object) -> Coalesce:
    """The sum of `amount` over `rows` that belong to the invoice of the outer query."""
    grouped = rows.filter(**{group: OuterRef("pk")}).order_by().values(group)
    total = grouped.annotate(sum_minor=Sum(amount)).values("sum_minor")
    return Coalesce(Subquery(total, output_field=models.BigIntegerField()), Value(0))


class InvoiceQuerySet(models.QuerySet):
    """Invoices with their figures, which are sums over rows and stored nowhere."""

    def with_figures(self) -> "InvoiceQuerySet":
        """Add `net_minor`, `tax_minor`, `credited_minor` and `paid_minor`, in the same statement."""
        gross = F("net_minor") + F("tax_minor")
        of_notes = Line.objects.filter(invoice__status=Invoice.Status.ISSUED)
        return self.annotate(
            net_minor=_sum(Line.objects, "invoice", "net_minor"),
            tax_minor=_sum(Line.objects, "invoice", "tax_minor"),
            credited_minor=_sum(of_notes, "invoice__corrects", gross),
            paid_minor=_sum(Allocation.objects, "invoice", "amount_minor"),
        )

    def with_open(self) -> "InvoiceQuerySet":
        """Add the figures and `open_minor`, the balance of an issued invoice, to filter by."""
        balance = F("net_minor") + F("tax_minor") - F("credited_minor") - F("paid_minor")
        return self.with_figures().annotate(open_minor=balance)

    def overdue(self, today: date) -> "InvoiceQuerySet":
        """Invoices that are still open and whose last day to pay was before `today`."""
        return self.with_open().filter(kind=Invoice.Kind.INVOICE, due_on__lt=today, open_minor__gt=0)


class Invoice(models.Model):
    """An invoice or a credit note. A draft may change; an issued one never does, by triggers in the database."""

    class Kind(models.TextChoices):
        INVOICE = "invoice"
        CREDIT_NOTE = "credit_note"

    class Status(models.TextChoices):
        DRAFT = "draft"
        ISSUED = "issued"

    kind = models.CharField(max_length=11, choices=Kind)
    status = models.CharField(max_length=6, choices=Status, default=Status.DRAFT)
    version = models.PositiveIntegerField(default=1)
    issuer = models.ForeignKey(Issuer, on_delete=models.PROTECT, related_name="+")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="invoices")
    corrects = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="credit_notes")
    currency = models.CharField(max_length=3, choices=CODES)
    rounding = models.CharField(max_length=10, choices=Rounding)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    # From here on: null in a draft, set once when it is issued.
    series = models.ForeignKey(
        Series, on_delete=models.PROTECT, null=True, related_name="documents", db_index=False
    )
    number = models.PositiveIntegerField(null=True)
    issued_at = models.DateTimeField(null=True)
    issued_on = models.DateField(null=True)
    due_on = models.DateField(null=True)
    seller = models.JSONField(null=True)
    buyer = models.JSONField(null=True)
    previous_hash = models.CharField(max_length=64, null=True)  # noqa: DJ001 - null says: not issued
    content_hash = models.CharField(max_length=64, null=True)  # noqa: DJ001

    objects = InvoiceQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(kind__in=["invoice", "credit_note"]), name="invoice_kind_is_known"
            ),
            models.CheckConstraint(
                condition=Q(kind="credit_note", corrects__isnull=False)
                | Q(kind="invoice", corrects__isnull=True),
                name="credit_note_corrects_an_invoice",
            ),
            models.CheckConstraint(
                condition=Q(currency__in=sorted(EXPONENTS)), name="invoice_currency_is_known"
            ),
            models.CheckConstraint(
                condition=Q(rounding__in=Rounding.values), name="invoice_rounding_is_known"
            ),
            models.CheckConstraint(
                condition=Q(status="draft", **dict.fromkeys((f"{name}__isnull" for name in OF_ISSUED), True))
                | Q(status="issued", **dict.fromkeys((f"{name}__isnull" for name in OF_ISSUED), False)),
                name="invoice_issued_means_complete",
            ),
            models.UniqueConstraint(fields=["series", "number"], name="invoice_number_once"),
        ]

    def __str__(self) -> str:
        return self.full_number or f"draft {self.pk}"

    @property
    def full_number(self) -> str | None:
        """The number that people read, such as `NEX-2026-00001`; None for a draft."""
        if self.number is None:
            return None
        mark = "CN-" if self.kind == self.Kind.CREDIT_NOTE else ""
        return f"{self.series.issuer.code}-{mark}{self.series.year}-{self.number:05}"

    @property
    def total_minor(self) -> int:
        """Net amount and tax, in minor units. Needs `with_figures()`."""
        return self.net_minor + self.tax_minor

    @property
    def balance_minor(self) -> int:
        """What is still to be paid. Needs `with_figures()`."""
        if self.kind == self.Kind.CREDIT_NOTE or self.status == self.Status.DRAFT:
            return 0
        return self.total_minor - self.credited_minor - self.paid_minor

    def state(self, today: date) -> State:
        """The state for the given day. Needs `with_figures()`."""
        if self.status == self.Status.DRAFT:
            return State.DRAFT
        if self.kind == self.Kind.CREDIT_NOTE:
            return State.ISSUED
        return state_of(
            total_minor=self.total_minor,
            credited_minor=self.credited_minor,
            paid_minor=self.paid_minor,
            due_on=self.due_on,
            today=today,
        )


class Line(models.Model):
    """One line: how much of what at which price, and what that makes. A credit note's names the line it credits."""

    # No index of its own: the unique constraint's begins with the invoice.
    invoice = models.ForeignKey(Invoice, on_delete=models.CASCADE, related_name="lines", db_index=False)
    position = models.PositiveSmallIntegerField()
    credits = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="credited_by")
    description = models.CharField(max_length=200)
    quantity_thousandths = models.BigIntegerField()
    unit_price_minor = models.PositiveBigIntegerField()
    tax_rate_basis_points = models.PositiveIntegerField()
    net_minor = models.BigIntegerField()
    tax_minor = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["invoice", "position"], name="line_position_once"),
            models.CheckConstraint(condition=~Q(quantity_thousandths=0), name="line_quantity_not_zero"),
            models.CheckConstraint(condition=Q(unit_price_minor__gte=0), name="line_price_not_negative"),
            models.CheckConstraint(
                condition=Q(tax_rate_basis_points__gte=0, tax_rate_basis_points__lte=10_000),
                name="line_tax_rate_is_a_rate",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.position}. {self.description}"


class Payment(models.Model):
    """Money that came in. It stays as it was recorded; what it pays are its allocations."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="payments")
    issuer = models.ForeignKey(Issuer, on_delete=models.PROTECT, related_name="+")
    currency = models.CharField(max_length=3, choices=CODES)
    amount_minor = models.PositiveBigIntegerField()
    received_on = models.DateField()
    reference = models.CharField(max_length=60, blank=True)
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="payment_amount_positive"),
            models.CheckConstraint(
                condition=Q(currency__in=sorted(EXPONENTS)), name="payment_currency_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"payment {self.pk}"


class Allocation(models.Model):
    """A part of a payment that pays an invoice; below zero, a part that is taken back to pay something else."""

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="allocations")
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="allocations")
    amount_minor = models.BigIntegerField()
    allocated_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(amount_minor=0), name="allocation_amount_not_zero"),
        ]

    def __str__(self) -> str:
        return f"{self.amount_minor} of {self.payment} for {self.invoice_id}"


class Answer(KeptAnswer):
    """The answer to a request with an idempotency key."""
