"""Three indexes of one column each against one index of three columns."""

import servers
from plan_pages import Plan
from shop_orders import fill, measure, sections, with_indexes

STATES = {
    "three single": ["warehouse_id", "status", "created_at"],
    "one composite": ["warehouse_id, status, created_at"],
}


def compare(connection) -> dict[tuple[str, str], Plan]:
    """The plan of each query in each state."""
    plans = {}
    for state, indexes in STATES.items():
        with_indexes(connection, *indexes)
        for name, query in sections("single_queries.sql").items():
            plans[name, state] = measure(connection, query)
    return plans


def main() -> None:
    with servers.postgresql() as connection:
        fill(connection)
        plans = compare(connection)
    for query in sections("single_queries.sql"):
        for state in STATES:
            plan = plans[query, state]
            print(f"{query:8} {state:13} {plan.pages:2} pages {plan.removed:5,} removed  {plan.scan}")


if __name__ == "__main__":
    main()
