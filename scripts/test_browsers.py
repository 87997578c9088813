"""What runs in a page runs in Firefox and in WebKit too, and its sandbox holds there.

Chromium is driven by the other tests, which also see what it reports beside the page's own events.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import drivers
import pytest
from drivers import Window
from static_host import serving
from test_runner import ASK, BASE, ESCAPES, EXAMPLES, LESSONS, PAGE, site  # noqa: F401 - fixture

import conftest

# Served with the site, and run before everything else on each page.
PLANTED = """
localStorage.clear();
sessionStorage.clear();
window.faults = [];
// Material measures again in the next frame; a browser says so to `error`, and to no reader.
const harmless = "ResizeObserver loop completed with undelivered notifications.";
const tell = (kind) => (event) => {
  if (event.message === harmless) return;
  faults.push(`${kind}: ${event.message ?? event.reason ?? event.blockedURI ?? event.target.outerHTML}`);
};
addEventListener("error", tell("error"), true);
addEventListener("unhandledrejection", tell("rejection"));
addEventListener("securitypolicyviolation", tell("policy"));
for (const kind of ["error", "warn"]) console[kind] = (...words) => faults.push(`${kind}: ${words.join(" ")}`);

window.until = async (find) => {
  for (;;) {
    const found = await find();
    if (found) return found;
    await new Promise((go) => setTimeout(go, 20));
  }
};
window.buttons = (label) => [...document.querySelectorAll("button")].filter((each) => each.textContent === label);
window.press = async (button) => {
  const bar = button.closest("div");
  button.click();
  await until(() => !button.disabled);
  return bar.nextElementSibling.innerText;
};
window.edit = async (file, text) => {
  const titles = [...document.querySelectorAll(".highlight > .filename")];
  const block = titles.find((each) => `/${file}`.endsWith(`/${each.textContent}`)).parentElement;
  block.nextElementSibling.querySelector("button").click();
  const editor = await until(() => block.querySelector("textarea, [contenteditable=true]"));
  editor.focus();
  document.execCommand("selectAll");
  document.execCommand("insertText", false, text);
};
window.run = async (program) => {
  const { Engine } = await import("/portal/runner/engine.js");
  window.engine ??= new Engine(["python"]);
  return engine.run({ "program.py": program }, ["program.py"]);
};
"""
# A program cannot wait for a promise of the browser; the next program sees what it came to.
PROMISES = ("fetch({address!r})", "caches.keys()")


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:  # noqa: F811
    """Where the built site is served, each page with the script above."""
    (site / "planted.js").write_text(PLANTED, encoding="utf-8")
    for path in site.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        path.write_text(
            text.replace("<head>", '<head><script src="/portal/planted.js"></script>', 1), "utf-8"
        )
    with serving(site, "/portal/") as port:
        yield f"http://localhost:{port}/portal/"


@pytest.fixture(scope="module", params=drivers.OPEN)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def opened(name: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Window]:
    with drivers.OPEN[name](tmp_path_factory.mktemp("browser")) as window:
        yield window


@pytest.fixture
def window(name: str, request: pytest.FixtureRequest) -> Window:
    """The browser's window, started once for all tests of this file."""
    if why := drivers.missing(name):
        conftest.no_server(request.config, why)
    return request.getfixturevalue("opened")


def visit(window: Window, url: str) -> None:
    window.open(url)
    window.evaluate("await until(() => document.querySelector('.run-bar'))")


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson["path"])
def test_every_record_is_the_same(lesson: dict, window: Window, address: str):
    visit(window, address + lesson["path"] + "/")

    results = window.evaluate(
        """const results = [];
        for (const button of buttons("Run it here")) results.push(await press(button));
        return results;"""
    )

    assert len(lesson["commands"]) == len(results)
    assert [] == [result for result in results if "The same as the record above." not in result]
    assert [] == window.evaluate("return faults")


def test_an_exercise_rejects_its_stub_and_accepts_its_solution(window: Window, address: str):
    path, exercise = next((lesson["path"], each) for lesson in LESSONS for each in lesson["exercises"])
    (solution,) = (EXAMPLES / path / "exercises" / exercise["name"]).glob("solution.*")
    visit(window, address + path + "/")

    stub, solved = window.evaluate(
        """const [judge] = buttons("Check my answer");
        const stub = await press(judge);
        await edit(...arguments);
        return [stub, await press(judge)];""",
        exercise["stub"],
        solution.read_text(encoding="utf-8"),
    )

    assert re.match(r"\d+ of \d+ tests pass\.", stub), stub
    assert re.match(r"All \d+ tests pass\.", solved), solved


def test_a_query_gives_the_plan_of_the_record(window: Window, address: str):
    visit(window, f"{address}databases/indexes/")

    result = window.evaluate("return press(buttons('Explain it here')[0])")

    record = (EXAMPLES / "databases/indexes/column_order.postgresql-18.out").read_text(encoding="utf-8")
    pages = int(re.search(r"^quarter\s+no index\s+(\d+)", record, re.MULTILINE)[1])
    assert f"The plan: {pages:,} pages" in result
    assert "Seq Scan on orders" in result
    assert [] == window.evaluate("return faults")


def test_the_shop_answers_swagger_ui_and_shows_its_sql(window: Window, address: str):
    visit(window, f"{address}shop/api/")
    window.evaluate(
        """buttons("Start the API")[0].click();
        await until(() => /runs in this tab/.test(document.querySelector(".live-state")?.textContent));"""
    )

    status, log = window.evaluate(
        """document.querySelector("[data-specification] button").click();
        const frame = document.querySelector("[data-specification] iframe");
        const block = await until(() => frame.contentDocument.querySelector("[id$='-listProducts']"));
        const click = async (part) => (await until(() => block.querySelector(part))).click();
        await click(".opblock-summary-control");
        await click(".try-out__btn");
        await click(".execute");
        const status = await until(() => block.querySelector(".live-responses-table .response .response-col_status"));
        (await until(() => document.querySelector(".live-log summary"))).click();
        return [status.innerText, document.querySelector(".live-log").innerText];"""
    )

    assert "200" == status.split()[0]
    assert re.match(r"GET /api/v1/products/\S* 200 · \d+ ms · 1 statement\n", log), log
    assert 'FROM "catalogue_product"' in log
    assert [] == window.evaluate("return faults")


def test_a_program_has_no_origin_and_cannot_leave_its_sandbox(window: Window, address: str):
    visit(window, f"{address}{PAGE}/")
    ways = {way: program.replace(BASE, address) for way, program in ESCAPES.items() if way != "caches"}

    origin = window.evaluate("return run('import js; print(js.origin)')")
    closed = window.evaluate("return document.querySelector('iframe[sandbox]').contentDocument === null")
    tried = {way: window.evaluate("return run(arguments[0])", ways[way]) for way in ways}

    assert ("null\n", True) == (origin["output"], closed)
    assert {(False, "finished")} == {(result["ok"], result["ended"]) for result in tried.values()}, tried


@pytest.mark.parametrize("promise", PROMISES)
def test_a_program_reaches_neither_the_network_nor_what_the_site_keeps(
    promise: str, window: Window, address: str
):
    visit(window, f"{address}{PAGE}/")

    told = window.evaluate(
        """const asked = await run(arguments[0]);
        if (!asked.ok) return "refused";
        return until(async () => (await run("import js; print(js.told)")).output.trim());""",
        ASK.format(promise=promise.format(address=address)),
    )
    kept = window.evaluate("return caches.keys()")

    # WebKit gives the sandbox caches of its own: empty, and gone with the page.
    assert told in ("refused", "found")
    assert any(name.endswith("packs") for name in kept)
