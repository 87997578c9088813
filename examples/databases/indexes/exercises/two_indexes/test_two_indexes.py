"""Judge `two_indexes.sql`: run it on 50,000 orders, then count the pages that each query reads."""

import re
from pathlib import Path

import plan_pages
import pytest
import servers
from plan_pages import Plan, read_plan

HERE = Path(__file__).parent
LESSON = Path(plan_pages.__file__).parent
SECTION = re.compile(r"-- --8<-- \[start:(\w+)\]\n(.*?)-- --8<-- \[end:\1\]", re.DOTALL)
ORDERS = dict(SECTION.findall((LESSON / "orders.sql").read_text(encoding="utf-8")))
QUERIES = dict(SECTION.findall((HERE / "queries.sql").read_text(encoding="utf-8")))
MOST_INDEXES, MOST_PAGES = 2, 30
# Each query is also asked about somebody else, so that an index for one customer does not do.
OTHERS = [{}, {"customer_id": 777, "warehouse_id": 31}, {"customer_id": 1000, "warehouse_id": 0}]
COLUMN = r'"?\w+"?(?: ASC| DESC)?(?: NULLS (?:FIRST|LAST))?'
PLAIN = re.compile(
    rf'CREATE INDEX (?:CONCURRENTLY )?(?:IF NOT EXISTS )?(?:"?\w+"? )?ON (?:ONLY )?(?:public\.)?"?orders"? ?'
    rf"(?:USING btree ?)?\( ?{COLUMN}(?: ?, ?{COLUMN})* ?\)(?: ?INCLUDE ?\([\w\", ]+\))?",
    re.IGNORECASE,
)
FORBIDDEN = [
    (r"(SET|RESET|SELECT|DO|CALL|LOAD|ALTER (SYSTEM|DATABASE|ROLE))\b", "changes how the planner decides"),
    (r"(DELETE|TRUNCATE|UPDATE|INSERT|MERGE|COPY|WITH)\b", "changes the rows"),
    (
        r"(ALTER|DROP|CLUSTER|VACUUM|ANALYZE|REINDEX|CREATE(?! (UNIQUE )?INDEX))\b",
        "changes more than indexes",
    ),
    (r"CREATE UNIQUE\b", "makes a unique index, which would refuse orders that the shop accepts today"),
    (r"CREATE INDEX.* USING (?!btree)", "makes an index that is no B-tree: leave USING out"),
    (r"CREATE INDEX.*\) ?WHERE\b", "is a partial index: it serves the rows of its WHERE and no others"),
]


def statements() -> list[str]:
    """The reader's statements without comments, each on one line."""
    text = (HERE / "two_indexes.sql").read_text(encoding="utf-8")
    text = re.sub(r"--[^\n]*|/\*.*?\*/", " ", text, flags=re.DOTALL)
    return [line for line in (" ".join(part.split()) for part in text.split(";")) if line]


def refused(statement: str) -> str:
    """Why the task does not allow this statement; empty where it does."""
    for pattern, why in FORBIDDEN:
        if re.match(pattern, statement, re.IGNORECASE):
            return why
    return (
        "" if PLAIN.fullmatch(statement) else "is not of the form CREATE INDEX ON orders (column, column, …)"
    )


def test_it_only_creates_plain_indexes():
    for statement in statements():
        if why := refused(statement):
            pytest.fail(
                f"{statement}; {why}. Keep to CREATE INDEX ON orders (column, column, …).", pytrace=False
            )


@pytest.fixture(scope="module")
def tried():
    """A connection to the filled table with the reader's indexes, and what PostgreSQL said against them."""
    if any(refused(statement) for statement in statements()):
        pytest.skip("the statement above comes first")
    with servers.postgresql() as connection:
        for statement in re.findall(r"^SET .+?;", ORDERS["session"], re.MULTILINE):
            connection.execute(statement)
        connection.execute(ORDERS["table"])
        connection.execute(ORDERS["rows"])
        problems = []
        for statement in statements():
            try:
                connection.execute(statement)
            except Exception as error:
                problems.append(f"{statement}; is refused by PostgreSQL: {str(error).splitlines()[0]}")
        connection.execute("VACUUM (ANALYZE) orders")
        yield connection, problems


def test_postgresql_accepts_it(tried):
    _, problems = tried

    if problems:
        pytest.fail("\n".join(problems), pytrace=False)


@pytest.fixture
def connection(tried):
    if tried[1]:
        pytest.skip("the statement above comes first")
    return tried[0]


def test_there_are_at_most_two_indexes(connection):
    (count,) = connection.execute(
        "SELECT count(*) FROM pg_index WHERE indrelid = 'orders'::regclass AND NOT indisprimary"
    ).fetchone()

    if not count:
        pytest.fail(
            "no index yet: write CREATE INDEX ON orders (…) with the columns of one query", pytrace=False
        )
    if count > MOST_INDEXES:
        pytest.fail(
            f"{count} indexes, and the task allows {MOST_INDEXES}. Look for queries that test the same column "
            "with =: one composite index can serve them all.",
            pytrace=False,
        )


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_reads_few_pages(name, connection):
    for other in OTHERS:
        query = QUERIES[name]
        for column, value in other.items():
            query = re.sub(rf"{column} = \d+", f"{column} = {value}", query)
        explain = f"EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) {query}"
        connection.execute(explain).fetchone()

        plan = read_plan(connection.execute(explain).fetchone()[0])

        if plan.pages > MOST_PAGES:
            pytest.fail(
                f"{mistake(name, plan)}\n{plan.pages} pages, at most {MOST_PAGES}: {shape(plan)}",
                pytrace=False,
            )


def mistake(name: str, plan: Plan) -> str:
    """What makes the query read too much, and where to look."""
    tested = ", ".join(dict.fromkeys(re.findall(r"(\w+) =", QUERIES[name])))
    then = "created_at" if "created_at" in QUERIES[name] else ""
    begin = f"an index that begins with {tested}" + (f" and goes on with {then}" if then else "")
    if "Seq Scan" in plan.nodes:
        return (
            f"{name} reads the whole table (Seq Scan): there is no index it can use well. Look for {begin}."
        )
    if "BitmapAnd" in plan.nodes:
        return (
            f"{name} walks {len(plan.indexes)} indexes and keeps what they have in common (BitmapAnd): "
            f"one index with all these columns has it in one place. Look for {begin}."
        )
    if plan.sorted:
        return (
            f"{name} sorts {plan.sorted} rows to give {plan.rows} (Sort): the index does not have the order. "
            f"In the index, {then} must follow directly after {tested}."
        )
    if plan.removed:
        return (
            f"{name} fetches {plan.removed} rows from the table only to throw them away "
            f"(Rows Removed by Filter): a column that it tests is not in {' or '.join(plan.indexes)}."
        )
    strangers = {"customer_id": "customers", "status": "statuses"}[
        re.search(r"WHERE (\w+)", QUERIES[name])[1]
    ]
    return (
        f"{name} walks index entries of other {strangers} ({plan.indexes[0]}): what it wants is no run of "
        f"neighbours there. Look at the first column of that index: does the query test it with =?"
    )


def shape(plan: Plan) -> str:
    return " > ".join(plan.nodes) + (f" using {', '.join(plan.indexes)}" if plan.indexes else "")
