import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db.models import Sum

from invoices.accounts.models import User
from invoices.billing.chain import verify
from invoices.billing.models import Customer, Invoice, Line, Payment, Series


def test_the_same_data_are_made_everywhere_and_the_chain_holds(db: None, capsys: pytest.CaptureFixture):
    call_command("seed", invoices=30)

    kinds = [Invoice.objects.filter(kind=kind).count() for kind in ("invoice", "credit_note")]
    assert [30, 3] == kinds
    assert (5, 15) == (Customer.objects.count(), Payment.objects.count())
    assert 3 == Invoice.objects.filter(status="draft").count()
    assert not any(verify(series).faults for series in Series.objects.all())
    nets = Line.objects.filter(invoice__kind="invoice").aggregate(Sum("net_minor"))
    assert {"net_minor__sum": 1_244_120} == nets, "a figure that stands for all of it"
    assert Line.objects.count() > 60
    assert "accountant ada@example.com, password: correct horse battery" in capsys.readouterr().out


def test_data_are_not_mixed_with_what_is_there(sample: "Sample"):  # noqa: F821
    with pytest.raises(CommandError, match="There is data here"):
        call_command("seed")


def test_known_passwords_are_not_put_where_others_can_reach(db: None, settings: object):
    settings.PUBLIC = True

    with pytest.raises(CommandError, match="INVOICES_ALLOWED_HOSTS is set"):
        call_command("seed")
    assert not User.objects.exists()
