"""Django and the shop where a lesson's programs run: set up once, and an empty shop whenever one asks for it.

On a machine of your own, examples/shop/throwaway.py gives a real one.
"""

import contextlib
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from zipimport import zipimporter

import live_patches

ARCHIVE = "/lib/shop-lab.zip"
DATABASE = Path("/tmp/lab.sqlite3")  # noqa: S108 - in the page's memory, where nobody else is


def begin() -> str:
    """Before each run: make Django ready to be imported; returns the versions, such as "Django 5.2, SQLite 3.51"."""
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "shop_settings",
        "SHOP_SECRET_KEY": "of a page, where nobody else is",
        "SHOP_DATABASE_URL": f"sqlite:///{DATABASE}",
    }
    if "conventions.throwaway" not in sys.modules:
        names = json.loads(zipimporter("/lib/shop.zip").get_data("/lib/shop.zip/rest.json"))
        names |= json.loads(zipimporter(ARCHIVE).get_data(f"{ARCHIVE}/names.json"))
        sys.meta_path.append(live_patches.RestFinder(names, _later))
        live_patches.apply()
        sys.modules["conventions.throwaway"] = sys.modules[__name__]
    import django

    return "Django {}.{}, {}".format(*django.VERSION[:2], _database_version())


def _database_version() -> str:
    if "SHOP_ON_POSTGRESQL" in os.environ:
        from js import exchange

        return f"PostgreSQL {exchange('SHOW server_version').rows[0][0].split()[0]}"
    import sqlite3

    return "SQLite {}.{}".format(*sqlite3.sqlite_version_info[:2])


def _later(archive: str) -> bytes:
    """Nothing can be fetched in the middle of a run: end it with the name of what it lacks."""
    name = archive.replace("-", "_")
    raise ModuleNotFoundError(f"No module named '{name}'", name=name)


@contextlib.contextmanager
def throwaway(system: str, *, postgresql: bool = False) -> Iterator[None]:  # noqa: ARG001 - only the shop is here
    """An empty shop on SQLite, or on the PostgreSQL that runs in this page, with cheap password hashes."""
    with live_patches.no_event_loop(), _database(postgresql) as database:
        import django
        from django.apps import apps
        from django.conf import settings
        from django.db import connections
        from django.db.utils import ConnectionHandler

        settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
        django.setup()
        connection = connections["default"] = ConnectionHandler({"default": database})["default"]
        try:
            # What the migrations lead to, in one step.
            columns = json.loads(zipimporter(ARCHIVE).get_data(f"{ARCHIVE}/columns.json"))
            with connection.schema_editor() as editor:
                for model in apps.get_models():
                    order = columns[model._meta.db_table]
                    model._meta.local_fields.sort(key=lambda field, order=order: order.index(field.column))
                    editor.create_model(model)
            yield
        finally:
            connection.close()


@contextlib.contextmanager
def _database(postgresql: bool) -> Iterator[dict[str, str]]:
    if postgresql:
        import servers
        import shop_postgresql

        shop_postgresql.install()
        with servers.postgresql():
            yield {"ENGINE": "django.db.backends.postgresql", "NAME": "shop"}
    else:
        DATABASE.unlink(missing_ok=True)
        yield {"ENGINE": "django.db.backends.sqlite3", "NAME": str(DATABASE)}
