"""Four queries, three states of one table: no index, and the same two columns in both orders."""

from collections.abc import Iterator

import servers
from plan_pages import Plan
from shop_orders import fill, measure, sections, with_indexes

# --8<-- [start:states]
STATES = {
    "no index": [],
    "status, created_at": ["status, created_at"],
    "created_at, status": ["created_at, status"],
}


def compare(connection) -> Iterator[tuple[str, str, Plan]]:
    """Run every query in every state; give (query, state, plan) each time."""
    for state, indexes in STATES.items():
        with_indexes(connection, *indexes)
        for name, query in sections("queries.sql").items():
            yield name, state, measure(connection, query)


# --8<-- [end:states]
def table_pages(connection, query: str) -> int:
    """How many pages of the table hold the rows that `query` gives; no plan can read fewer of them."""
    rows = query.strip().rstrip(";")
    page = "(ctid::text::point)[0]"  # a row's place is (page, number on the page)
    (count,) = connection.execute(
        f"SELECT count(DISTINCT {page}) FROM orders WHERE id IN (SELECT id FROM ({rows}) AS found)"  # noqa: S608
    ).fetchone()
    return count


def main() -> None:
    queries = sections("queries.sql")
    with servers.postgresql() as connection:
        fill(connection)
        plans = {(query, state): plan for query, state, plan in compare(connection)}
        lie_on = {name: table_pages(connection, query) for name, query in queries.items()}
    print("query   index              pages removed searches rows scan")
    for query in queries:
        for state in STATES:
            plan = plans[query, state]
            searches = "-" if plan.searches is None else plan.searches
            print(
                f"{query:7} {state:18} {plan.pages:5} {plan.removed:7} {searches:>8} {plan.rows:4} {plan.scan}"
            )
    print("table pages with these rows:", ", ".join(f"{name} {pages}" for name, pages in lie_on.items()))


if __name__ == "__main__":
    main()
