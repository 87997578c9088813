"""Fill a table with 50,000 orders, and measure what a query reads from it."""

import re
from pathlib import Path

from plan_pages import Plan, read_plan

HERE = Path(__file__).parent
SECTION = re.compile(r"-- --8<-- \[start:(\w+)\]\n(.*?)-- --8<-- \[end:\1\]", re.DOTALL)
EXPLAIN = "EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) "


def sections(file: str) -> dict[str, str]:
    """The named sections of a .sql file beside this module."""
    return dict(SECTION.findall((HERE / file).read_text(encoding="utf-8")))


def fill(connection) -> None:
    """Create the table `orders` with its 50,000 rows."""
    parts = sections("orders.sql")
    for statement in re.findall(r"^SET .+?;", parts["session"], re.MULTILINE):
        connection.execute(statement)
    connection.execute(parts["table"])
    connection.execute(parts["rows"])
    connection.execute("VACUUM (ANALYZE) orders")


# --8<-- [start:measure]
def measure(connection, query: str) -> Plan:
    """What `query` reads on its second run, when nothing is left to set up."""
    connection.execute(EXPLAIN + query).fetchone()
    return read_plan(connection.execute(EXPLAIN + query).fetchone()[0])


# --8<-- [end:measure]
def with_indexes(connection, *indexes: str) -> None:
    """Leave `orders` with its primary key and these indexes, each given as "column, column"."""
    for (name,) in connection.execute(
        "SELECT indexrelid::regclass::text FROM pg_index "
        "WHERE indrelid = 'orders'::regclass AND NOT indisprimary ORDER BY 1"
    ).fetchall():
        connection.execute(f"DROP INDEX {name}")
    for columns in indexes:
        connection.execute(f"CREATE INDEX {name_of(columns)} ON orders ({columns})")
    connection.execute("VACUUM (ANALYZE) orders")


def name_of(columns: str) -> str:
    """The name of an index: "status, created_at DESC" makes orders_status_created_at_desc."""
    return "orders_" + "_".join(re.findall(r"\w+", columns.lower()))
