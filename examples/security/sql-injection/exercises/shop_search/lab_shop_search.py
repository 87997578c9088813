"""Send a request to the shop of this folder, or let an exploit send its own, and show the SQL that ran.

python lab_shop_search.py /login "email=' OR '1'='1' -- " password=
python lab_shop_search.py exploit stage=blind

Every call gets a new database. With --json a last line follows for the page: requests sent, flags captured.
"""

import json
import os
import sqlite3
import sys

os.environ["NEXUS_LAB"] = "1"  # whoever runs this attacks their own copy

import shop_search
from five_exploits import EXPLOITS, flag_in
from market_data import flags, new_market, password_of

SEED = 1
SHOWN_ROWS = 12
SHOWN_STATEMENTS = 3


class Watched(sqlite3.Connection):
    """A connection that keeps every statement, with its values in place."""

    def __init__(self, *arguments, **named) -> None:
        super().__init__(*arguments, **named)
        self.statements: list[str] = []

    def execute(self, statement: str, *values) -> sqlite3.Cursor:
        before = len(self.statements)
        try:
            return super().execute(statement, *values)
        except sqlite3.Error as error:
            del self.statements[before:]  # SQLite traces only what it understood
            self.statements.append(f"{statement}\n-- {error}")
            raise


def watched_market() -> Watched:
    """The market's data, where each statement is seen."""
    watched = sqlite3.connect(":memory:", isolation_level=None, factory=Watched)
    new_market(SEED).backup(watched)
    watched.set_trace_callback(watched.statements.append)
    return watched


def send(path: str, fields: dict[str, str]) -> dict:
    """One request, or with path "exploit" those of the exploit `fields["stage"]`: what came back, what ran."""
    market = watched_market()
    sent: list[str] = []

    def request(path: str, fields: dict[str, str]) -> tuple[int, list[tuple]]:
        sent.append(f"{path} {fields}")
        return shop_search.handle(market, path, fields)

    if path == "exploit":
        flag = EXPLOITS[fields["stage"]](request)
        rows, answer = [], f"The exploit came home with {flag or 'nothing'}. Its last request: {sent[-1]}"
    else:
        status, rows = request(path, fields)
        answer = f"Status {status}, {len(rows)} {'row' if len(rows) == 1 else 'rows'}"
        flag = "" if knows_password(fields) else flag_in(rows)
    return {
        "requests": len(sent),
        "answer": answer,
        "rows": [*map(str, rows[:SHOWN_ROWS]), *(["…"] if len(rows) > SHOWN_ROWS else [])],
        "ran": len(market.statements),
        "statements": market.statements[-SHOWN_STATEMENTS:],
        "captured": [f"{stage}: {flag}" for stage, value in flags(SEED).items() if value == flag],
    }


def knows_password(fields: dict[str, str]) -> bool:
    """Whoever logs in with the password may read the note: that captures nothing."""
    return "email" in fields and fields.get("password") == password_of(fields["email"], SEED)


def as_text(result: dict) -> str:
    """What a terminal shows of a result."""
    last = f", the last {SHOWN_STATEMENTS}" if result["ran"] > SHOWN_STATEMENTS else ""
    return "\n".join(
        [
            f"SQL statements that ran: {result['ran']}{last}",
            *(f"  {line.strip()}" for each in result["statements"] for line in each.strip().splitlines()),
            result["answer"],
            *(f"  {row}" for row in result["rows"]),
        ]
    )


def main(arguments: list[str]) -> int:
    words = [argument for argument in arguments if argument != "--json"]
    if not words or words[0] not in ("exploit", *shop_search.ENDPOINTS):
        print(__doc__)
        return 2
    fields = {key: value for key, _, value in (word.partition("=") for word in words[1:])}
    if words[0] == "exploit" and fields.get("stage") not in EXPLOITS:
        print(f"stage is one of {', '.join(EXPLOITS)}")
        return 2
    result = send(words[0], fields)
    print(as_text(result))
    if "--json" not in arguments:
        print(f"Captured: {', '.join(result['captured']) or 'no flag'}")
    else:
        print(json.dumps({key: result[key] for key in ("requests", "captured")}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
