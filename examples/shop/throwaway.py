"""Run the shop on a new database that is gone afterwards, for programs that show or try something."""

import contextlib
import logging
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def throwaway_shop(*, postgresql: bool = False, urlconf: str = "shop.urls") -> Iterator[None]:
    """Set Django up once in this process, with an empty migrated database: SQLite, or PostgreSQL.

    Passwords are hashed with one round, and Django logs nothing. Never serve this to anybody.
    """
    with _database(postgresql) as url:
        os.environ["SHOP_DATABASE_URL"] = url
        os.environ["DJANGO_SETTINGS_MODULE"] = "shop.settings"
        import django
        from django.conf import settings

        settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
        settings.ROOT_URLCONF = urlconf
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
def _database(postgresql: bool) -> Iterator[str]:
    if postgresql:
        import servers

        with servers.postgresql_url() as url:
            yield url
    else:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            yield f"sqlite:///{(Path(folder) / 'shop.sqlite3').as_posix()}"
