"""What Django's PostgreSQL backend asks of its driver, answered by the PostgreSQL that runs in the page.

psycopg2 writes the values into the statement and sends it as text; so does this, under psycopg2's names.
"""

import datetime
import decimal
import ipaddress
import json
import math
import sys
import types
import uuid

import servers


class Error(Exception):
    """What PostgreSQL refused, with its SQLSTATE in `pgcode`."""

    pgcode = None


class InterfaceError(Error): ...


class DatabaseError(Error): ...


class DataError(DatabaseError): ...


class IntegrityError(DatabaseError): ...


class InternalError(DatabaseError): ...


class NotSupportedError(DatabaseError): ...


class OperationalError(DatabaseError): ...


class ProgrammingError(DatabaseError): ...


class DuplicateDatabase(ProgrammingError): ...


# By class of SQLSTATE, the first two characters, as psycopg2 sorts them: PostgreSQL, appendix A.
KINDS = {
    **dict.fromkeys(("08", "40", "53", "54", "55", "57", "58"), OperationalError),
    **dict.fromkeys(("20", "21", "26", "34", "3D", "3F", "42", "44"), ProgrammingError),
    **dict.fromkeys(("24", "25", "2B", "2D", "2F", "38", "39", "3B", "XX"), InternalError),
    "0A": NotSupportedError,
    "22": DataError,
    "23": IntegrityError,
}


def parse_duration(text):
    from django.utils import dateparse

    return dateparse.parse_duration(text)


# Django reads jsonb itself.
READ = servers.READ | {
    17: lambda text: memoryview(bytes.fromhex(text.removeprefix("\\x"))),
    1083: datetime.time.fromisoformat,
    1186: parse_duration,
    3802: str,
}


class Json:
    """A value to be written as JSON."""

    def __init__(self, adapted, dumps=None):
        self.adapted, self.dumps = adapted, dumps or json.dumps

    def getquoted(self):
        return _quoted(self.dumps(self.adapted)).encode()


class Range:
    """Ranges need django.contrib.postgres, which the shop does not use."""


class Adapted:
    """A value with its literal, as Django's schema editor asks for it."""

    def __init__(self, value):
        self.value = value

    def getquoted(self):
        return literal(self.value).encode()


def _quoted(text):
    if "\0" in text:
        raise ValueError("A string literal cannot contain NUL (0x00) characters.")
    return "'" + text.replace("'", "''") + "'"


def literal(value):
    """`value` as PostgreSQL reads it in a statement (standard_conforming_strings is on, its default)."""
    for kind, write in WRITE.items():
        if isinstance(value, kind):
            return write(value)
    return _quoted(str(value))


# The first that fits: a bool is an int too, and a datetime a date.
WRITE = {
    types.NoneType: lambda _: "NULL",
    (Json, Adapted): lambda value: value.getquoted().decode(),
    bool: lambda value: str(value).lower(),
    (int, float, decimal.Decimal): lambda value: (
        f"({value})" if abs(value) < math.inf else f"'{value}'::float8"
    ),
    (bytes, bytearray, memoryview): lambda value: f"'\\x{bytes(value).hex()}'::bytea",
    datetime.datetime: lambda value: f"'{value}'::timestamp{'tz' if value.tzinfo else ''}",
    datetime.date: lambda value: f"'{value}'::date",
    datetime.time: lambda value: f"'{value}'::time",
    datetime.timedelta: lambda value: (
        f"'{value.days} days {value.seconds}.{value.microseconds:06} seconds'::interval"
    ),
    uuid.UUID: lambda value: f"'{value}'::uuid",
    list: lambda value: f"ARRAY[{', '.join(map(literal, value))}]" if value else "'{}'",
    tuple: lambda value: f"({', '.join(map(literal, value))})",
}


class Cursor:
    """A statement and its rows, which are all here at once."""

    arraysize, itersize, tzinfo_factory = 1, 2000, None

    def __init__(self, connection):
        self.connection = connection
        self.description, self.rowcount, self.query, self.rows = None, -1, None, []

    def mogrify(self, statement, values=None):
        """The statement with its values written in, as bytes."""
        if values is None:
            return statement.encode()
        if isinstance(values, dict):
            return (statement % {name: literal(value) for name, value in values.items()}).encode()
        return (statement % tuple(map(literal, values))).encode()

    def execute(self, statement, values=None):
        self.query = self.mogrify(statement, values)
        answer = self.connection.send(self.query.decode())
        columns = answer["columns"]
        self.rows = servers.rows_of(answer, READ)
        nothing = (None,) * 5
        self.description = [(column["name"], column["type"], *nothing) for column in columns] or None
        count = (answer["tag"] or "").rpartition(" ")[2]
        self.rowcount = int(count) if count.isdigit() else -1

    def executemany(self, statement, rows):
        for values in rows:
            self.execute(statement, values)

    def fetchone(self):
        return self.rows.pop(0) if self.rows else None

    def fetchmany(self, size=None):
        size = size or self.arraysize
        rows, self.rows = self.rows[:size], self.rows[size:]
        return rows

    def fetchall(self):
        rows, self.rows = self.rows, []
        return rows

    def __iter__(self):
        return iter(self.fetchall())

    def close(self):
        self.rows = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Connection:
    """The one session there is. As with psycopg2, a transaction begins with the first statement."""

    encoding = "UTF8"

    def __init__(self):
        self.autocommit, self.closed, self.in_transaction, self.notices = True, 0, False, []
        self.info = self  # psycopg2 has these two there

    def parameter_status(self, name):
        return self.send(f"SHOW {name}")["rows"][0][0]

    @property
    def server_version(self):
        return int(self.parameter_status("server_version_num"))

    def cursor(self, *_, **__):
        return Cursor(self)

    def send(self, statement):
        """Raises one of the errors above, in PostgreSQL's own words."""
        if not self.autocommit and not self.in_transaction:
            self.in_transaction = True
            _exchange("BEGIN")
        return _exchange(statement)

    def commit(self):
        self._end("COMMIT")

    def rollback(self):
        self._end("ROLLBACK")

    def _end(self, how):
        if self.in_transaction:
            self.in_transaction = False
            _exchange(how)

    def close(self):
        self.rollback()
        self.closed = 1


def _exchange(statement):
    from js import exchange

    answer = exchange(statement).to_py()
    if said := answer.get("error"):
        words = [said[key] for key in ("message", "detail", "hint") if said.get(key)]
        error = KINDS.get(said["code"][:2], DatabaseError)("\n".join(words))
        error.pgcode = said["code"]
        raise error
    return answer


def install():
    """Be `psycopg2`, before Django's backend is imported; once is enough."""
    if "psycopg2" in sys.modules:
        return

    def module(name, **members):
        made = sys.modules[name] = types.ModuleType(name)
        vars(made).update(members)
        return made

    def nothing(*_, **__):
        return None

    levels = ("READ_COMMITTED", "REPEATABLE_READ", "SERIALIZABLE", "READ_UNCOMMITTED")
    kinds = {
        kind.__name__: kind for kind in (Error, *Error.__subclasses__(), *DatabaseError.__subclasses__())
    }
    ranges = dict.fromkeys(("DateRange", "DateTimeRange", "DateTimeTZRange", "NumericRange", "Range"), Range)
    module(
        "psycopg2",
        __version__="2.9.11",
        connect=lambda **_: Connection(),
        errors=module("psycopg2.errors", DuplicateDatabase=DuplicateDatabase),
        extensions=module(
            "psycopg2.extensions",
            **{f"ISOLATION_LEVEL_{name}": number for number, name in enumerate(levels, 1)},
            **dict.fromkeys(("register_adapter", "register_type", "new_array_type"), nothing),
            UNICODE=str,
            QuotedString=str,
            adapt=Adapted,
            cursor=Cursor,
        ),
        extras=module(
            "psycopg2.extras",
            **dict.fromkeys(("register_uuid", "register_default_jsonb"), nothing),
            **ranges,
            Inet=ipaddress.ip_interface,
            Json=Json,
        ),
        sql=module("psycopg2.sql"),
        **kinds,
        Warning=type("Warning", (Exception,), {}),
    )
