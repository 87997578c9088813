"""Serve the shop to the page: one WSGI call for each request, with the SQL it ran."""

import gc
import io
import json
import os
import sys
import time
from collections.abc import Callable
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import unquote_to_bytes
from zipimport import zipimporter

import shop_patches

DATABASE = Path("/tmp/shop.sqlite3")  # noqa: S108 - in the page's memory, where nobody else is
ARCHIVE = "/lib/shop.zip"
NOT_FORWARDED = ("set-cookie", "cross-origin-opener-policy", "x-frame-options", "content-length")
READS = ("SELECT", "PRAGMA", "BEGIN", "EXPLAIN", "SAVEPOINT", "RELEASE", "ROLLBACK")

# A page may not read `Set-Cookie` from an answer made in the page, so the cookies live here.
cookies: dict[str, str] = {}


def start(*, database: bytes, key: str, origin: str, prefix: str, fetch_rest: Callable[[str], bytes]) -> dict:
    """Load the shop.

    Args:
        database: to go on with; empty for the one that every reader begins with.
        key: signs tokens.
        origin: of the page.
        prefix: the path under which the shop answers.
        fetch_rest: gives the packed archive of modules that a trial run did not need, by name.

    Returns:
        `versions`, the `customers` of the first database, and the `database`.
    """
    global application, address  # noqa: PLW0603 - one interpreter serves one shop
    scheme, _, host = origin.partition("://")
    address = {"origin": origin, "prefix": prefix, "scheme": scheme, "host": host}
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "shop_settings",
        "SHOP_DATABASE_URL": f"sqlite:///{DATABASE}",
        "SHOP_SECRET_KEY": key,
        "SHOP_PAGE_HOST": host.partition(":")[0],
    }
    names = json.loads(zipimporter(ARCHIVE).get_data(f"{ARCHIVE}/rest.json"))
    sys.meta_path.append(shop_patches.RestFinder(names, fetch_rest))
    shop_patches.apply()
    shop_patches.leave_out()
    gc.disable()  # nothing that is imported can be thrown away, and looking for it costs a sixth of the start
    with shop_patches.no_event_loop():
        from shop.wsgi import application
    gc.freeze()
    gc.enable()
    import sqlite3

    import django
    from shop.management.commands.seed import CUSTOMERS

    python = "{}.{}".format(*sys.version_info)
    return {
        "versions": {"Python": python, "Django": django.__version__, "SQLite": sqlite3.sqlite_version},
        "customers": [{"email": email, "password": password} for email, password in CUSTOMERS],
        **replace_database(database),
    }


def replace_database(database: bytes) -> dict[str, bytes]:
    """Go on with this database, or the first one where it is empty, and forget the cookies; returns `database`."""
    from django.db import connections

    connections.close_all()
    content = bytes(database) or zipimporter(ARCHIVE).get_data(f"{ARCHIVE}/{DATABASE.name}")
    DATABASE.write_bytes(content)
    cookies.clear()
    return {"database": content}


def handle(method: str, path: str, headers: dict[str, str], body: bytes) -> dict[str, object]:
    """Answer one request; `path` begins under the prefix, with its query.

    Returns `status`, `headers`, `body`, `sql` (a statement and its milliseconds each), `milliseconds`, and the
    `database` where a statement may have changed it.
    """
    from django.db import connection

    statements: list[tuple[str, float]] = []

    def record(execute, sql, params, many, context):
        began = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            statements.append((readable(sql, params, many), (time.perf_counter() - began) * 1000))

    began = time.perf_counter()
    with shop_patches.no_event_loop(), connection.execute_wrapper(record):
        status, answered, content = call(environment(method, path, headers, body))
    milliseconds = (time.perf_counter() - began) * 1000
    wrote = any(not statement.startswith(READS) for statement, _ in statements)
    return {
        "status": status,
        "headers": answered,
        "body": content,
        "sql": statements,
        "milliseconds": milliseconds,
        "database": DATABASE.read_bytes() if wrote else None,
    }


def call(environ: dict[str, object]) -> tuple[int, dict[str, str], bytes]:
    """Call the application as a WSGI server does (PEP 3333)."""
    started: list = []
    answer = application(environ, lambda status, headers, *_: started.extend((status, headers)))
    try:
        content = b"".join(answer)
    finally:
        answer.close()
    keep_cookies([value for name, value in started[1] if name.lower() == "set-cookie"])
    headers = {name: value for name, value in started[1] if name.lower() not in NOT_FORWARDED}
    return int(started[0][:3]), headers, content


def environment(method: str, path: str, headers: dict[str, str], body: bytes) -> dict[str, object]:
    """The WSGI environment of a request that looks as if this page had sent it to a server."""
    place, _, query = path.partition("?")
    environ: dict[str, object] = {
        f"HTTP_{name.upper().replace('-', '_')}": value
        for name, value in headers.items()
        if name.lower() not in ("cookie", "content-type", "content-length")
    }
    environ |= {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": address["prefix"],
        # WSGI wants the bytes of the path, one character each.
        "PATH_INFO": unquote_to_bytes(place).decode("latin-1"),
        "QUERY_STRING": query,
        "CONTENT_LENGTH": str(len(body)),
        "SERVER_NAME": address["host"].partition(":")[0],
        "SERVER_PORT": address["host"].partition(":")[2] or {"http": "80", "https": "443"}[address["scheme"]],
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": address["host"],
        "HTTP_ORIGIN": address["origin"],
        "HTTP_REFERER": f"{address['origin']}{address['prefix']}/",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": address["scheme"],
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    kind = next((value for name, value in headers.items() if name.lower() == "content-type"), None)
    if kind is not None:
        environ["CONTENT_TYPE"] = kind
    if cookies:
        environ["HTTP_COOKIE"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
    return environ


def keep_cookies(lines: list[str]) -> None:
    """Do with `Set-Cookie` what a browser does, as far as one site needs it."""
    for line in lines:
        for name, morsel in SimpleCookie(line).items():
            if morsel["max-age"] == 0 or morsel["max-age"] == "0":
                cookies.pop(name, None)
            else:
                cookies[name] = morsel.coded_value


def readable(sql: str, params: object, many: bool) -> str:
    """The statement with its values written in, to be read and never to be run."""
    if many:
        return f"{sql} -- {len(params)} times"
    if not params:
        return sql
    return sql % tuple(_literal(value) for value in params)


def _literal(value: object) -> str:
    if value is None or isinstance(value, int | float):
        return "NULL" if value is None else str(value)
    text = str(value).replace("'", "''")
    return f"'{text[:80]}…'" if len(text) > 80 else f"'{text}'"
