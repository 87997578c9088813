import random
from datetime import UTC, date, datetime, timedelta

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from invoices.accounts.models import Role, User
from invoices.billing.models import Customer, Invoice, Issuer
from invoices.billing.payments import record_payment
from invoices.billing.services import Credit, DraftLine, credit_invoice, draft_invoice, issue_invoice

USERS = (
    ("ada@example.com", "correct horse battery", Role.ACCOUNTANT),
    ("grace@example.com", "a ship in harbour is safe", Role.CLERK),
    ("linus@example.com", "nine lives of a cat", Role.VIEWER),
)
ISSUERS = (
    ("NEX", "Nexus Mugs", "DE123456789", "Kastanienallee 5", "10435", "Berlin", "DE", "per_rate"),
    ("TEA", "Tea & Saucer", "GB123456789", "3 Market Street", "M1 1WR", "Manchester", "GB", "per_line"),
)
CUSTOMERS = (
    ("Łódź Lamps", "PL5260250274", "ulica Piotrkowska 1", "90-001", "Łódź", "PL"),
    ("Café Orange", "FR40303265045", "12 rue des Mûriers", "75020", "Paris", "FR"),
    ("Αθήνα Βιβλία", "EL123456789", "Ερμού 7", "105 63", "Αθήνα", "GR"),
    ("Office & Sons", "", "1 High Street", "LS1 4DY", "Leeds", "GB"),
    ("Бюро Синьо", "BG175074752", "ул. Шипка 3", "1504", "София", "BG"),
)
GOODS = (("Blue mug", 900), ("Red mug", 950), ("Plate", 1333), ("Lamp", 4990), ("Hour of advice", 8500))
CURRENCIES = {"NEX": "EUR", "TEA": "GBP"}
START = datetime(2026, 1, 5, 9, tzinfo=UTC)


@transaction.atomic
def seed(invoices: int = 30) -> None:
    """Put users, issuers, customers and `invoices` invoices into an empty database, the same on every machine.

    Of ten invoices one stays a draft, three are open, four are paid, one partly, and one is credited in part.
    """
    for email, password, role in USERS:
        User.objects.create_user(email, password, role)
    fields = ("code", "name", "tax_id", "street", "postal_code", "city", "country", "rounding")
    issuers = [Issuer.objects.create(**dict(zip(fields, row, strict=True))) for row in ISSUERS]
    customers = [Customer.objects.create(**dict(zip(fields[1:7], row, strict=True))) for row in CUSTOMERS]
    author = User.objects.get(role=Role.ACCOUNTANT)
    dice = random.Random(1)  # noqa: S311 - the same data for everybody
    for number in range(invoices):
        now = START + timedelta(hours=number)
        issuer, customer = issuers[number % 2], customers[number % 5]
        lines = [
            DraftLine(name, dice.randrange(500, 9000, 250), price, dice.choice((0, 700, 1900)))
            for name, price in dice.sample(GOODS, dice.randint(1, 4))
        ]
        currency = CURRENCIES[issuer.code]
        invoice = draft_invoice(
            issuer=issuer, customer=customer, currency=currency, lines=lines, author=author, now=now
        )
        if number % 10 == 9:
            continue
        issue_invoice(invoice_id=invoice.pk, version=1, now=now)
        if number % 10 == 8:
            line = invoice.lines.first()
            part = [Credit(line.pk, line.quantity_thousandths // 2)]
            credit_invoice(invoice_id=invoice.pk, credits=part, author=author, now=now + timedelta(days=1))
        elif number % 10 > 2:
            total = Invoice.objects.with_figures().get(pk=invoice.pk).total_minor
            record_payment(
                customer=customer,
                issuer=issuer,
                currency=currency,
                amount_minor=total // 2 if number % 10 == 7 else total,
                received_on=date(2026, 2, 2),
                reference="",
                author=author,
                now=now + timedelta(days=9),
                invoice_id=invoice.pk,
            )


class Command(BaseCommand):
    help = "Fill the empty database of this machine with users, customers and invoices."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--invoices", type=int, default=30, help="how many (default: 30)")

    def handle(self, *_: object, invoices: int, **__: object) -> None:
        if settings.PUBLIC:
            raise CommandError(
                "INVOICES_ALLOWED_HOSTS is set, so others can reach this service, and everybody knows these users' "
                "passwords. Fix: unset it, or add your own data."
            )
        if User.objects.exists():
            raise CommandError(
                "There is data here, and invoices cannot be taken back. Fix: use a new database, "
                "such as INVOICES_DATABASE_URL=sqlite:///new.sqlite3"
            )
        seed(invoices)
        self.stdout.write(f"{Invoice.objects.count()} documents, {Customer.objects.count()} customers")
        for email, password, role in USERS:
            self.stdout.write(f"{role.value} {email}, password: {password}")
