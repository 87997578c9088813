"""Try five ways to charge once: against a second delivery at the same time, and against a crash."""

import sqlite3
import tempfile
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import closing, suppress
from pathlib import Path

from schedules import Kill, Script, Step, Wait, explore

Way = Generator[str, list, None]  # gives an SQL statement, gets the rows it returned


# --8<-- [start:ways]
LOOK = "SELECT 1 FROM charges WHERE payment_id = 'p-7'"
CHARGE = "INSERT INTO charges VALUES ('p-7', 4200)"
KEY = """
    INSERT INTO keys VALUES ('p-7')
    ON CONFLICT DO NOTHING RETURNING 1
"""
LOOK_FOR_KEY = "SELECT 1 FROM keys WHERE payment_id = 'p-7'"


def no_key() -> Way:
    yield CHARGE


def look_first() -> Way:
    if not (yield LOOK):
        yield CHARGE


def key_before() -> Way:
    if (yield KEY):
        yield CHARGE


def key_after() -> Way:
    if not (yield LOOK_FOR_KEY):
        yield CHARGE
        yield KEY


def together() -> Way:
    yield "BEGIN IMMEDIATE"
    if (yield KEY):
        yield CHARGE
    yield "COMMIT"


# --8<-- [end:ways]
WAYS = {
    "no key": no_key,
    "look first": look_first,
    "key, then charge": key_before,
    "charge, then key": key_after,
    "key and charge": together,
}


def charge_once(file: Path) -> str:
    """The promise: nothing to say where the customer was charged once."""
    with closing(connect(file)) as connection:
        times = connection.execute("SELECT count(*) FROM charges").fetchone()[0]
    return "" if times == 1 else f"charged {times} times"


def connect(file: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(file, timeout=0, isolation_level=None)
    connection.execute("PRAGMA synchronous = OFF")  # the killed are processes, not machines
    return connection


def empty(file: Path) -> Path:
    with closing(connect(file)) as connection:
        connection.executescript("""
            DROP TABLE IF EXISTS charges;
            DROP TABLE IF EXISTS keys;
            CREATE TABLE charges (payment_id TEXT, cents INTEGER);
            CREATE TABLE keys (payment_id TEXT PRIMARY KEY);
        """)
    return file


def may_write(connection: sqlite3.Connection) -> bool:
    """Whether this connection has the write lock of the database, or could take it now."""
    if connection.in_transaction:
        return True
    try:
        connection.executescript("BEGIN IMMEDIATE; ROLLBACK")
    except sqlite3.OperationalError as error:
        return error.sqlite_errorcode != sqlite3.SQLITE_BUSY  # another fault, the statement will name
    return True


def delivery(way: Callable[[], Way]) -> Script[Path]:
    """One worker with its own connection; each statement is a step, and waits for the write lock."""

    def deliver(file: Path) -> Generator[Step, None, None]:
        statements, rows = way(), None
        # Closed at the end or when it is killed: what was not committed is undone.
        with closing(connect(file)) as connection, suppress(StopIteration):
            while True:
                statement = statements.send(rows)
                yield Wait(statement, until=lambda: may_write(connection))
                rows = connection.execute(statement).fetchall()

    return deliver


def two_at_once(way: Callable[[], Way], file: Path) -> Counter[str]:
    """What each possible order of the statements of two deliveries breaks; "" counts those that charge once."""
    pair = {"first": delivery(way), "second": delivery(way)}
    return Counter(path.fault for path in explore(lambda: empty(file), pair, charge_once))


def killed_and_redelivered(way: Callable[[], Way], file: Path) -> Counter[str]:
    """The same, when the first delivery is killed after so many statements, and a second one runs whole."""

    def redeliver(file: Path) -> Generator[Step, None, None]:
        yield Kill("first")
        yield from delivery(way)(file)

    pair = {"first": delivery(way), "second": redeliver}
    return Counter(path.fault for path in explore(lambda: empty(file), pair, charge_once))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "shop.sqlite"
        print("                  two at once    killed")
        print("times charged       0  1  2      0  1  2")
        for name, way in WAYS.items():
            counted = two_at_once(way, file), killed_and_redelivered(way, file)
            race, crash = (
                "".join(f"{ends[fault]:3}" for fault in ("charged 0 times", "", "charged 2 times"))
                for ends in counted
            )
            print(f"{name:18}{race}    {crash}")
