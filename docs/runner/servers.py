"""What `servers` is inside the page: the same names, for the PostgreSQL that runs here.

On a machine of your own, examples/servers.py stands in its place and gives real servers.
"""

import contextlib
import datetime
import decimal
import json
import re
import uuid


class ServerMissing(Exception):
    """No such server can run in a page; the message says where it can."""

    def __init__(self, server):
        self.server = server
        super().__init__(
            f"no {server} in the page. Run this program on your machine: python3 scripts/run.py …"
        )


class Error(Exception):
    """What PostgreSQL refused, with its SQLSTATE in `sqlstate`."""

    def __init__(self, fields):
        self.sqlstate = fields["code"]
        super().__init__(
            "\n".join(str(fields[key]) for key in ("message", "detail", "hint") if fields.get(key))
        )


READ = {
    16: lambda text: text == "t",
    **dict.fromkeys((20, 21, 23, 26), int),
    **dict.fromkeys((700, 701), float),
    1700: decimal.Decimal,
    **dict.fromkeys((114, 3802), json.loads),
    1082: datetime.date.fromisoformat,
    **dict.fromkeys((1114, 1184), datetime.datetime.fromisoformat),
    2950: uuid.UUID,
}


def rows_of(answer, readers):
    """The rows of JavaScript's answer; `readers` turn PostgreSQL's text into values, by the type's number."""
    reads = [readers.get(column["type"], str) for column in answer["columns"]]
    return [
        # NULL is no text: JavaScript's null, which is not None here.
        tuple(read(value) if isinstance(value, str) else None for read, value in zip(reads, row, strict=True))
        for row in answer["rows"]
    ]


class Result:
    """The rows of one statement."""

    def __init__(self, answer):
        self.description = [(column["name"], column["type"]) for column in answer["columns"]] or None
        self._rows = rows_of(answer, READ)
        count = re.search(r"(\d+)$", answer["tag"] or "")
        self.rowcount = int(count[1]) if count else -1
        self.statusmessage = answer["tag"]

    def fetchall(self):
        rows, self._rows = self._rows, []
        return rows

    def fetchone(self):
        return self._rows.pop(0) if self._rows else None

    def __iter__(self):
        return iter(self.fetchall())


class Connection:
    """The one session that PGlite has, in autocommit mode."""

    def execute(self, statement, values=None):
        """Run `statement`; `%s` takes the next of `values`, `%(name)s` the one of that name.

        Raises `Error` with PostgreSQL's own words.
        """
        from js import exchange
        from pyodide.ffi import to_js

        if values is None:
            answer = exchange(statement)
        else:
            text, ordered = _numbered(statement, values)
            answer = exchange(text, to_js([_written(value) for value in ordered]))
        answer = answer.to_py()
        if answer.get("error"):
            raise Error(answer["error"])
        return Result(answer)

    @contextlib.contextmanager
    def transaction(self):
        self.execute("BEGIN")
        try:
            yield self
        except BaseException:
            self.execute("ROLLBACK")
            raise
        self.execute("COMMIT")


def _numbered(statement, values):
    """psycopg's placeholders as PostgreSQL's own: `%s` to `$1`, `$2`, …"""
    ordered = []

    def place(match):
        if match[0] == "%%":
            return "%"
        ordered.append(values[match[1]] if match[1] else values[len(ordered)])
        return f"${len(ordered)}"

    return re.sub(r"%%|%(?:\((\w+)\))?s", place, statement), ordered


def _written(value):
    if value is None:
        return None
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, (list, tuple)):
        return "{" + ",".join(json.dumps(_written(each)) for each in value) + "}"
    return str(value)


@contextlib.contextmanager
def postgresql():
    """The page's PostgreSQL, emptied."""
    import js

    if not hasattr(js, "exchange"):
        raise ServerMissing("PostgreSQL")
    connection = Connection()
    connection.execute("ROLLBACK")
    connection.execute("DROP SCHEMA IF EXISTS public CASCADE")
    connection.execute("CREATE SCHEMA public")
    connection.execute("DISCARD ALL")
    yield connection


def _missing(server):
    @contextlib.contextmanager
    def lacks():
        raise ServerMissing(server)
        yield

    return lacks


redis, redis_url = _missing("Redis"), _missing("Redis")
rabbitmq_url, mariadb, postgresql_url = (
    _missing("RabbitMQ"),
    _missing("MariaDB"),
    _missing("PostgreSQL server"),
)
