"""Number invoices while some of them are rolled back: a sequence, the highest plus one, and a locked counter."""

import argparse
import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

from conventions.throwaway import throwaway

WRITERS = 8
ROUNDS = 25


class RolledBack(Exception):
    """The rest of the transaction failed: a line was wrong, a worker died, a person pressed cancel."""


def execute(statement: str, *parameters: object) -> int | None:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchone()[0] if cursor.description else None


def use(number: int) -> None:
    execute("INSERT INTO used (number) VALUES (%s)", number)


# --8<-- [start:ways]
def from_sequence(_: Barrier) -> None:
    use(execute("SELECT nextval('invoice_number')"))


def highest_plus_one(all_have_looked: Barrier) -> None:
    number = execute("SELECT coalesce(max(number), 0) + 1 FROM used")
    all_have_looked.wait()  # the worst moment, every time
    use(number)


def from_counter(_: Barrier) -> None:
    use(next_in(issuer, 2026, "invoice").last_number)


# --8<-- [end:ways]


def write(way: Callable, writer: int, together: Barrier) -> None:
    """Number `ROUNDS` invoices, about a third of which come to nothing."""
    dice = random.Random(writer)  # noqa: S311 - the same every time
    for _ in range(ROUNDS):
        together.wait()
        try:
            with transaction.atomic():
                way(together)
                if dice.random() < 1 / 3:
                    raise RolledBack
        except RolledBack:
            pass
        together.wait()
    connection.close()


def result(way: Callable) -> str:
    execute("DELETE FROM used")
    together = Barrier(WRITERS)
    with ThreadPoolExecutor(WRITERS) as threads:
        list(threads.map(lambda writer: write(way, writer, together), range(WRITERS)))
    with transaction.atomic():
        way(Barrier(1))  # one more at the end, so that what is missing before it is a gap
    with connection.cursor() as cursor:
        cursor.execute("SELECT number FROM used")
        numbers = [number for (number,) in cursor.fetchall()]
    gaps = max(numbers) - len(set(numbers))
    return f"{len(numbers)} invoices, {gaps} gaps, {len(numbers) - len(set(numbers))} duplicates"


def waiting_behind(way: Callable) -> int:
    """How many of the other writers wait while one has its number and has not committed."""
    taken, seen = Event(), Event()

    def hold() -> None:
        with transaction.atomic():
            way(Barrier(1))
            taken.set()
            seen.wait(30)
        connection.close()

    def follow() -> None:
        taken.wait(30)
        with transaction.atomic():
            way(Barrier(1))
        connection.close()

    with ThreadPoolExecutor(WRITERS) as threads:
        others = [threads.submit(each) for each in (hold, *[follow] * (WRITERS - 1))][1:]
        waiting = 0
        deadline = time.monotonic() + 20
        while waiting + sum(each.done() for each in others) < len(others) and time.monotonic() < deadline:
            waiting = execute(
                "SELECT count(*) FROM pg_stat_activity "
                "WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
        seen.set()
    return waiting


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--postgresql", action="store_true", help="on PostgreSQL (default: SQLite)")
    options = parser.parse_args()
    with throwaway("invoices", postgresql=options.postgresql):
        from django.db import connection, transaction

        from invoices.billing.services import next_in
        from invoices.sample import new_sample

        issuer = new_sample().issuer
        execute("CREATE TABLE used (number integer NOT NULL)")
        ways = {"locked counter": from_counter}
        if options.postgresql:  # SQLite has no sequences, and lets one transaction write at a time
            execute("CREATE SEQUENCE invoice_number")
            ways = {"sequence": from_sequence, "highest plus one": highest_plus_one} | ways
        print(f"{WRITERS} writers, {WRITERS * ROUNDS} tries, a third rolled back, {connection.display_name}")
        for name, way in ways.items():
            print(f"{name}: {result(way)}")
        if options.postgresql:
            for name in ("sequence", "locked counter"):
                print(
                    f"while one has not committed, {waiting_behind(ways[name])} of {WRITERS - 1} wait: {name}"
                )
