"""Draft, issue and credit invoices."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial

from django.db import transaction
from django.db.models import F, Prefetch, Sum

from invoices.accounts.models import User
from invoices.billing.chain import hash_of
from invoices.billing.models import Answer, Customer, Invoice, InvoiceQuerySet, Issuer, Line, Series
from invoices.billing.payments import lock_account, release
from invoices.billing.states import Event, NotAllowed, State, check
from invoices.billing.tax import BASIS_POINTS, Amounts, Rounding, allocate, amounts
from invoices.papers.tasks import make_paper

ANSWERS_KEPT_FOR = timedelta(hours=24)


@dataclass(frozen=True)
class DraftLine:
    """A line as it is asked for.

    Attributes:
        description: what is sold.
        quantity_thousandths: how much, times 1,000; below zero for a discount or something taken back.
        unit_price_minor: the price of one without tax, in minor units; never negative (EN 16931, BR-27).
        tax_rate_basis_points: the rate of tax, 1900 for 19 %.
    """

    description: str
    quantity_thousandths: int
    unit_price_minor: int
    tax_rate_basis_points: int


@dataclass(frozen=True)
class Credit:
    """So much of one line is taken back; with the sign of that line."""

    line_id: int
    quantity_thousandths: int


class Stale(Exception):
    """Somebody has changed the draft since this version was read."""


class NegativeTotal(Exception):
    """The invoice would be over less than nothing; that is what a credit note is for."""


class MoreThanRest(Exception):
    """A credit asks for a line that the invoice has not, or for more than was not credited before.

    Attributes:
        faults: the position of each such credit in the request, with what is left of its line; None where the
            invoice has no such line. Empty where the lines are right and their sum is too much.
    """

    def __init__(self, faults: dict[int, int | None]) -> None:
        super().__init__(f"{len(faults)} of the credits ask for more than the rest")
        self.faults = faults


def get_invoice(invoice_id: int) -> Invoice:
    """A document with its figures and lines, in two statements. Raises `Invoice.DoesNotExist`."""
    return whole(Invoice.objects.filter(pk=invoice_id)).get()


def whole(invoices: InvoiceQuerySet) -> InvoiceQuerySet:
    """The documents with all that an answer shows of them: figures, lines, issuer, customer."""
    lines = Prefetch("lines", Line.objects.order_by("position"))
    related = ("series__issuer", "issuer", "customer", "corrects__series__issuer")
    return invoices.with_figures().select_related(*related).prefetch_related(lines)


def _amounts(lines: Sequence[DraftLine], rounding: Rounding) -> list[Amounts]:
    return amounts(
        [(line.quantity_thousandths, line.unit_price_minor, line.tax_rate_basis_points) for line in lines],
        rounding,
    )


def _write_lines(invoice: Invoice, lines: Sequence[DraftLine]) -> None:
    Line.objects.bulk_create(
        Line(invoice=invoice, position=position, **vars(line), **vars(amount))
        for position, (line, amount) in enumerate(
            zip(lines, _amounts(lines, invoice.rounding), strict=True), start=1
        )
    )


@transaction.atomic
def draft_invoice(
    *,
    issuer: Issuer,
    customer: Customer,
    currency: str,
    lines: Sequence[DraftLine],
    author: User,
    now: datetime,
    rounding: Rounding | None = None,
) -> Invoice:
    """Write down an invoice that may still change.

    Args:
        issuer: who sells.
        customer: who buys.
        currency: ISO 4217 code, one of `money.EXPONENTS`.
        lines: at least one.
        author: who writes it.
        now: when.
        rounding: where tax is rounded; as the issuer does by default.
    """
    invoice = Invoice.objects.create(
        kind=Invoice.Kind.INVOICE,
        issuer=issuer,
        customer=customer,
        currency=currency,
        rounding=rounding or issuer.rounding,
        created_at=now,
        created_by=author,
    )
    _write_lines(invoice, lines)
    return invoice


def _claim_draft(invoice_id: int, version: int, event: Event) -> Invoice:
    """Take the draft for the rest of the transaction, if it is one and nobody has changed it.

    Raises:
        Invoice.DoesNotExist: there is no such document.
        NotAllowed: it is issued.
        Stale: it has another version by now.
    """
    drafts = Invoice.objects.filter(pk=invoice_id, status=Invoice.Status.DRAFT, version=version)
    claimed = drafts.update(version=F("version") + 1)
    invoice = whole(Invoice.objects.filter(pk=invoice_id)).get()
    check(State.DRAFT if invoice.status == Invoice.Status.DRAFT else State.ISSUED, event)
    if not claimed:
        raise Stale(f"the draft has version {invoice.version}")
    return invoice


@transaction.atomic
def replace_draft(
    *,
    invoice_id: int,
    version: int,
    customer: Customer,
    currency: str,
    lines: Sequence[DraftLine],
    rounding: Rounding | None = None,
) -> None:
    """Write a draft anew, whole.

    Args:
        invoice_id: the draft.
        version: the one that the author of the change has seen.
        customer: who buys.
        currency: ISO 4217 code.
        lines: at least one; they replace all lines.
        rounding: where tax is rounded; as the issuer does by default.

    Raises:
        Invoice.DoesNotExist: there is no such document.
        NotAllowed: it is issued.
        Stale: somebody was faster; nothing has changed.
    """
    invoice = _claim_draft(invoice_id, version, Event.REPLACE)
    invoice.customer, invoice.currency = customer, currency
    invoice.rounding = rounding or invoice.issuer.rounding
    invoice.save(update_fields=["customer", "currency", "rounding"])
    invoice.lines.all().delete()
    _write_lines(invoice, lines)


@transaction.atomic
def discard_draft(*, invoice_id: int, version: int) -> None:
    """Delete a draft; it never had a number, so none is lost. Raises as `replace_draft` does."""
    _claim_draft(invoice_id, version, Event.DISCARD).delete()


# --8<-- [start:issue_invoice]
@transaction.atomic
def issue_invoice(*, invoice_id: int, version: int, now: datetime) -> None:
    """Give a draft its number and make it unchangeable; its PDF is made after the commit.

    Args:
        invoice_id: the draft.
        version: the one that whoever issues it has seen.
        now: when it is issued; the date is that of UTC.

    Raises:
        Invoice.DoesNotExist: there is no such document.
        NotAllowed: it is issued.
        Stale: somebody has changed it since.
        NegativeTotal: it is over less than nothing.
    """
    invoice = _claim_draft(invoice_id, version, Event.ISSUE)
    if invoice.total_minor < 0:
        raise NegativeTotal
    _seal(invoice, due_on=now.date() + timedelta(days=invoice.issuer.days_to_pay), now=now)


# --8<-- [end:issue_invoice]


# --8<-- [start:next_in]
def next_in(issuer: Issuer, year: int, kind: Invoice.Kind) -> Series:
    """Take the next number of a series, which stays locked until the transaction ends.

    Whoever comes next waits, so a number that is rolled back is handed out again, and none is ever missing. In the
    European Union an invoice has a sequential number that identifies it (Directive 2006/112/EC, Article 226 (2)).
    """
    Series.objects.bulk_create([Series(issuer=issuer, year=year, kind=kind)], ignore_conflicts=True)
    of_year = Series.objects.filter(issuer=issuer, year=year, kind=kind)
    of_year.update(last_number=F("last_number") + 1)
    return of_year.select_related("issuer").get()


# --8<-- [end:next_in]


def _seal(invoice: Invoice, *, due_on: date, now: datetime) -> None:
    """Number, hash and close a draft that this transaction holds."""
    series = next_in(invoice.issuer, now.year, invoice.kind)
    invoice.series, invoice.number = series, series.last_number
    invoice.issued_at, invoice.issued_on, invoice.due_on = now, now.date(), due_on
    invoice.seller, invoice.buyer = invoice.issuer.snapshot(), invoice.customer.snapshot()
    invoice.previous_hash = series.last_hash
    invoice.content_hash = hash_of(invoice, invoice.lines.all(), series.last_hash)
    invoice.status = Invoice.Status.ISSUED
    invoice.save()
    series.last_hash = invoice.content_hash
    series.save(update_fields=["last_hash"])
    # Robust: the invoice is issued whatever becomes of the message; `manage.py make_papers` finds what was lost.
    transaction.on_commit(partial(make_paper.delay, invoice.pk), robust=True)


@transaction.atomic
def credit_invoice(
    *, invoice_id: int, credits: Sequence[Credit] | None, author: User, now: datetime
) -> Invoice:
    """Correct an issued invoice by a credit note, which is issued at once.

    The amounts are those of all that is credited by then, less those of the notes before: so notes over all parts of
    an invoice add up to the invoice, to the last minor unit. What was paid beyond the rest becomes the customer's
    credit again.

    Args:
        invoice_id: the invoice.
        credits: how much of which lines, each line once; None for everything that is left.
        author: who writes it.
        now: when.

    Returns:
        The credit note. Its amounts are positive: EN 16931 says by the type of the document (BT-3, 381) that they
        are taken back.

    Raises:
        Invoice.DoesNotExist: there is no such invoice.
        NotAllowed: it is a draft, wholly credited, or a credit note.
        MoreThanRest: more is asked than is left, or nothing is left of what is asked.
    """
    customer_id = Invoice.objects.values_list("customer_id", flat=True).get(pk=invoice_id)
    lock_account(customer_id)
    invoice = get_invoice(invoice_id)
    if invoice.kind == Invoice.Kind.CREDIT_NOTE:
        raise NotAllowed(State.ISSUED, Event.CREDIT)
    check(invoice.state(now.date()), Event.CREDIT)
    lines = list(invoice.lines.all())
    before = _credited(lines)
    if credits is None:
        credits = [
            Credit(line.pk, line.quantity_thousandths - before[line.pk].quantity)
            for line in lines
            if line.quantity_thousandths != before[line.pk].quantity
        ]
    _check_rest(lines, before, credits)
    note = Invoice.objects.create(
        kind=Invoice.Kind.CREDIT_NOTE,
        issuer=invoice.issuer,
        customer=invoice.customer,
        corrects=invoice,
        currency=invoice.currency,
        rounding=invoice.rounding,
        created_at=now,
        created_by=author,
    )
    Line.objects.bulk_create(_credit_lines(note, lines, before, credits))
    note = get_invoice(note.pk)
    if not 0 <= note.total_minor <= invoice.total_minor - invoice.credited_minor:
        raise MoreThanRest({})
    _seal(note, due_on=now.date(), now=now)
    release(invoice, rest_minor=invoice.total_minor - invoice.credited_minor - note.total_minor, now=now)
    return note


@dataclass(frozen=True)
class _Done:
    """What was credited of a line before."""

    quantity: int = 0
    net: int = 0
    tax: int = 0


def _credited(lines: Sequence[Line]) -> dict[int, _Done]:
    sums = (
        Line.objects.filter(credits__in=lines)
        .values_list("credits")
        .annotate(Sum("quantity_thousandths"), Sum("net_minor"), Sum("tax_minor"))
    )
    found = {line_id: _Done(*each) for line_id, *each in sums}
    return {line.pk: found.get(line.pk, _Done()) for line in lines}


def _check_rest(lines: Sequence[Line], before: dict[int, _Done], credits: Sequence[Credit]) -> None:
    rests = {line.pk: line.quantity_thousandths - before[line.pk].quantity for line in lines}
    faults = {}
    for place, credit in enumerate(credits):
        rest, asked = rests.get(credit.line_id), credit.quantity_thousandths
        if rest is None or asked * rest <= 0 or abs(asked) > abs(rest):
            faults[place] = rest
    if faults or not credits:
        raise MoreThanRest(faults)


# --8<-- [start:credit_lines]
def _credit_lines(
    note: Invoice, lines: Sequence[Line], before: dict[int, _Done], credits: Sequence[Credit]
) -> list[Line]:
    """The lines of a credit note: everything credited once it is issued, less what was credited before."""
    asked = {credit.line_id: credit.quantity_thousandths for credit in credits}
    after = [
        DraftLine(
            line.description,
            before[line.pk].quantity + asked.get(line.pk, 0),
            line.unit_price_minor,
            line.tax_rate_basis_points,
        )
        for line in lines
    ]
    credited = dict(zip((line.pk for line in lines), _amounts(after, note.rounding), strict=True))
    chosen = [line for line in lines if line.pk in asked]
    nets = {line.pk: credited[line.pk].net_minor - before[line.pk].net for line in chosen}
    taxes = {line.pk: credited[line.pk].tax_minor - before[line.pk].tax for line in chosen}
    if note.rounding == Rounding.PER_RATE:
        for rate in {line.tax_rate_basis_points for line in chosen}:
            of_rate = [line.pk for line in lines if line.tax_rate_basis_points == rate]
            tax = sum(credited[pk].tax_minor - before[pk].tax for pk in of_rate)
            here = [pk for pk in of_rate if pk in asked]
            parts = allocate(tax, [nets[pk] * rate for pk in here], BASIS_POINTS)
            taxes |= dict(zip(here, parts, strict=True))
    return [
        Line(
            invoice=note,
            position=position,
            credits=line,
            description=line.description,
            quantity_thousandths=asked[line.pk],
            unit_price_minor=line.unit_price_minor,
            tax_rate_basis_points=line.tax_rate_basis_points,
            net_minor=nets[line.pk],
            tax_minor=taxes[line.pk],
        )
        for position, line in enumerate(chosen, start=1)
    ]


# --8<-- [end:credit_lines]


def forget_answers(*, now: datetime) -> int:
    """Delete the answers to idempotency keys that are older than `ANSWERS_KEPT_FOR`; how many there were."""
    return Answer.objects.filter(created_at__lt=now - ANSWERS_KEPT_FOR).delete()[0]
