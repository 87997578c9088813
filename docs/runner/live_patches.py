"""What Django needs changed where Python is WebAssembly in a page, each with its reason."""

import asyncio
import contextlib
import gzip
import hashlib
import logging
import os
import struct
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from zipimport import ZipImportError, zipimporter

ZONES = Path("/usr/share/zoneinfo")
DJANGO = "/lib/django.zip"
COMMON_PASSWORDS = Path("/lib/common-passwords.txt.gz")


def apply() -> None:
    """Change what cannot work; before Django is imported."""
    if not hasattr(hashlib, "pbkdf2_hmac"):  # comes with OpenSSL, which is not there
        hashlib.pbkdf2_hmac = pbkdf2_hmac
    if not (
        ZONES / "UTC"
    ).exists():  # no operating system, so no list of time zones; Django asks for this one
        ZONES.mkdir(parents=True, exist_ok=True)
        # RFC 9636 section 3: a header with six counts, one type of local time, its name.
        (ZONES / "UTC").write_bytes(
            b"TZif" + bytes(16) + struct.pack(">6llbb", 0, 0, 0, 0, 1, 4, 0, 0, 0) + b"UTC\0"
        )
    os.environ["PYTHONTZPATH"] = str(ZONES)  # else a large table of the interpreter's is loaded to find out
    # Django opens this list as a file, and here it lies in an archive.
    listed = zipimporter(DJANGO).get_data(f"{DJANGO}/django/contrib/auth/{COMMON_PASSWORDS.name}")
    COMMON_PASSWORDS.write_bytes(listed)


def leave_out() -> None:
    """Stand in for modules that the systems import on their way and never use: half of all that would be loaded."""
    from django.core import signals

    sys.modules["django.contrib.postgres"] = None  # REST framework looks whether it can be imported
    stand_ins = {
        # The specification was exported before the site was built; here nobody asks for it.
        "drf_spectacular.utils": {
            **dict.fromkeys(("extend_schema", "extend_schema_field"), lambda *_, **__: lambda it: it),
            **dict.fromkeys(("OpenApiExample", "OpenApiParameter", "OpenApiResponse"), lambda *_, **__: None),
        },
        "drf_spectacular.extensions": {"OpenApiAuthenticationExtension": object},
        "drf_spectacular.types": {"OpenApiTypes": types.SimpleNamespace(BINARY=None)},
        # REST framework's own generator of specifications takes one function, which brings the whole admin along.
        "django.contrib.admindocs.views": {"simplify_regex": None},
        # Tokens watch for changed settings, by a name that brings the test runner along.
        "django.test": {"__path__": []},
        "django.test.signals": {"setting_changed": signals.setting_changed},
        # Nobody here writes to an address, migrates (the database comes ready), or sees the pages of debug mode.
        "django.core.mail": dict.fromkeys(
            ("EmailMultiAlternatives", "get_connection", "mail_managers", "send_mail"), unavailable
        ),
        "django.db.migrations": {"RunPython": object},
        "django.views.debug": {},
        "logging.config": {},  # the settings of the page configure nothing
        # No worker runs in a page, and what draws the PDF files is a quarter of all the rest.
        "celery": {"shared_task": lambda _: types.SimpleNamespace(delay=lambda *_: None)},
        "gatekeeper.worker": {},
        "invoices.worker": {},
        "invoices.papers.drawing": {"draw": unavailable},
    }
    for name, members in stand_ins.items():
        sys.modules[name] = types.ModuleType(name)
        vars(sys.modules[name]).update(members)
    logging.config = sys.modules["logging.config"]


def unavailable(*_: object, **__: object) -> None:
    raise NotImplementedError("The API in the page can do everything but this.")


def pbkdf2_hmac(
    hash_name: str, password: bytes, salt: bytes, iterations: int, dklen: int | None = None
) -> bytes:
    """PBKDF2 with HMAC (RFC 8018 section 5.2), in Python: far too slow for the iterations a server needs."""
    new = getattr(hashlib, hash_name)
    size, block = new().digest_size, new().block_size
    key = (new(password).digest() if len(password) > block else password).ljust(block, b"\0")
    inner, outer = new(bytes(byte ^ 0x36 for byte in key)), new(bytes(byte ^ 0x5C for byte in key))

    def authenticated(message: bytes) -> bytes:
        within, around = inner.copy(), outer.copy()
        within.update(message)
        around.update(within.digest())
        return around.digest()

    length = dklen or size
    derived = b""
    for number in range(1, -(-length // size) + 1):
        last = authenticated(salt + struct.pack(">L", number))
        total = int.from_bytes(last, "big")
        for _ in range(iterations - 1):
            last = authenticated(last)
            total ^= int.from_bytes(last, "big")
        derived += total.to_bytes(size, "big")
    return derived[:length]


@contextlib.contextmanager
def no_event_loop() -> Iterator[None]:
    """Hide the page's event loop: Django takes it for a sign that a blocking call would stop other work."""
    loop = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    try:
        yield
    finally:
        asyncio._set_running_loop(loop)


class RestFinder:
    """Finds modules by their whole names, since the modules of one package may lie in several archives.

    Those that a trial run did not need lie in archives that are fetched at the first miss.
    """

    def __init__(self, names: dict[str, str], fetch: object) -> None:
        self.names, self.fetch = names, fetch

    def find_spec(self, name: str, path: object = None, target: object = None) -> object:  # noqa: ARG002
        archive = self.names.get(name)
        if archive is None:
            return None
        file = Path(f"/lib/{archive}.zip")
        if not file.exists():
            file.write_bytes(gzip.decompress(self.fetch(archive)))
        try:
            return zipimporter("/".join([str(file), *name.split(".")[:-1]])).find_spec(name)
        except ZipImportError:
            return None
