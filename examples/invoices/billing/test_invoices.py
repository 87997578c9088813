"""Drafts change, issued invoices do not; numbers have no gaps; what happened to a row shows."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import IntegrityError, connection, transaction

from invoices.billing import immutability
from invoices.billing.chain import hash_of, verify
from invoices.billing.models import Invoice, Line, Series
from invoices.billing.payments import record_payment
from invoices.billing.services import (
    DraftLine,
    NegativeTotal,
    Stale,
    credit_invoice,
    discard_draft,
    get_invoice,
    issue_invoice,
    replace_draft,
)
from invoices.billing.states import MOVES, Event, NotAllowed, State
from invoices.sample import MUGS, NOW, Sample

PLATE = DraftLine("Plate", 1000, 1333, 700)
LATER = NOW + timedelta(days=1)


def pay(sample: Sample, amount: int, *, invoice: Invoice | None = None, now: datetime = LATER) -> None:
    record_payment(
        customer=sample.customer,
        issuer=sample.issuer,
        currency="EUR",
        amount_minor=amount,
        received_on=now.date(),
        reference="",
        author=sample.author,
        now=now,
        invoice_id=invoice and invoice.pk,
    )


def execute(statement: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.rowcount


def test_an_issued_invoice_keeps_the_address_of_its_day(sample: Sample):
    invoice = sample.issued()
    sample.customer.city = "Warszawa"
    sample.customer.save()

    assert "Berlin" == get_invoice(invoice.pk).buyer["city"]
    assert "Warszawa" == sample.issued().buyer["city"]


def test_numbers_count_up_in_each_year_and_kind_of_document(sample: Sample):
    first, second = sample.issued(), sample.issued()
    note = credit_invoice(invoice_id=first.pk, credits=None, author=sample.author, now=NOW)
    new_year = sample.issued(now=datetime(2027, 1, 1, tzinfo=UTC))

    numbers = [get_invoice(each.pk).full_number for each in (first, second, note, new_year)]
    assert ["NEX-2026-00001", "NEX-2026-00002", "NEX-CN-2026-00001", "NEX-2027-00001"] == numbers


def test_a_number_that_is_rolled_back_is_handed_out_again(sample: Sample):
    with transaction.atomic():
        assert "NEX-2026-00001" == sample.issued().full_number
        transaction.set_rollback(True)

    assert "NEX-2026-00001" == sample.issued().full_number


def test_a_draft_is_replaced_whole_by_whoever_has_seen_it(sample: Sample):
    draft = sample.draft()

    replace_draft(
        invoice_id=draft.pk, version=1, customer=sample.customer, currency="CHF", lines=[PLATE, MUGS]
    )
    with pytest.raises(Stale):
        replace_draft(invoice_id=draft.pk, version=1, customer=sample.customer, currency="EUR", lines=[MUGS])

    now = get_invoice(draft.pk)
    assert (2, "CHF", 3133, 435) == (now.version, now.currency, now.net_minor, now.tax_minor)


def test_an_invoice_over_less_than_nothing_is_not_issued(sample: Sample):
    draft = sample.draft(DraftLine("Taken back", -1000, 900, 1900))

    with pytest.raises(NegativeTotal):
        issue_invoice(invoice_id=draft.pk, version=1, now=NOW)

    assert not Series.objects.exists()


# States


def in_state(sample: Sample, state: State) -> tuple[Invoice, datetime]:
    """An invoice that is in `state`, and a moment at which it is."""
    if state == State.DRAFT:
        return sample.draft(), LATER
    invoice = sample.issued()
    if state in (State.PARTLY_PAID, State.PAID):
        pay(sample, 1000 if state == State.PARTLY_PAID else 2142, invoice=invoice)
    if state == State.CREDITED:
        credit_invoice(invoice_id=invoice.pk, credits=None, author=sample.author, now=NOW)
    return get_invoice(invoice.pk), NOW + timedelta(days=20) if state == State.OVERDUE else LATER


def perform(sample: Sample, invoice: Invoice, event: Event, now: datetime) -> None:
    if event == Event.REPLACE:
        replace_draft(
            invoice_id=invoice.pk,
            version=invoice.version,
            customer=sample.customer,
            currency="EUR",
            lines=[PLATE],
        )
    elif event == Event.DISCARD:
        discard_draft(invoice_id=invoice.pk, version=invoice.version)
    elif event == Event.ISSUE:
        issue_invoice(invoice_id=invoice.pk, version=invoice.version, now=now)
    elif event == Event.PAY:
        pay(sample, 100, invoice=invoice, now=now)
    else:
        credit_invoice(invoice_id=invoice.pk, credits=None, author=sample.author, now=now)


@pytest.mark.parametrize("event", Event)
@pytest.mark.parametrize("state", State)
def test_every_cell_of_the_table_of_states(sample: Sample, state: State, event: Event):
    invoice, now = in_state(sample, state)
    assert state == invoice.state(now.date())

    if (state, event) not in MOVES:
        with pytest.raises(NotAllowed):
            perform(sample, invoice, event, now)
        assert state == get_invoice(invoice.pk).state(now.date())
        return
    perform(sample, invoice, event, now)

    left = Invoice.objects.filter(pk=invoice.pk)
    states = {get_invoice(invoice.pk).state(now.date())} if left else set()
    assert states <= MOVES[state, event]
    assert bool(states) == bool(MOVES[state, event])


def test_an_invoice_is_overdue_the_day_after_the_last_day_to_pay(sample: Sample):
    invoice = sample.issued()

    assert date(2026, 3, 16) == invoice.due_on
    assert [State.ISSUED, State.OVERDUE] == [invoice.state(date(2026, 3, day)) for day in (16, 17)]
    assert [0, 1] == [Invoice.objects.overdue(date(2026, 3, day)).count() for day in (16, 17)]


def test_an_invoice_over_nothing_is_paid_at_once(sample: Sample):
    assert State.PAID == sample.issued(DraftLine("A gift", 1000, 0, 1900)).state(NOW.date())


# Immutability


FORBIDDEN = [
    "UPDATE billing_invoice SET status = 'draft'",
    "UPDATE billing_invoice SET due_on = '2027-01-01'",
    "UPDATE billing_invoice SET content_hash = 'x'",
    "DELETE FROM billing_invoice",
    "UPDATE billing_line SET unit_price_minor = 1",
    "UPDATE billing_line SET invoice_id = (SELECT max(id) FROM billing_invoice)",
    "DELETE FROM billing_line",
    "INSERT INTO billing_line (invoice_id, position, description, quantity_thousandths, unit_price_minor, "
    "tax_rate_basis_points, net_minor, tax_minor) SELECT min(id), 9, 'x', 1, 1, 0, 0, 0 FROM billing_invoice",
    "UPDATE billing_payment SET amount_minor = 1",
    "DELETE FROM billing_payment",
    "UPDATE billing_allocation SET amount_minor = 1",
    "DELETE FROM billing_allocation",
]


@pytest.mark.parametrize("statement", FORBIDDEN)
def test_the_database_refuses_to_change_what_was_issued_or_paid(sample: Sample, statement: str):
    pay(sample, 1000, invoice=sample.issued())
    sample.draft()

    with pytest.raises(IntegrityError, match="does not change"), transaction.atomic():
        execute(statement)


def test_a_draft_may_be_changed_by_any_statement(sample: Sample):
    sample.draft()

    assert 1 == execute("UPDATE billing_line SET unit_price_minor = 1")
    assert 1 == execute("UPDATE billing_invoice SET currency = 'CHF'")
    assert 1 == execute("DELETE FROM billing_line")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE billing_invoice SET status = 'sent'",
        "UPDATE billing_invoice SET status = 'issued'",
        "UPDATE billing_invoice SET number = 7",
        "UPDATE billing_invoice SET kind = 'credit_note'",
        "UPDATE billing_invoice SET currency = 'XYZ'",
        "UPDATE billing_line SET quantity_thousandths = 0",
        "UPDATE billing_line SET unit_price_minor = -1",
        "UPDATE billing_line SET tax_rate_basis_points = 10001",
        "UPDATE billing_customer SET country = 'de'",
    ],
)
def test_the_database_refuses_what_makes_no_sense(sample: Sample, statement: str):
    sample.draft()

    with pytest.raises(IntegrityError), transaction.atomic():
        execute(statement)


# The chain


def tampered(statement: str) -> list[str]:
    immutability.drop(connection)
    execute(statement)
    return [fault for series in Series.objects.order_by("id") for fault in verify(series).faults]


TAMPERING = [
    ("UPDATE billing_line SET description = 'x' WHERE invoice_id = {0}", "NEX-2026-00001: its content"),
    ("UPDATE billing_line SET tax_minor = 0 WHERE invoice_id = {1}", "NEX-2026-00002: its content"),
    ("UPDATE billing_invoice SET buyer = '{{}}' WHERE id = {0}", "NEX-2026-00001: its content"),
    ("UPDATE billing_invoice SET previous_hash = '' WHERE id = {1}", "NEX-2026-00002: does not follow"),
    ("UPDATE billing_invoice SET number = 9 WHERE id = {2}", "NEX-2026-00009: expected number 3"),
    ("DELETE FROM billing_line WHERE invoice_id = {0}", "NEX-2026-00001: its content"),
    ("UPDATE billing_series SET last_number = 4", "ends at number 3, expected 4"),
]


@pytest.mark.parametrize(("statement", "fault"), TAMPERING)
def test_tampering_shows_even_where_triggers_were_dropped(sample: Sample, statement: str, fault: str):
    ids = [sample.issued().pk for _ in range(3)]

    assert any(fault in each for each in tampered(statement.format(*ids)))


def test_a_hash_that_is_computed_anew_does_not_fit_the_next_document(sample: Sample):
    first, _ = sample.issued(), sample.issued()
    first.due_on = date(2027, 1, 1)
    forged = hash_of(first, first.lines.all(), first.previous_hash)

    faults = tampered(
        f"UPDATE billing_invoice SET due_on = '2027-01-01', content_hash = '{forged}' WHERE id = {first.pk}"  # noqa: S608
    )

    assert ["NEX-2026-00002: does not follow the document before it"] == faults


def test_the_last_document_cannot_vanish_without_a_trace(sample: Sample):
    sample.issued()
    last = sample.issued()
    tampered(f"DELETE FROM billing_line WHERE invoice_id = {last.pk}")  # noqa: S608
    execute(f"DELETE FROM billing_invoice WHERE id = {last.pk}")  # noqa: S608

    with pytest.raises(CommandError, match="ends at number 1, expected 2"):
        call_command("verify_chain")


def test_an_untouched_chain_is_confirmed_with_its_last_hash(sample: Sample, capsys: pytest.CaptureFixture):
    sample.issued()
    last = sample.issued()

    call_command("verify_chain")

    assert f"NEX 2026 invoice: 2 documents, last hash {last.content_hash}\n" == capsys.readouterr().out


def test_lines_are_hashed_in_the_order_of_their_positions(sample: Sample):
    invoice = sample.issued(MUGS, PLATE)

    assert ["Blue mug", "Plate"] == [
        line.description for line in Line.objects.filter(invoice=invoice).order_by("position")
    ]
    assert [] == verify(Series.objects.get()).faults
