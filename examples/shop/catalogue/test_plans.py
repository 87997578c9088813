"""Which index a page is read from. Plans are PostgreSQL's: `conftest.py` leaves this file out elsewhere."""

import json

import pytest
from django.db import connection

from shop.catalogue import services
from shop.catalogue.models import Category, Product


def plan_nodes(plan: dict) -> list[dict]:
    return [plan, *(node for child in plan.get("Plans", ()) for node in plan_nodes(child))]


@pytest.mark.parametrize(
    ("query", "index"),
    [
        ({"ordering": "name"}, "product_by_name"),
        ({"ordering": "-price_minor"}, "product_by_price"),
    ],
)
def test_a_page_is_read_from_its_index_without_sorting_all_rows(mugs: Category, query: dict, index: str):
    Product.objects.bulk_create(
        Product(
            name=f"Mug {n * 7919 % 20_000}", slug=f"mug-{n}", category=mugs, price_minor=n * 31 % 997, stock=1
        )
        for n in range(20_000)
    )
    cursor = services.list_products(page_size=100, **query).next_cursor
    with connection.cursor() as cursor_:
        cursor_.execute("ANALYZE catalogue_product")
    statements = []

    def explain(execute: object, sql: str, params: object, many: bool, context: dict) -> object:
        if "catalogue_product" in sql and not sql.startswith("EXPLAIN"):
            with context["connection"].cursor() as inner:
                inner.execute(f"EXPLAIN (FORMAT JSON) {sql}", params)
                (plan,) = inner.fetchone()
                statements.append(plan if isinstance(plan, list) else json.loads(plan))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(explain):
        services.list_products(page_size=100, cursor=cursor, **query)

    (plan,) = statements
    nodes = plan_nodes(plan[0]["Plan"])
    assert index in {node.get("Index Name") for node in nodes}
    assert "Sort" not in {node["Node Type"] for node in nodes}
