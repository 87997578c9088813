"""A page about the shop runs on SQLite and, by a switch, on PostgreSQL; its exercise is judged on both, in CI too."""

import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pack_live
import prepare
import pytest
import runnable
import site_gates
import test_exercises
from playwright.sync_api import Browser, Locator, Page
from record import read_record
from test_exercises import PROMISE
from test_runner import BASE, browser, editor_of, page, press, site, visit  # noqa: F401 - fixtures

PATH = "shop/queries"
FOLDER = prepare.ROOT / "examples" / PATH
EXERCISE = FOLDER / "exercises" / "recent_orders"
ANSWERS = [EXERCISE / "recent_orders.py", EXERCISE / "solution.py", *sorted(EXERCISE.glob("mistakes/*"))]
LABEL = {
    "SQLite": r"Python 3\.\d+, Django 5\.2, SQLite 3\.\d+",
    "PostgreSQL 18": r"Python 3\.\d+, Django 5\.2, PostgreSQL 18\.\d+",
}


@pytest.mark.postgresql
@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: answer.stem)
def test_an_answer_is_judged_on_postgresql_as_on_sqlite(
    answer: Path, tmp_path: Path, pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("SHOP_ON_POSTGRESQL", "1")

    ran = test_exercises.judge(EXERCISE, "wheel", answer, tmp_path, pytestconfig)

    assert (0 if answer.stem == "solution" else 1) == ran.returncode, ran.stdout
    if promise := PROMISE.search(answer.read_text(encoding="utf-8")):
        assert promise[1] in ran.stdout


SCHEMA = """
import sys
from django.core.management import call_command
from django.db import connection
if sys.argv[1] == "migrations":
    import django
    django.setup()
    call_command("migrate", verbosity=0)
else:
    import shop_lab
    shop_lab.DATABASE = shop_lab.Path(sys.argv[2])
    shop_lab.ARCHIVE = sys.argv[3]
    lab = shop_lab.throwaway("shop")
    lab.__enter__()
with connection.cursor() as cursor:
    cursor.execute("SELECT tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL")
    made = [sql for table, sql in cursor if table.startswith(("accounts_", "catalogue_", "orders_"))]
    # A migration adds a foreign key behind the other columns.
    print(*sorted(sorted(sql.removesuffix(")").split(", ")) for sql in made), sep="\\n")
"""


def test_the_pages_tables_are_those_of_the_migrations(tmp_path: Path):
    archive = tmp_path / "lab.zip"

    def tables(way: str) -> str:
        environ = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(
                map(str, (prepare.ROOT / "docs" / "runner", prepare.ROOT / "examples"))
            ),
            "DJANGO_SETTINGS_MODULE": "shop.settings",
            "SHOP_DATABASE_URL": f"sqlite:///{(tmp_path / way).as_posix()}",
        }
        command = [sys.executable, "-c", SCHEMA, way, str(tmp_path / way), str(archive)]
        return subprocess.run(command, env=environ, check=True, capture_output=True, text=True).stdout

    migrated = tables("migrations")
    with zipfile.ZipFile(archive, "w") as out:
        out.writestr("columns.json", json.dumps(pack_live.columns(tmp_path / "migrations")))

    assert "order_item_once_per_product" in migrated
    assert migrated == tables("models")


def test_one_button_serves_both_records_and_both_engines():
    (lesson,) = [each for each in runnable.lessons() if each["path"] == PATH]

    (command,) = lesson["commands"]
    assert (["count_queries.py"], ["python", "django"]) == (command["argv"], command["needs"])
    assert ["count_queries.py", "--postgresql"] == command["postgresql"]["argv"]
    assert [command["head"], "exercises/recent_orders/recent_orders.py"] == runnable.facts_of(lesson)[
        "switch"
    ]


@pytest.fixture(scope="module")
def lab(browser: Browser) -> Iterator[Page]:  # noqa: F811
    """The page, kept open so that its engines start once."""
    with site_gates.reader(browser, width=412, height=915) as kept:
        kept.set_default_timeout(90_000)
        visit(kept, PATH)
        yield kept


def bar_of(page: Page, label: str) -> Locator:  # noqa: F811
    return page.locator(".run-bar", has=page.get_by_role("button", name=label))


def run_on(page: Page, label: str, engine: str) -> str:  # noqa: F811
    bar = bar_of(page, label)
    number = list(LABEL).index(engine)
    bar.get_by_label("Run on").select_option(index=number)
    return press(bar.get_by_role("button", name=label))


@pytest.mark.browser
@pytest.mark.parametrize("engine", LABEL)
def test_the_record_of_each_engine_is_the_same_in_the_page(engine: str, lab: Page):
    name = {"SQLite": "count_queries.out", "PostgreSQL 18": "count_queries.postgresql-18.out"}[engine]

    result = run_on(lab, "Run it here", engine)

    assert re.match(rf"Your run: {LABEL[engine]}, [\d.]+ s\. The same as the record above\.", result), result
    assert read_record(FOLDER / name).body.strip() in result


@pytest.mark.browser
@pytest.mark.parametrize("engine", LABEL)
@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: answer.stem)
def test_an_answer_is_judged_in_the_page_on_each_engine(answer: Path, engine: str, lab: Page):
    text = answer.read_text(encoding="utf-8")
    put_into_editor(lab, text)

    result = run_on(lab, "Check my answer", engine)

    assert re.search(rf" On {LABEL[engine]}\.", result), result
    if answer.stem == "solution":
        assert re.match(r"All 8 tests pass\.", result), result
    else:
        assert re.match(r"[0-7] of 8 tests pass\.", result), result
    if promise := PROMISE.search(text):
        assert promise[1] in " ".join(result.split()), f"promised {promise[1]!r}: {result}"


def put_into_editor(page: Page, text: str) -> None:  # noqa: F811
    if not editor_of(page).count():
        bar_of(page, "Check my answer").locator("xpath=preceding-sibling::div[1]").get_by_role(
            "button"
        ).click()
        editor_of(page).wait_for()
    editor_of(page).fill(text)


def run_program(page: Page, program: str, needs: list[str]) -> dict:  # noqa: F811
    """Run a program with the page's own engine, and return its result."""
    return page.evaluate(
        """async ({ program, needs, url }) => {
          const { engineFor } = await import(url);
          return engineFor(needs).run({ "program.py": program }, ["program.py"]);
        }""",
        {"program": program, "needs": needs, "url": f"{BASE}runner/engine.js"},
    )


ROUND_TRIP = """
import datetime, decimal, uuid
from conventions.throwaway import throwaway

VALUES = {
    "text": ["it's 100 % \\\\ \\"quoted\\" 'twice'; -- ünï\\n", ""],
    "bigint": [-7, 2**62],
    "numeric": [decimal.Decimal("-12.50")],
    "float8": [1.5e300, float("-inf")],
    "boolean": [True, False],
    "timestamptz": [datetime.datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=datetime.UTC)],
    "date": [datetime.date(2026, 1, 2)],
    "time": [datetime.time(3, 4, 5, 6)],
    "interval": [datetime.timedelta(days=-1, seconds=3, microseconds=5)],
    "uuid": [uuid.UUID(int=5)],
    "bytea": [bytes(range(256))],
}

with throwaway("shop", postgresql=True):
    from django.db import IntegrityError, connection, transaction
    from shop.catalogue.models import Category, Product

    with connection.cursor() as cursor:
        for name, values in VALUES.items():
            for value in [*values, None]:
                cursor.execute(f"SELECT CAST(%s AS {name}), '%%'", [value])
                (back, _), = cursor.fetchall()
                back = bytes(back) if isinstance(back, memoryview) else back
                if back != value:
                    print(name, repr(value), repr(back))
    mugs = Category.objects.create(name="Mugs", slug="mugs")
    try:
        with transaction.atomic():
            Category.objects.create(name="Cups", slug="cups")
            Category.objects.create(name="Mugs", slug="again")
    except IntegrityError as error:
        print(type(error.__cause__).__name__, error.__cause__.pgcode)
    print(Category.objects.count(), Product.objects.filter(category__in=[]).count())
    print([row.name for row in Category.objects.filter(name__icontains="UG", slug__in=["mugs", "x'"]).iterator()])
"""


@pytest.mark.browser
def test_values_come_back_as_they_went_and_errors_have_their_kind(lab: Page):
    result = run_program(lab, ROUND_TRIP, ["python", "django", "postgresql"])

    assert "IntegrityError 23505\n1 0\n['Mugs']\n" == result["output"]


@pytest.mark.browser
def test_a_rare_module_of_django_is_fetched_when_it_is_missed(lab: Page):
    program = "import django.contrib.postgres.aggregates, tarfile\nprint('whole')"

    result = run_program(lab, program, ["python", "django", "postgresql"])

    assert (True, "whole\n") == (result["ok"], result["output"]), result


@pytest.mark.browser
def test_the_switch_says_what_it_costs_and_that_is_what_is_loaded(page: Page):  # noqa: F811
    visit(page, PATH)
    bar = bar_of(page, "Run it here")
    choices = bar.get_by_label("Run on").locator("option").all_inner_texts()
    sqlite = price(bar)

    with site_gates.watching(page) as first:
        run_on(page, "Run it here", "SQLite")
    bar.get_by_label("Run on").select_option(index=1)
    postgresql = price(bar)
    with site_gates.watching(page) as second:
        run_on(page, "Run it here", "PostgreSQL 18")

    assert "SQLite" == choices[0]
    assert re.fullmatch(r"PostgreSQL 18 \(loads 4\.8 MB more\)", choices[1])
    assert sqlite == pytest.approx(loaded(first), abs=0.15)
    assert (4.8, postgresql) == (postgresql, pytest.approx(loaded(second), abs=0.15))
    assert ["SQLite", "PostgreSQL 18"] == bar.get_by_label("Run on").locator("option").all_inner_texts()
    assert not any("-rest." in url for url in [*first.requests, *second.requests])


def price(bar: Locator) -> float:
    return float(re.search(r"loads ([\d.]+) MB, once", bar.locator(".run-note").inner_text())[1])


def loaded(seen: site_gates.Visit) -> float:
    return sum(size for url, size in seen.sizes.items() if url.endswith(".pack")) / 1e6


ESCAPES = {
    "network": f"import js\nask = js.XMLHttpRequest.new()\nask.open('GET', '{BASE}', False)\nask.send()",
    "localStorage": "import js\njs.localStorage",
    "parent page": "import js\njs.parent.document",
    "eval": "from js import eval as run\nrun('1 + 1')",
}


@pytest.mark.browser
@pytest.mark.parametrize("way", ESCAPES)
def test_the_shop_in_its_sandbox_reaches_nothing_outside(way: str, lab: Page):
    program = f"from conventions.throwaway import throwaway\nwith throwaway('shop'):\n    print('open')\n{ESCAPES[way]}"

    result = run_program(lab, program, ["python", "django"])

    assert (False, "finished") == (result["ok"], result["ended"]), result
    assert result["output"].startswith("open\n"), result
    assert {"allow-scripts"} == {frame.get_attribute("sandbox") for frame in lab.locator("iframe").all()}


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["default", "slate"])
def test_the_lab_in_use_is_accessible_and_not_too_wide(scheme: str, lab: Page):
    lab.set_viewport_size({"width": 360, "height": 780})
    run_on(lab, "Run it here", "PostgreSQL 18")
    run_on(lab, "Check my answer", "PostgreSQL 18")

    site_gates.use_colours(lab, scheme)

    assert [] == site_gates.inaccessible(lab)
    assert [] == site_gates.too_wide(lab)
