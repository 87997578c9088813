"""The four queries under three states of the table, on each PostgreSQL at hand."""

import pytest
from column_order import compare, table_pages
from shop_orders import fill, sections

pytestmark = pytest.mark.postgresql
STATUS_FIRST, DATE_FIRST = "status, created_at", "created_at, status"


MEASURED = {}


@pytest.fixture
def plans(postgresql):
    """The plans of all queries in all states; measured once on each server, because the table takes its time."""
    version = postgresql.info.server_version
    if version not in MEASURED:
        fill(postgresql)
        MEASURED[version] = {(query, state): plan for query, state, plan in compare(postgresql)}
    return MEASURED[version]


def skips(postgresql) -> bool:
    return postgresql.info.server_version >= 180_000


def test_every_query_reads_the_pages_that_the_page_shows(plans, postgresql):
    pages = {key: plan.pages for key, plan in plans.items()}

    backward, day = (34, 40) if skips(postgresql) else (40, 1112)
    assert {
        ("quarter", "no index"): 1112,
        ("quarter", STATUS_FIRST): 24,
        ("quarter", DATE_FIRST): 84,
        ("newest", "no index"): 1112,
        ("newest", STATUS_FIRST): 11,
        ("newest", DATE_FIRST): backward,
        ("pending", "no index"): 1112,
        ("pending", STATUS_FIRST): 86,
        ("pending", DATE_FIRST): 323,
        ("day", "no index"): 1112,
        ("day", STATUS_FIRST): day,
        ("day", DATE_FIRST): 7,
    } == pages


def test_without_an_index_every_row_is_looked_at(plans):
    looked_at = {plan.rows + plan.removed for (_, state), plan in plans.items() if state == "no index"}

    # The ten newest of the hundred pending orders: ninety went into the sort and did not come out.
    assert {50_000, 49_910} == looked_at


def test_entries_that_an_index_scan_walks_for_nothing_are_not_counted_as_removed_rows(plans):
    assert 0 == plans["quarter", DATE_FIRST].removed
    assert plans["quarter", DATE_FIRST].pages > 3 * plans["quarter", STATUS_FIRST].pages


def test_both_orders_fetch_the_same_table_pages_so_the_difference_lies_in_the_index(plans, postgresql):
    fill(postgresql)

    shared = table_pages(postgresql, sections("queries.sql")["quarter"])

    # One descent through three levels; against that a root, and a quarter of the 239 leaves.
    assert (21, 3, 63) == (
        shared,
        plans["quarter", STATUS_FIRST].pages - shared,
        plans["quarter", DATE_FIRST].pages - shared,
    )


def test_a_skip_scan_descends_three_levels_for_each_search(plans, postgresql):
    fill(postgresql)

    (visits,) = postgresql.execute(
        "SELECT count(DISTINCT (status, (ctid::text::point)[0])) FROM orders"
        " WHERE created_at >= '2026-03-01' AND created_at < '2026-03-02'"
    ).fetchone()

    plan = plans["day", STATUS_FIRST]
    if skips(postgresql):
        assert (9, 9 * 3 + visits) == (plan.searches, plan.pages)
    else:  # there is no skip scan yet
        assert "Seq Scan" == plan.scan


def test_a_leading_column_of_50_000_values_cannot_be_skipped(plans, postgresql):
    expected = 1 if skips(postgresql) else None

    assert expected == plans["pending", DATE_FIRST].searches
