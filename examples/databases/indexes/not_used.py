"""When is an index on `status` used? The same query for each of the five statuses."""

import servers
from plan_pages import Plan
from shop_orders import fill, measure, with_indexes

STATUSES = ["pending", "returned", "paid", "shipped", "delivered"]


def select(status: str) -> str:
    return f"SELECT id, total_cents FROM orders WHERE status = '{status}'"  # noqa: S608 - ours


def plans_of(connection) -> dict[str, Plan]:
    """The plan of each status, and of the most common one where the planner may not read the table through."""
    with_indexes(connection, "status")
    plans = {status: measure(connection, select(status)) for status in STATUSES}
    connection.execute("SET enable_seqscan = off")
    plans["delivered, forced"] = measure(connection, select("delivered"))
    connection.execute("RESET enable_seqscan")
    return plans


def main() -> None:
    with servers.postgresql() as connection:
        fill(connection)
        plans = plans_of(connection)
    print("status               rows   share  pages  scan")
    for status, plan in plans.items():
        print(f"{status:17} {plan.rows:7,} {plan.rows / 500:5.1f} % {plan.pages:6,}  {plan.nodes[0]}")


if __name__ == "__main__":
    main()
