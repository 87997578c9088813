"""Serve a system to the page: one WSGI call for each request, with the SQL it ran."""

import gc
import io
import json
import os
import sys
import time
from collections.abc import Callable
from http.cookies import SimpleCookie
from importlib import import_module
from pathlib import Path
from urllib.parse import unquote_to_bytes
from zipimport import zipimporter

import live_patches

NOT_FORWARDED = ("set-cookie", "cross-origin-opener-policy", "x-frame-options", "content-length")
READS = ("SELECT", "PRAGMA", "BEGIN", "EXPLAIN", "SAVEPOINT", "RELEASE", "ROLLBACK")

# A page may not read `Set-Cookie` from an answer made in the page, so the cookies live here.
cookies: dict[str, str] = {}


def start(
    *, system: str, database: bytes, key: str, origin: str, prefix: str, fetch_rest: Callable[[str], bytes]
) -> dict:
    """Load a system.

    Args:
        system: `shop`, `gatekeeper` or `invoices`.
        database: to go on with; empty for the one that every reader begins with.
        key: signs tokens.
        origin: of the page.
        prefix: the path under which the system answers.
        fetch_rest: gives the packed archive of modules that a trial run did not need, by name.

    Returns:
        `versions`, the `logins` (a role each, with an address and a password or with a token), and the `database`.
    """
    global application, address, settings, archive, file, secret  # noqa: PLW0603 - one interpreter serves one system
    scheme, _, host = origin.partition("://")
    address = {"origin": origin, "prefix": prefix, "scheme": scheme, "host": host}
    archive, file, secret = f"/lib/{system}.zip", Path(f"/tmp/{system}.sqlite3"), key  # noqa: S108 - in the page's memory
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": f"{system}_settings",
        f"{system.upper()}_DATABASE_URL": f"sqlite:///{file}",
        f"{system.upper()}_SECRET_KEY": key,
        "PAGE_HOST": host.partition(":")[0],
    }
    names = json.loads(zipimporter(archive).get_data(f"{archive}/rest.json"))
    sys.meta_path.append(live_patches.RestFinder(names, fetch_rest))
    live_patches.apply()
    live_patches.leave_out()
    gc.disable()  # nothing that is imported can be thrown away, and looking for it costs a sixth of the start
    with live_patches.no_event_loop():
        application = import_module(f"{system}.wsgi").application
    gc.freeze()
    gc.enable()
    settings = import_module(f"{system}_settings")
    import sqlite3

    import django

    python = "{}.{}".format(*sys.version_info)
    return {
        "versions": {"Python": python, "Django": django.__version__, "SQLite": sqlite3.sqlite_version},
        **replace_database(database),
    }


def replace_database(database: bytes) -> dict[str, object]:
    """Go on with this database, or the first one where it is empty, and forget the cookies.

    Returns `logins` and `database`.
    """
    from django.db import connections

    connections.close_all()
    file.write_bytes(bytes(database) or zipimporter(archive).get_data(f"{archive}/{file.name}"))
    cookies.clear()
    with live_patches.no_event_loop():
        logins = settings.logins(secret, first=not database)
    return {"logins": logins, "database": file.read_bytes()}


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
    with live_patches.no_event_loop(), connection.execute_wrapper(record):
        answer = call(environment(method, path, headers, body))
        milliseconds = (time.perf_counter() - began) * 1000
        told = len(statements)
        answer.pop("close")()  # a server has sent the answer by now
    wrote = any(not statement.startswith(READS) for statement, _ in statements)
    return {
        **answer,
        "sql": statements[:told],
        "milliseconds": milliseconds,
        "database": file.read_bytes() if wrote else None,
    }


def call(environ: dict[str, object]) -> dict[str, object]:
    """Call the application as a WSGI server does (PEP 3333): `status`, `headers`, `body`, and what is called then."""
    started: list = []
    answer = application(environ, lambda status, headers, *_: started.extend((status, headers)))
    body = b"".join(answer)
    keep_cookies([value for name, value in started[1] if name.lower() == "set-cookie"])
    headers = {name: value for name, value in started[1] if name.lower() not in NOT_FORWARDED}
    return {"status": int(started[0][:3]), "headers": headers, "body": body, "close": answer.close}


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
