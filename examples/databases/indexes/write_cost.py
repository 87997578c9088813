"""What 1,000 new orders cost to write, with up to three indexes beside the primary key."""

from collections.abc import Iterator

import servers
from plan_pages import read_plan
from shop_orders import fill, sections, with_indexes

NEW_ORDERS = 1_000
ADDED = ["status, created_at", "created_at, status", "customer_id, status"]


# --8<-- [start:write]
def write(connection) -> tuple[int, int]:
    """Insert the new orders: (pages touched, write-ahead log records), both for one order."""
    explain = "EXPLAIN (ANALYZE, BUFFERS, WAL, TIMING OFF, FORMAT JSON) "
    (explained,) = connection.execute(explain + sections("orders.sql")["more_rows"]).fetchone()
    plan = read_plan(explained)
    return round(plan.pages / NEW_ORDERS), round(plan.log_records / NEW_ORDERS)


# --8<-- [end:write]
def cost(connection) -> Iterator[tuple[int, int, int, int, int]]:
    """(indexes added, pages touched, log records, pages of all indexes, of the table) for 0 to 3 indexes."""
    for count in range(len(ADDED) + 1):
        connection.execute("DROP TABLE IF EXISTS orders")
        fill(connection)
        with_indexes(connection, *ADDED[:count])
        index_pages, table_pages = connection.execute(
            "SELECT pg_indexes_size('orders') / 8192, pg_relation_size('orders') / 8192"
        ).fetchone()
        yield count, *write(connection), int(index_pages), int(table_pages)


def main() -> None:
    print("for each new order:  pages  log records  size of all indexes")
    with servers.postgresql() as connection:
        for count, touched, records, index_pages, table_pages in cost(connection):
            share = f"{index_pages / table_pages:.0%} of the table"
            print(f"primary key + {count}     {touched:6} {records:12}  {index_pages} pages, {share}")


if __name__ == "__main__":
    main()
