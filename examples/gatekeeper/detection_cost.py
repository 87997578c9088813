"""Count the rows that each detector reads, in a log of two days and in one of eight."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from conventions.throwaway import throwaway

NOW = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)
A_DAY = 20_000
# Spread evenly: one request in twenty is a log-in and of these one in ten fails, one in four has a user.
ROWS = """
    INSERT INTO gatekeeper_loggedrequest (at, address, "group", method, path, status, milliseconds, "user", account,
                                          refused, country, latitude, longitude, is_anonymous)
    SELECT %(now)s - interval '1 day' * (n + 0.5) / %(a_day)s, '203.0.113.9', 'network ' || n %% 1999, 'GET',
           '/' || n %% 503 || '/', CASE WHEN n %% 200 = 0 THEN 401 ELSE 200 END, 5,
           CASE WHEN n %% 4 = 1 THEN 'user-' || n %% 997 ELSE '' END,
           CASE WHEN n %% 20 = 0 THEN 'account-' || n %% 991 ELSE '' END, false, 'DE', 51, 9, false
    FROM generate_series(%(first)s::int, %(last)s::int - 1) AS n
"""


def fill(first_day: int, last_day: int) -> None:
    """Log the days from so many to so many before now, and let the planner know."""
    from django.db import connection

    with connection.cursor() as cursor:
        days = {"first": first_day * A_DAY, "last": last_day * A_DAY}
        cursor.execute(ROWS, days | {"now": NOW, "a_day": A_DAY})
        cursor.execute("VACUUM ANALYZE gatekeeper_loggedrequest")


def rows_read() -> Counter[str]:
    """How many rows of the log each detector's statements read, by the plans that were executed."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from gatekeeper.detection import DETECTORS, findings

    rows: Counter[str] = Counter()
    for detector in DETECTORS:
        with CaptureQueriesContext(connection) as asked:
            list(findings(detector, NOW))
        for query in asked.captured_queries:
            with connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {query['sql']}")
                plan = cursor.fetchone()[0]
            plan = json.loads(plan) if isinstance(plan, str) else plan
            rows[detector.kind] += sum(map(_read_by, nodes(plan[0]["Plan"])))
    return rows


def nodes(plan: dict) -> Iterator[dict]:
    """Every node of a plan."""
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)


def _read_by(node: dict) -> int:
    if node.get("Relation Name") != "gatekeeper_loggedrequest":
        return 0
    dropped = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
    return round((node["Actual Rows"] + dropped) * node["Actual Loops"])


def main() -> None:
    """Print a table."""
    from django.db import connection

    from gatekeeper.detection import DETECTORS

    with connection.cursor() as cursor:
        cursor.execute("SET max_parallel_workers_per_gather = 0")  # one process, one count
    fill(0, 2)
    two = rows_read()
    fill(2, 8)
    eight = rows_read()
    print(f"{'rows read of':18} {'window':>9} {2 * A_DAY:10,} {8 * A_DAY:10,}")
    for detector in DETECTORS:
        minutes = detector.window // timedelta(minutes=1)
        print(f"{detector.kind:18} {minutes:5,} min {two[detector.kind]:10,} {eight[detector.kind]:10,}")


if __name__ == "__main__":
    with throwaway("gatekeeper", postgresql=True):
        main()
