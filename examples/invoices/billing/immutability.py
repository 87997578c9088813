"""Triggers that refuse to change what was issued or paid, whoever asks: this program, another, or a person.

Dropping a trigger takes the rights of the table's owner, and so does PostgreSQL's TRUNCATE, unless it was granted. So
let the service connect as another user than the owner, and see `chain`. On SQLite a migration that rebuilds one of
these tables drops its triggers: create them anew there.
"""

from django.db.backends.base.base import BaseDatabaseWrapper

# --8<-- [start:postgresql]
ON_POSTGRESQL = (
    """
    CREATE FUNCTION billing_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'what was issued or paid does not change' USING ERRCODE = 'check_violation';
    END $$;
    """,
    """
    CREATE TRIGGER billing_invoice_stays BEFORE UPDATE OR DELETE ON billing_invoice
    FOR EACH ROW WHEN (OLD.status = 'issued') EXECUTE FUNCTION billing_refuse();
    """,
    """
    CREATE FUNCTION billing_line_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        -- The lock: who is about to issue the invoice is waited for.
        PERFORM 1 FROM billing_invoice WHERE id IN (OLD.invoice_id, NEW.invoice_id) FOR SHARE;
        IF EXISTS (SELECT 1 FROM billing_invoice
                   WHERE id IN (OLD.invoice_id, NEW.invoice_id) AND status = 'issued') THEN
            RAISE EXCEPTION 'what was issued or paid does not change' USING ERRCODE = 'check_violation';
        END IF;
        RETURN coalesce(NEW, OLD);
    END $$;
    """,
    """
    CREATE TRIGGER billing_line_stays BEFORE INSERT OR UPDATE OR DELETE ON billing_line
    FOR EACH ROW EXECUTE FUNCTION billing_line_refuse();
    """,
    """
    CREATE TRIGGER billing_payment_stays BEFORE UPDATE OR DELETE ON billing_payment
    FOR EACH ROW EXECUTE FUNCTION billing_refuse();
    """,
    """
    CREATE TRIGGER billing_allocation_stays BEFORE UPDATE OR DELETE ON billing_allocation
    FOR EACH ROW EXECUTE FUNCTION billing_refuse();
    """,
)
# --8<-- [end:postgresql]


def _on_sqlite(table: str, event: str, condition: str) -> str:
    return (
        f"CREATE TRIGGER {table}_stays_{event.lower()} BEFORE {event} ON {table} WHEN {condition} "
        "BEGIN SELECT RAISE(ABORT, 'what was issued or paid does not change'); END"
    )


OF_LINE = "EXISTS (SELECT 1 FROM billing_invoice WHERE id IN ({}) AND status = 'issued')"
SQLITE_TRIGGERS = {
    ("billing_invoice", "UPDATE"): "OLD.status = 'issued'",
    ("billing_invoice", "DELETE"): "OLD.status = 'issued'",
    ("billing_line", "INSERT"): OF_LINE.format("NEW.invoice_id"),
    ("billing_line", "UPDATE"): OF_LINE.format("OLD.invoice_id, NEW.invoice_id"),
    ("billing_line", "DELETE"): OF_LINE.format("OLD.invoice_id"),
    ("billing_payment", "UPDATE"): "true",
    ("billing_payment", "DELETE"): "true",
    ("billing_allocation", "UPDATE"): "true",
    ("billing_allocation", "DELETE"): "true",
}
TABLES = sorted({table for table, _ in SQLITE_TRIGGERS})


def create(connection: BaseDatabaseWrapper) -> None:
    """Create the triggers on a database."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            for statement in ON_POSTGRESQL:
                cursor.execute(statement)
        else:
            for (table, event), condition in SQLITE_TRIGGERS.items():
                cursor.execute(_on_sqlite(table, event, condition))


def drop(connection: BaseDatabaseWrapper) -> None:
    """Drop them: before the tables go, or to empty a database that is thrown away."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            for table in TABLES:
                cursor.execute(f"DROP TRIGGER {table}_stays ON {table}")
            cursor.execute("DROP FUNCTION billing_refuse()")
            cursor.execute("DROP FUNCTION billing_line_refuse()")
        else:
            for table, event in SQLITE_TRIGGERS:
                cursor.execute(f"DROP TRIGGER {table}_stays_{event.lower()}")
