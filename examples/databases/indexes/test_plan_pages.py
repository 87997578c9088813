"""The plan reader on plans of two versions, without a server."""

import json

from plan_pages import read_plan

BUFFERS = {"Shared Hit Blocks": 3, "Shared Read Blocks": 1}
POSTGRESQL_15 = [
    {
        "Plan": {
            "Node Type": "Limit",
            "Actual Rows": 10,
            "Actual Loops": 1,
            **BUFFERS,
            "Plans": [
                {
                    "Node Type": "Sort",
                    "Actual Rows": 10,
                    "Actual Loops": 1,
                    **BUFFERS,
                    "Plans": [
                        {
                            "Node Type": "Seq Scan",
                            "Actual Rows": 40,
                            "Actual Loops": 1,
                            "Rows Removed by Filter": 60,
                            **BUFFERS,
                        }
                    ],
                }
            ],
        }
    }
]
POSTGRESQL_18 = [
    {
        "Plan": {
            "Node Type": "Index Scan",
            "Index Name": "orders_status",
            "Actual Rows": 25.0,
            "Actual Loops": 1,
            "Index Searches": 9,
            "WAL Records": 0,
            **BUFFERS,
        },
        "Planning Time": 0.1,
    }
]


def test_the_top_node_counts_the_pages_of_all_below_it():
    assert 4 == read_plan(POSTGRESQL_15).pages


def test_a_sort_is_counted_by_the_rows_that_go_in():
    plan = read_plan(POSTGRESQL_15)

    assert (10, 40, 60) == (plan.rows, plan.sorted, plan.removed)
    assert "Seq Scan" == plan.scan
    assert plan.searches is None


def test_fractional_rows_and_index_searches_of_postgresql_18_are_read():
    plan = read_plan(POSTGRESQL_18)

    assert (25, 9, ("orders_status",)) == (plan.rows, plan.searches, plan.indexes)


def test_a_plan_that_arrives_as_text_is_read_as_well():
    assert read_plan(POSTGRESQL_18) == read_plan(json.dumps(POSTGRESQL_18))
