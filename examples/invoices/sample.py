"""One issuer, one customer and one accountant, for programs that show or try something."""

from dataclasses import dataclass
from datetime import UTC, datetime

from invoices.accounts.models import Role, User
from invoices.billing.models import Customer, Invoice, Issuer
from invoices.billing.services import DraftLine, draft_invoice, get_invoice, issue_invoice

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
MUGS = DraftLine("Blue mug", 2000, 900, 1900)


@dataclass(frozen=True)
class Sample:
    """Who issues, who buys, who writes."""

    issuer: Issuer
    customer: Customer
    author: User

    def draft(self, *lines: DraftLine, now: datetime = NOW, **fields: object) -> Invoice:
        return draft_invoice(
            issuer=self.issuer,
            customer=self.customer,
            author=self.author,
            now=now,
            lines=lines or [MUGS],
            **{"currency": "EUR"} | fields,
        )

    def issued(self, *lines: DraftLine, now: datetime = NOW, **fields: object) -> Invoice:
        invoice = self.draft(*lines, now=now, **fields)
        issue_invoice(invoice_id=invoice.pk, version=1, now=now)
        return get_invoice(invoice.pk)


def new_sample() -> Sample:
    """Put them into an empty database."""
    address = {"street": "Kastanienallee 5", "postal_code": "10435", "city": "Berlin", "country": "DE"}
    return Sample(
        Issuer.objects.create(code="NEX", name="Nexus Mugs", tax_id="DE123456789", **address),
        Customer.objects.create(name="Łódź Lamps", **address),
        User.objects.create_user("ada@example.com", "correct horse battery", Role.ACCOUNTANT),
    )
