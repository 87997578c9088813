"""Try to change an issued invoice: as the service, as a person at the database, and as its owner."""

import argparse

from conventions.throwaway import throwaway


def attempt(title: str, statement: str) -> None:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
            print(f"{title}: {cursor.rowcount} rows changed")
    except IntegrityError as error:
        print(f"{title}: refused, {str(error).splitlines()[0]}")


# --8<-- [start:attempts]
def attempts() -> None:
    attempt("a lower price", "UPDATE billing_line SET unit_price_minor = 1")
    attempt("another line", "UPDATE billing_line SET invoice_id = 2 WHERE invoice_id = 1")
    attempt("another buyer", "UPDATE billing_invoice SET buyer = '{}' WHERE id = 1")
    attempt("a draft again", "UPDATE billing_invoice SET status = 'draft' WHERE id = 1")
    attempt("gone", "DELETE FROM billing_invoice WHERE id = 1")


# --8<-- [end:attempts]


def verdict() -> str:
    faults = [fault for series in Series.objects.all() for fault in verify(series).faults]
    return "; ".join(faults) or "every document is as it was issued"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--postgresql", action="store_true", help="on PostgreSQL (default: SQLite)")
    options = parser.parse_args()
    with throwaway("invoices", postgresql=options.postgresql):
        from django.db import IntegrityError, connection, transaction

        from invoices.billing import immutability
        from invoices.billing.chain import verify
        from invoices.billing.models import Series
        from invoices.sample import new_sample

        sample = new_sample()
        for _ in range(2):
            sample.issued()
        print(connection.display_name)
        attempts()
        print(f"chain: {verdict()}")
        print()
        immutability.drop(connection)
        attempt(
            "a lower price, without triggers", "UPDATE billing_line SET unit_price_minor = 1 WHERE id = 1"
        )
        print(f"chain: {verdict()}")
