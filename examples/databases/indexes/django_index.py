"""Declare the index in Django, read the SQL it becomes, and measure it."""

# ruff: noqa: DJ008, RUF012 - the model is as short as on Django's own pages

import django
import servers
from django.conf import settings
from django.db import models
from django.db.utils import ConnectionHandler
from shop_orders import fill, measure, sections

if not settings.configured:  # alone, without a project
    settings.configure()
    django.setup()


# --8<-- [start:model]
class Order(models.Model):
    status = models.CharField(max_length=10)
    created_at = models.DateTimeField()
    total_cents = models.IntegerField()

    class Meta:
        app_label = "indexes"
        db_table = "orders"
        indexes = [
            models.Index(fields=["status", "created_at"], name="order_status_created"),
        ]


# --8<-- [end:model]
NEWEST_FIRST = models.Index(fields=["status", "-created_at"], name="order_status_newest")


def sql_of(index: models.Index) -> str:
    """What a migration with AddIndex sends to PostgreSQL; no server is asked."""
    database = ConnectionHandler({"default": {"ENGINE": "django.db.backends.postgresql"}})["default"]
    with database.schema_editor(collect_sql=True, atomic=False) as editor:
        editor.add_index(Order, index)
    (sql,) = editor.collected_sql
    return sql


def main() -> None:
    with servers.postgresql() as connection:
        fill(connection)
        for index in (*Order._meta.indexes, NEWEST_FIRST):
            sql = sql_of(index)
            connection.execute(sql)
            plan = measure(connection, sections("queries.sql")["newest"])
            connection.execute(f"DROP INDEX {index.name}")
            print(f"{sql}\n  newest: {plan.scan}, {plan.pages} pages, {plan.sorted} rows sorted")


if __name__ == "__main__":
    main()
