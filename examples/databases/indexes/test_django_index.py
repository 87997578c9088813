"""The index that Django's model declares, on each PostgreSQL at hand."""

import pytest
from django_index import NEWEST_FIRST, Order, sql_of
from shop_orders import fill, measure, sections


def test_a_model_index_becomes_one_create_index():
    (index,) = Order._meta.indexes

    assert 'CREATE INDEX "order_status_created" ON "orders" ("status", "created_at");' == sql_of(index)


@pytest.mark.postgresql
def test_a_minus_is_not_needed_for_an_order_that_is_the_exact_reverse(postgresql):
    fill(postgresql)
    pages = []

    for index in (*Order._meta.indexes, NEWEST_FIRST):
        postgresql.execute(sql_of(index))
        pages.append(measure(postgresql, sections("queries.sql")["newest"]).pages)
        postgresql.execute(f"DROP INDEX {index.name}")

    assert [11, 11] == pages
