"""Does the most selective column have to come first? 1,009 customers, 5 statuses, both orders."""

import servers
from plan_pages import Plan
from shop_orders import fill, measure, sections, with_indexes

ORDERS = ["customer_id, status", "status, customer_id"]


def compare(connection) -> dict[tuple[str, str], Plan]:
    """The plan of each query with each of the two indexes, alone."""
    plans = {}
    for columns in ORDERS:
        with_indexes(connection, columns)
        for name, query in sections("selective_queries.sql").items():
            plans[name, columns] = measure(connection, query)
    return plans


def main() -> None:
    with servers.postgresql() as connection:
        fill(connection)
        plans = compare(connection)
    for (query, columns), plan in sorted(plans.items()):
        print(f"{query:8} {f'({columns})':21} {plan.pages:4} pages, {plan.rows:3} rows")


if __name__ == "__main__":
    main()
