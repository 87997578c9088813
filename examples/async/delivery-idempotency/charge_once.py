"""Try five ways to charge once: against a second delivery at the same time, and against a crash."""

import sqlite3
import tempfile
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import closing
from pathlib import Path

Script = Generator[str, list, None]  # gives an SQL statement, gets the rows it returned


# --8<-- [start:ways]
LOOK = "SELECT 1 FROM charges WHERE payment_id = 'p-7'"
CHARGE = "INSERT INTO charges VALUES ('p-7', 4200)"
KEY = """
    INSERT INTO keys VALUES ('p-7')
    ON CONFLICT DO NOTHING RETURNING 1
"""
LOOK_FOR_KEY = "SELECT 1 FROM keys WHERE payment_id = 'p-7'"


def no_key() -> Script:
    yield CHARGE


def look_first() -> Script:
    if not (yield LOOK):
        yield CHARGE


def key_before() -> Script:
    if (yield KEY):
        yield CHARGE


def key_after() -> Script:
    if not (yield LOOK_FOR_KEY):
        yield CHARGE
        yield KEY


def together() -> Script:
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


class Delivery:
    """One worker with its own connection, which runs a script statement by statement."""

    def __init__(self, way: Callable[[], Script], file: Path) -> None:
        self.connection = sqlite3.connect(file, timeout=0, isolation_level=None)
        self.connection.execute("PRAGMA synchronous = OFF")  # the killed are processes, not machines
        self.script = way()
        self.statement: str | None = next(self.script)

    def step(self) -> bool:
        """Run the next statement; False where another connection has locked the database: it waits."""
        try:
            rows = self.connection.execute(self.statement).fetchall()
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise
            return False
        try:
            self.statement = self.script.send(rows)
        except StopIteration:
            self.statement = None
        return True


def charged(file: Path) -> int:
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute("SELECT count(*) FROM charges").fetchone()[0]


def empty(file: Path) -> Path:
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript("""
            PRAGMA synchronous = OFF;
            DROP TABLE IF EXISTS charges;
            DROP TABLE IF EXISTS keys;
            CREATE TABLE charges (payment_id TEXT, cents INTEGER);
            CREATE TABLE keys (payment_id TEXT PRIMARY KEY);
        """)
    return file


def two_at_once(way: Callable[[], Script], file: Path) -> Counter[int]:
    """Charges after each possible order of the statements of two deliveries."""
    ends: Counter[int] = Counter()
    orders: list[list[int]] = [[]]
    while orders:
        order = orders.pop()
        pair = [Delivery(way, empty(file)) for _ in range(2)]
        possible = all(pair[who].step() for who in order)
        if possible and all(each.statement is None for each in pair):
            ends[charged(file)] += 1
        elif possible:
            orders += [[*order, who] for who in (0, 1) if pair[who].statement is not None]
        for each in pair:
            each.connection.close()
    return ends


def killed_and_redelivered(way: Callable[[], Script], file: Path) -> Counter[int]:
    """Charges when the first delivery dies after so many statements, and a second one runs whole."""
    ends: Counter[int] = Counter()
    statements, alive = 0, True
    while alive:
        first = Delivery(way, empty(file))
        for _ in range(statements):
            first.step()
        alive = first.statement is not None
        first.connection.close()  # what it had not committed is undone
        second = Delivery(way, file)
        while second.statement is not None:
            second.step()
        second.connection.close()
        ends[charged(file)] += 1
        statements += 1
    return ends


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "shop.sqlite"
        print("                  two at once    killed")
        print("times charged       0  1  2      0  1  2")
        for name, way in WAYS.items():
            race, crash = two_at_once(way, file), killed_and_redelivered(way, file)
            print(f"{name:18}{race[0]:3}{race[1]:3}{race[2]:3}    {crash[0]:3}{crash[1]:3}{crash[2]:3}")
