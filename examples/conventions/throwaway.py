"""Run a system on a new database that is gone afterwards, for programs that show or try something."""

import contextlib
import logging
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def throwaway(
    system: str, *, postgresql: bool = False, mariadb: bool = False, urlconf: str = ""
) -> Iterator[None]:
    """Set Django up once in this process, with an empty migrated database: SQLite, PostgreSQL or MariaDB.

    Passwords are hashed with one round, and Django logs nothing. Never serve this to anybody.

    Args:
        system: `shop`, `gatekeeper` or `invoices`.
        postgresql: on PostgreSQL; raises `ServerMissing` where there is none.
        mariadb: on MariaDB; raises `ServerMissing` where there is none. Only a few programs try it.
        urlconf: another URL configuration than the system's.
    """
    with _database(postgresql, mariadb) as url:
        os.environ[f"{system.upper()}_DATABASE_URL"] = url
        os.environ["DJANGO_SETTINGS_MODULE"] = f"{system}.settings"
        import django
        from django.conf import settings

        settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
        settings.RATE_LIMITED = False  # programs ask more often than people
        settings.GATEKEEPER = getattr(settings, "GATEKEEPER", {}) | {
            "ENABLED": False
        }  # nobody comes from outside
        settings.RELAY_ON_COMMIT = False  # no mail, unless a program sends it
        settings.ROOT_URLCONF = urlconf or settings.ROOT_URLCONF
        django.setup()
        logging.disable(logging.CRITICAL)  # each refused request would be a line
        from django.core.management import call_command
        from django.db import connections

        call_command("migrate", verbosity=0)
        try:
            yield
        finally:
            connections.close_all()


@contextlib.contextmanager
def _database(postgresql: bool, mariadb: bool) -> Iterator[str]:
    if postgresql or mariadb:
        import servers

        with servers.postgresql_url() if postgresql else servers.mariadb_url() as url:
            yield url
    else:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            yield f"sqlite:///{(Path(folder) / 'throwaway.sqlite3').as_posix()}"
