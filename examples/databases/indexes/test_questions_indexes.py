"""The answers of the page's questions that hold code, each run."""

import pytest
from shop_orders import fill, measure, sections, with_indexes


@pytest.mark.postgresql
def test_q_range_first(postgresql):
    fill(postgresql)
    pages = {}

    for columns in ("created_at, status", "status, created_at"):
        with_indexes(postgresql, columns)
        pages[columns] = measure(postgresql, sections("queries.sql")["quarter"]).pages

    assert {"created_at, status": 84, "status, created_at": 24} == pages
