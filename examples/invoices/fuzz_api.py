"""Drive the invoices' API from its specification, and report every answer that the specification does not allow.

    python fuzz_api.py --seed 1 --seed 2

Each seed gets an empty database with drafts, issued invoices and a payment, and an accountant's token. Requests
that fit the specification and requests that break it are sent to a server on this machine. The program ends with
status 1 where an answer is undocumented, has another shape than documented, or accepts what it must refuse.
"""

import sys

from conventions.fuzzing import Target, main

# What the schema does not say: which cursors we signed, which ids exist, that zero of something is no line and
# that a line is credited once in a note.
EXCUSED = (
    "listCustomers",
    "listInvoices",
    "listPayments",
    "createInvoice",
    "replaceDraft",
    "creditInvoice",
    "recordPayment",
    "logIn",
    "createCustomer",
    "replaceCustomer",
)


def new_target() -> Target:
    """Empty the database, fill it, and log an accountant in."""
    from django.core.management import call_command
    from django.db import connection

    from invoices.accounts.services import log_in
    from invoices.billing import immutability
    from invoices.billing.payments import record_payment
    from invoices.sample import MUGS, NOW, new_sample

    immutability.drop(connection)  # they refuse to empty the tables
    call_command("flush", interactive=False, reset_sequences=True, verbosity=0)
    immutability.create(connection)
    sample = new_sample()
    sample.issued()  # 1, then drafts that can be replaced, discarded and issued: 2, 3, 4
    for _ in range(3):
        sample.draft()
    paid = sample.issued(MUGS, MUGS)
    record_payment(
        customer=sample.customer,
        issuer=sample.issuer,
        currency="EUR",
        amount_minor=10_000,
        received_on=NOW.date(),
        reference="",
        author=sample.author,
        now=NOW,
        invoice_id=paid.pk,
    )
    tokens = log_in(email=sample.author.email, password="correct horse battery")  # noqa: S106
    return Target(
        headers={"Authorization": f"Bearer {tokens.access}"},
        excused=EXCUSED,
        examples={"renewAccess": {"refresh": tokens.refresh}},
    )


if __name__ == "__main__":
    sys.exit(main("invoices", new_target, __doc__, sys.argv[1:]))
