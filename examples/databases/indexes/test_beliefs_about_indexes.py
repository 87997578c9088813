"""Four beliefs and a sort, measured on each PostgreSQL at hand."""

import not_used
import pytest
import selective_first
import single_columns
import top_ten
import write_cost
from shop_orders import fill

pytestmark = pytest.mark.postgresql


def test_the_order_changes_nothing_for_two_equalities_and_decides_which_other_queries_are_served(postgresql):
    fill(postgresql)
    by_customer, by_status = selective_first.ORDERS

    plans = selective_first.compare(postgresql)

    assert 52 == plans["both", by_customer].pages == plans["both", by_status].pages
    assert plans["customer", by_customer].pages < plans["customer", by_status].pages
    assert plans["pending", by_status].pages < plans["pending", by_customer].pages


def test_one_index_a_column_comes_close_for_equalities_and_falls_behind_for_a_sort(postgresql):
    fill(postgresql)

    plans = single_columns.compare(postgresql)

    assert (33, 30) == tuple(plans["returned", state].pages for state in single_columns.STATES)
    assert "BitmapAnd" == plans["returned", "three single"].scan
    assert (90, 13) == tuple(plans["oldest", state].pages for state in single_columns.STATES)
    assert 3535 == plans["oldest", "three single"].removed
    assert (35, 15) == tuple(plans["march", state].pages for state in single_columns.STATES)


def test_an_index_is_passed_over_where_most_rows_match_and_forcing_it_reads_more(postgresql):
    fill(postgresql)

    plans = not_used.plans_of(postgresql)

    assert ("Index Scan", "Seq Scan") == (plans["pending"].scan, plans["delivered"].scan)
    assert 1112 == plans["delivered"].pages < plans["delivered, forced"].pages


def test_an_index_that_has_the_order_saves_the_sort_and_a_list_of_values_loses_it(postgresql):
    fill(postgresql)

    plans = top_ten.compare(postgresql)

    pages_and_sorted = {key: (plan.pages, plan.sorted) for key, plan in plans.items()}
    assert (1114, 1900) == pages_and_sorted["waiting", "status"]
    assert (9, 0) == pages_and_sorted["waiting", "status, created_at"]
    assert (66, 0) == pages_and_sorted["expensive", "status, created_at"]
    assert (146, 231) == pages_and_sorted["expensive", "status, total_cents"]
    assert 6900 == plans["either", "status, created_at"].sorted
    assert (4, 0) == pages_and_sorted["either", "created_at"]


def test_every_index_adds_a_log_record_to_every_insert(postgresql):
    costs = list(write_cost.cost(postgresql))

    assert [2, 3, 4, 5] == [records for _, _, records, _, _ in costs]
    assert [4, 7, 9, 11] == [pages for _, pages, _, _, _ in costs]
    assert [139, 382, 623, 673] == [index_pages for _, _, _, index_pages, _ in costs]
