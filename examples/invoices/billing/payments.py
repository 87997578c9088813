"""Record payments, and say which invoices they pay."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import F, QuerySet, Sum, Value
from django.db.models.functions import Coalesce
from django.db.transaction import atomic

from invoices.accounts.models import User
from invoices.billing.models import Allocation, Customer, Invoice, Issuer, Payment
from invoices.billing.states import Event, check


class NotPayable(Exception):
    """The invoice is another customer's, another issuer's, in another currency, or a credit note."""


class NoCredit(Exception):
    """No payment of the customer has anything left for this invoice."""


@dataclass(frozen=True)
class Account:
    """How a customer stands with one issuer in one currency, in minor units.

    Attributes:
        open_minor: what the invoices are still over.
        credit_minor: what payments have left; it pays nothing until `use_credit` is called.
    """

    issuer_id: int
    currency: str
    open_minor: int
    credit_minor: int


def lock_account(customer_id: int) -> None:
    """Let one transaction at a time pay or credit a customer's invoices: balances are sums over many rows.

    On SQLite, whose transactions begin as writers, this is so in any case.
    """
    list(Customer.objects.select_for_update(no_key=True).filter(pk=customer_id).values_list("pk"))


def with_rest(payments: QuerySet[Payment]) -> QuerySet[Payment]:
    """Add `rest_minor`: what of each payment pays nothing yet."""
    used = Coalesce(Sum("allocations__amount_minor"), Value(0))
    return payments.annotate(rest_minor=F("amount_minor") - used)


# --8<-- [start:record_payment]
@atomic
def record_payment(
    *,
    customer: Customer,
    issuer: Issuer,
    currency: str,
    amount_minor: int,
    received_on: date,
    reference: str,
    author: User,
    now: datetime,
    invoice_id: int | None = None,
) -> Payment:
    """Record money that came in, and pay what it can.

    Args:
        customer: who paid.
        issuer: who was paid.
        currency: ISO 4217 code; it pays invoices in this currency only.
        amount_minor: above zero, in minor units.
        received_on: the day on which it came.
        reference: what the bank says of it.
        author: who records it.
        now: when.
        invoice_id: the invoice to pay; None for the customer's open ones, those due first before the others.

    Returns:
        The payment. What it pays nobody asked for is the customer's credit.

    Raises:
        Invoice.DoesNotExist: there is no such invoice.
        NotPayable: this payment cannot pay that invoice.
        NotAllowed: the invoice is a draft, paid or credited.
    """
    lock_account(customer.pk)
    payment = Payment.objects.create(
        customer=customer,
        issuer=issuer,
        currency=currency,
        amount_minor=amount_minor,
        received_on=received_on,
        reference=reference,
        recorded_at=now,
        recorded_by=author,
    )
    one = invoice_id is not None
    candidates = [_payable(payment, invoice_id, today=now.date())] if one else _open_invoices(payment)
    rest = amount_minor
    for invoice in candidates:
        part = min(rest, invoice.balance_minor)
        if part:
            Allocation.objects.create(payment=payment, invoice=invoice, amount_minor=part, allocated_at=now)
        rest -= part
    return payment


# --8<-- [end:record_payment]


def _open_invoices(payment: Payment) -> Iterator[Invoice]:
    invoices = Invoice.objects.filter(
        kind=Invoice.Kind.INVOICE,
        status=Invoice.Status.ISSUED,
        customer=payment.customer_id,
        issuer=payment.issuer_id,
        currency=payment.currency,
    )
    return invoices.with_open().filter(open_minor__gt=0).order_by("due_on", "id").iterator()


def _payable(payment: Payment, invoice_id: int, *, today: date) -> Invoice:
    invoice = Invoice.objects.with_figures().get(pk=invoice_id)
    for field in ("customer_id", "issuer_id", "currency"):
        if getattr(invoice, field) != getattr(payment, field):
            raise NotPayable
    if invoice.kind != Invoice.Kind.INVOICE:
        raise NotPayable
    check(invoice.state(today), Event.PAY)
    return invoice


@atomic
def use_credit(*, invoice_id: int, now: datetime) -> None:
    """Pay an invoice with what earlier payments of its customer have left, the oldest payment first.

    Raises:
        Invoice.DoesNotExist: there is no such invoice.
        NotPayable: it is a credit note.
        NotAllowed: it is a draft, paid or credited.
        NoCredit: nothing is left.
    """
    lock_account(Invoice.objects.values_list("customer_id", flat=True).get(pk=invoice_id))
    invoice = Invoice.objects.with_figures().get(pk=invoice_id)
    if invoice.kind != Invoice.Kind.INVOICE:
        raise NotPayable
    check(invoice.state(now.date()), Event.PAY)
    payments = Payment.objects.filter(
        customer=invoice.customer_id, issuer=invoice.issuer_id, currency=invoice.currency
    )
    left = list(with_rest(payments).filter(rest_minor__gt=0).order_by("id"))
    if not left:
        raise NoCredit
    balance = invoice.balance_minor
    for payment in left:
        part = min(balance, payment.rest_minor)
        if part:
            Allocation.objects.create(payment=payment, invoice=invoice, amount_minor=part, allocated_at=now)
        balance -= part


def release(invoice: Invoice, *, rest_minor: int, now: datetime) -> None:
    """Take back what payments pay beyond `rest_minor`, the latest payment first; rows are added, none changed.

    Call it with the customer's account locked.
    """
    paid = (
        Allocation.objects.filter(invoice=invoice)
        .values_list("payment")
        .annotate(Sum("amount_minor"))
        .filter(amount_minor__sum__gt=0)
        .order_by("-payment")
    )
    excess = sum(amount for _, amount in paid) - rest_minor
    for payment_id, amount in paid:
        if excess <= 0:
            return
        part = min(excess, amount)
        Allocation.objects.create(
            payment_id=payment_id, invoice=invoice, amount_minor=-part, allocated_at=now
        )
        excess -= part


def accounts_of(customer: Customer) -> list[Account]:
    """How a customer stands, by issuer and currency, in two statements."""
    invoices = Invoice.objects.filter(
        customer=customer, kind=Invoice.Kind.INVOICE, status=Invoice.Status.ISSUED
    )
    payments = Payment.objects.filter(customer=customer)
    found: dict[tuple[int, str], list[int]] = {}
    for place, rows in enumerate(
        (
            invoices.with_open().values_list("issuer", "currency", "open_minor"),
            with_rest(payments).values_list("issuer", "currency", "rest_minor"),
        )
    ):
        for issuer_id, currency, amount in rows:
            found.setdefault((issuer_id, currency), [0, 0])[place] += amount
    return [Account(*key, *sums) for key, sums in sorted(found.items())]
