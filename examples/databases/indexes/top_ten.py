"""The first ten rows of an order: from an index that has the order, or from a sort."""

import servers
from plan_pages import Plan
from shop_orders import fill, measure, sections, with_indexes

INDEXES = {
    "waiting": ["status", "status, created_at"],
    "expensive": ["status, total_cents", "status, created_at"],
    "either": ["status, created_at", "created_at"],
}


def compare(connection) -> dict[tuple[str, str], Plan]:
    """The plan of each query with each of its indexes, alone."""
    plans = {}
    for name, indexes in INDEXES.items():
        for columns in indexes:
            with_indexes(connection, columns)
            plans[name, columns] = measure(connection, sections("sort_queries.sql")[name])
    return plans


def main() -> None:
    with servers.postgresql() as connection:
        fill(connection)
        plans = compare(connection)
    print("query     index                 pages sorted removed")
    for (query, columns), plan in plans.items():
        print(f"{query:9} {f'({columns})':21} {plan.pages:5,} {plan.sorted:6,} {plan.removed:7}")


if __name__ == "__main__":
    main()
