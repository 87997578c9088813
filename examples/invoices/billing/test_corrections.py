"""Credit notes add up to the invoice; payments pay what they can, and the rest stays the customer's."""

from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from invoices.accounts.models import User
from invoices.billing.models import Allocation, Customer, Invoice, Issuer, Payment
from invoices.billing.payments import Account, NoCredit, NotPayable, accounts_of, record_payment, use_credit
from invoices.billing.services import Credit, DraftLine, MoreThanRest, credit_invoice, get_invoice
from invoices.billing.states import NotAllowed, State
from invoices.billing.tax import Rounding
from invoices.sample import MUGS, NOW, Sample, new_sample


def credit(sample: Sample, invoice: Invoice, *credits: Credit) -> Invoice:
    return credit_invoice(invoice_id=invoice.pk, credits=credits or None, author=sample.author, now=NOW)


def pay(sample: Sample, amount: int, **fields: object) -> Payment:
    known = {
        "customer": sample.customer,
        "issuer": sample.issuer,
        "currency": "EUR",
        "received_on": NOW.date(),
    }
    return record_payment(**known | fields, amount_minor=amount, reference="", author=sample.author, now=NOW)


LINE = st.builds(
    DraftLine,
    description=st.just("Mug"),
    quantity_thousandths=st.integers(1, 20_000),
    unit_price_minor=st.integers(0, 5000),
    tax_rate_basis_points=st.sampled_from([0, 700, 1900]),
)


class PartsOfAnInvoice(TestCase):
    """Hypothesis with a transaction for each example."""

    @settings(max_examples=40, deadline=None)
    @given(st.lists(LINE, min_size=1, max_size=5), st.sampled_from(list(Rounding)), st.data())
    def test_notes_over_all_parts_add_up_to_the_invoice(self, lines: list, rounding: Rounding, data: object):
        sample = new_sample()
        invoice = sample.issued(*lines, rounding=rounding)
        notes = []
        for line in invoice.lines.all():
            part = data.draw(st.integers(0, line.quantity_thousandths - 1))
            if part:
                notes.append(credit(sample, invoice, Credit(line.pk, part)))
        notes.append(credit(sample, invoice))

        by_rate = {}
        for document, sign in [(invoice, 1), *((note, -1) for note in notes)]:
            for line in get_invoice(document.pk).lines.all():
                rate = by_rate.setdefault(line.tax_rate_basis_points, [0, 0])
                rate[0] += sign * line.net_minor
                rate[1] += sign * line.tax_minor
        assert {(0, 0)} == set(map(tuple, by_rate.values()))
        assert 0 == get_invoice(invoice.pk).balance_minor


def test_a_part_is_credited_with_its_tax(sample: Sample):
    invoice = sample.issued()

    note = credit(sample, invoice, Credit(invoice.lines.all()[0].pk, 1000))

    assert (900, 171) == (note.net_minor, note.tax_minor)
    assert 1071 == get_invoice(invoice.pk).balance_minor


@pytest.mark.parametrize("quantity", [2001, -1, 0, 10**7])
def test_nothing_beyond_the_rest_of_a_line_is_credited(sample: Sample, quantity: int):
    invoice = sample.issued()

    with pytest.raises(MoreThanRest) as refused:
        credit(sample, invoice, Credit(invoice.lines.all()[0].pk, quantity))

    assert {0: 2000} == refused.value.faults
    assert 1 == Invoice.objects.count()


def test_the_rest_shrinks_with_each_note(sample: Sample):
    invoice = sample.issued()
    line = invoice.lines.all()[0]
    credit(sample, invoice, Credit(line.pk, 1500))

    with pytest.raises(MoreThanRest):
        credit(sample, invoice, Credit(line.pk, 501))
    credit(sample, invoice, Credit(line.pk, 500))

    assert State.CREDITED == get_invoice(invoice.pk).state(NOW.date())


def test_a_line_of_another_invoice_is_not_credited(sample: Sample):
    invoice, other = sample.issued(), sample.issued()

    with pytest.raises(MoreThanRest) as refused:
        credit(sample, invoice, Credit(other.lines.all()[0].pk, 1000))

    assert {0: None} == refused.value.faults


def test_a_discount_cannot_be_left_out_to_credit_more_than_the_invoice(sample: Sample):
    invoice = sample.issued(MUGS, DraftLine("Discount", -1000, 500, 1900))

    with pytest.raises(MoreThanRest):
        credit(sample, invoice, Credit(invoice.lines.all()[0].pk, 2000))

    assert invoice.total_minor == credit(sample, invoice).total_minor


def test_a_credit_note_is_not_credited_itself(sample: Sample):
    note = credit(sample, sample.issued())

    with pytest.raises(NotAllowed):
        credit(sample, note)


# Payments


def test_a_payment_pays_those_due_first_before_the_others(sample: Sample):
    later, sooner = sample.issued(now=NOW + timedelta(days=3)), sample.issued()

    payment = pay(sample, 3000)

    assert [(sooner.pk, 2142), (later.pk, 858)] == list(
        payment.allocations.order_by("id").values_list("invoice", "amount_minor")
    )


def test_what_is_paid_too_much_is_credit_that_pays_the_next_invoice(sample: Sample):
    first = sample.issued()
    pay(sample, 3000, invoice_id=first.pk)
    second = sample.issued()
    assert [Account(sample.issuer.pk, "EUR", 2142, 858)] == accounts_of(sample.customer)

    use_credit(invoice_id=second.pk, now=NOW)

    assert [Account(sample.issuer.pk, "EUR", 1284, 0)] == accounts_of(sample.customer)
    with pytest.raises(NoCredit):
        use_credit(invoice_id=second.pk, now=NOW)


def test_crediting_a_paid_invoice_gives_the_money_back_as_credit(sample: Sample):
    invoice = sample.issued()
    pay(sample, 1000, invoice_id=invoice.pk)
    pay(sample, 1142, invoice_id=invoice.pk)

    credit(sample, invoice, Credit(invoice.lines.all()[0].pk, 1000))

    now = get_invoice(invoice.pk)
    assert (State.PAID, 0, 1071) == (now.state(NOW.date()), now.balance_minor, now.paid_minor)
    assert [Account(sample.issuer.pk, "EUR", 0, 1071)] == accounts_of(sample.customer)
    assert -1071 == Allocation.objects.order_by("-id")[0].amount_minor, "the latest payment first"


def test_a_payment_pays_no_invoice_in_another_currency_or_of_somebody_else(sample: Sample):
    address = {"street": "x", "postal_code": "x", "city": "x", "country": "DE"}
    other = Issuer.objects.create(code="TEA", name="Tea", **address)
    stranger = Customer.objects.create(name="Stranger", **address)
    invoice = sample.issued()

    for wrong in ({"currency": "CHF"}, {"issuer": other}, {"customer": stranger}):
        with pytest.raises(NotPayable):
            pay(sample, 100, invoice_id=invoice.pk, **wrong)
        pay(sample, 100, **wrong)

    assert (2142, 0) == (get_invoice(invoice.pk).balance_minor, Allocation.objects.count())


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 3000), max_size=6), st.lists(st.integers(1, 2), max_size=2))
@pytest.mark.django_db
def test_no_cent_is_lost_whatever_is_paid_and_credited(payments: list[int], pieces: list[int]):
    with transaction.atomic():
        sample = new_sample()
        invoices = [sample.issued(), sample.issued()]
        for amount in payments:
            pay(sample, amount)
        for piece, invoice in zip(pieces, invoices, strict=False):
            credit(sample, invoice, Credit(invoice.lines.all()[0].pk, piece * 1000))

        credited = 1071 * sum(pieces)
        [account] = accounts_of(sample.customer)
        assert 2 * 2142 - credited - sum(payments) == account.open_minor - account.credit_minor
        assert all(get_invoice(invoice.pk).balance_minor >= 0 for invoice in invoices)
        transaction.set_rollback(True)
    assert not User.objects.exists()
