"""What runs in a page, in a real browser: programs, exercises, their limits, and what cannot escape."""

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import build
import policy
import prepare
import pytest
import runnable
import site_gates
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright
from site_gates import reader, watching
from static_host import serving

import conftest

BASE = "http://portal.test/portal/"
EXAMPLES = prepare.ROOT / "examples"
PROMISE = re.compile(r"^(?:#|--) fails with: (.+)$", re.MULTILINE)
LIMIT_BYTES = {
    "python": 5_500_000,
    "postgresql": 5_500_000,
    "pytest": 1_100_000,
    "django": 2_900_000,
    "editor": 110_000,
    "live": 2_100_000,
    "shop": 400_000,
    "invoices": 300_000,
    "gatekeeper": 450_000,
}
PAGE = "caching/stampede"

pytestmark = pytest.mark.browser


LESSONS = list(runnable.lessons())


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    assert 0 == build.build(folder, site_url=BASE)
    return folder


def options(port: int) -> dict:
    """How to launch a Chromium to which portal.test is secure, as a published site is: it checks and keeps packs."""
    return {
        "executable_path": conftest.browser_path(),
        "args": [
            *["--no-sandbox", "--disable-gpu", "--no-proxy-server"],
            f"--host-resolver-rules=MAP portal.test 127.0.0.1:{port}, MAP * ~NOTFOUND",
            "--unsafely-treat-insecure-origin-as-secure=http://portal.test",
        ],
    }


@pytest.fixture(scope="module")
def browser(site: Path) -> Iterator[Browser]:
    """One Chromium for all tests."""
    with serving(site, "/portal/") as port, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(**options(port))
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with reader(browser, width=412, height=915) as page:
        page.set_default_timeout(90_000)
        yield page


def visit(page: Page, path: str = PAGE, fragment: str = "") -> None:
    page.goto(f"{BASE}{path}/{fragment}", wait_until="load")
    page.locator(".run-bar").first.wait_for()


def press(button: Locator) -> str:
    """Press a button that runs something, wait for its end and return what stands under it."""
    button.click()
    button.and_(button.page.locator(":enabled")).wait_for()
    return button.locator("xpath=ancestor::div[1]/following-sibling::*[1]").inner_text()


def editor_of(page: Page | Locator) -> Locator:
    """The first open editor: CodeMirror's, or the text area that stands in for it."""
    return page.get_by_role("textbox", name=", your text").first


def run_files(page: Page, files: dict[str, str], *, seconds: int = 20, name: str = "program.py") -> dict:
    """Run files with the page's own engine, and return its result."""
    return page.evaluate(
        """async ({ files, name, seconds, url }) => {
          const { Engine } = await import(url);
          window.engine ??= new Engine(["python"]);
          return window.engine.run(files, [name], { seconds });
        }""",
        {"files": files, "name": name, "seconds": seconds, "url": f"{BASE}runner/engine.js"},
    )


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson["path"])
def test_every_record_is_the_same_in_the_page(lesson: dict, page: Page):
    with watching(page, BASE) as seen:
        visit(page, lesson["path"])
        buttons = page.get_by_role("button", name="Run it here")
        assert len(lesson["commands"]) == buttons.count()

        results = [press(button) for button in buttons.all()]

    differing = [result for result in results if "The same as the record above." not in result]
    assert not differing, differing
    assert [] == site_gates.third_parties(seen) + site_gates.complaints(seen) + site_gates.policy_violations(
        seen
    )


def answers() -> Iterator[tuple]:
    for lesson in LESSONS:
        for exercise in lesson["exercises"]:
            folder = EXAMPLES / lesson["path"] / "exercises" / exercise["name"]
            (solution,) = folder.glob("solution.*")
            for answer in (
                EXAMPLES / lesson["path"] / exercise["stub"],
                solution,
                *sorted(folder.glob("mistakes/*")),
            ):
                yield pytest.param(lesson["path"], exercise, answer, id=f"{exercise['name']}-{answer.stem}")


@pytest.fixture(scope="module")
def exercise_pages(browser: Browser) -> Iterator[dict[str, Page]]:
    """One page for each lesson, kept open so that its engine starts once."""
    with reader(browser, width=412, height=915) as first:
        first.set_default_timeout(90_000)
        yield {"context": first}


@pytest.mark.parametrize(("path", "exercise", "answer"), list(answers()))
def test_an_answer_is_judged_in_the_page_as_in_ci(
    path: str, exercise: dict, answer: Path, exercise_pages: dict[str, Page]
):
    if path not in exercise_pages:
        exercise_pages[path] = exercise_pages["context"].context.new_page()
        exercise_pages[path].set_default_timeout(90_000)
        visit(exercise_pages[path], path)
        button = exercise_pages[path].get_by_role("button", name="Check my answer")
        button.locator("xpath=ancestor::div[1]/preceding-sibling::div[1]").get_by_role("button").click()
        editor_of(exercise_pages[path]).wait_for()
    page = exercise_pages[path]
    text = answer.read_text(encoding="utf-8")
    editor_of(page).fill(text)

    result = press(page.get_by_role("button", name="Check my answer"))

    if answer.stem == "solution":
        assert re.match(r"All \d+ tests pass\.", result), result
        return
    assert re.match(r"\d+ of \d+ tests pass\.", result), result
    promise = PROMISE.search(text)
    if promise:
        assert promise[1] in " ".join(result.split()), f"promised {promise[1]!r}: {result}"


def test_the_packs_stay_within_what_a_reader_was_told():
    import pack

    listing = json.loads((pack.PACKS / "packs.json").read_text(encoding="utf-8"))["packs"]
    sizes = {need: sum(listing[name]["wire"] for name in names) for need, names in runnable.PACKS.items()}

    print(sizes)
    assert [] == [f"{need}: {size}" for need, size in sizes.items() if size > LIMIT_BYTES[need]]


def test_what_the_button_says_is_what_is_loaded(page: Page):
    visit(page)
    note = page.locator(".run-note", has_text="loads").last.inner_text()

    with watching(page) as seen:
        press(page.get_by_role("button", name="Run it here").first)

    loaded = sum(size for url, size in seen.sizes.items() if url.endswith(".pack")) / 1e6
    assert note == "loads 5.4 MB, once" or float(note.split()[1]) == pytest.approx(loaded, rel=0.3)
    assert float(re.search(r"loads ([\d.]+) MB", note)[1]) == pytest.approx(loaded, rel=0.25)


def test_the_second_visit_loads_nothing(page: Page):
    visit(page)
    press(page.get_by_role("button", name="Run it here").first)
    visit(page)

    with watching(page) as seen:
        press(page.get_by_role("button", name="Run it here").first)

    assert [] == [url for url in seen.requests if url.endswith(".pack")]
    assert 0 == page.locator(".run-note", has_text="loads 5").count()


ESCAPES = {
    "eval": "from js import eval as run\nrun('1 + 1')",
    "network": f"import js\nask = js.XMLHttpRequest.new()\nask.open('GET', '{BASE}', False)\nask.send()",
    "caches": "import js\njs.caches",
    "IndexedDB": "import js\njs.indexedDB.open('x')",
    "localStorage": "import js\njs.localStorage",
    "parent page": "import js\njs.parent.document",
    "import": f"from js import importScripts\nimportScripts('{BASE}assets/page.js')",
}


# Leaves in `js.told` how a promise ended, for the next program to read.
ASK = """
import js
from pyodide.ffi import create_once_callable
js.told = ""
js.{promise}.then(
    create_once_callable(lambda found: setattr(js, "told", f"found {{found}}")),
    create_once_callable(lambda error: setattr(js, "told", "refused")),
)
"""


@pytest.mark.parametrize("way", ESCAPES)
def test_a_program_cannot_leave_its_sandbox(way: str, page: Page):
    visit(page)

    result = run_files(page, {"program.py": ESCAPES[way]})

    assert not result["ok"], result
    assert "finished" == result["ended"]


def test_a_program_that_fetches_is_refused(page: Page):
    visit(page)
    asked = run_files(page, {"program.py": ASK.format(promise=f"fetch('{BASE}')")})
    assert asked["ok"], asked
    deadline = time.monotonic() + 10
    told = ""
    while not told and time.monotonic() < deadline:
        told = run_files(page, {"program.py": "import js; print(js.told)"})["output"].strip()

    assert "refused" == told


def test_the_sandbox_frame_has_no_origin_and_its_script_stands_in_the_policy(site: Path, page: Page):
    visit(page)
    run_files(page, {"program.py": "print(1)"})

    frame = page.locator("iframe[sandbox]").first
    assert "allow-scripts" == frame.get_attribute("sandbox")
    (script,) = policy.sandbox_scripts(site)
    rules = page.locator("meta[http-equiv='Content-Security-Policy']").get_attribute("content")
    assert policy.hash_of(script) in rules


def test_a_loop_without_end_is_stopped_and_the_next_run_works(page: Page):
    visit(page)
    run_files(page, {"program.py": "print('warm')"})

    endless = run_files(page, {"program.py": "while True: pass"}, seconds=2)
    after = run_files(page, {"program.py": "print('alive')"})

    assert (False, "time") == (endless["ok"], endless["ended"])
    assert (True, "alive\n") == (after["ok"], after["output"])


def test_a_flood_of_output_is_cut(page: Page):
    visit(page)

    flood = run_files(page, {"program.py": "while True: print('x' * 1000)"})
    after = run_files(page, {"program.py": "print('alive')"})

    assert "output" == flood["ended"]
    assert len(flood["output"]) <= 100_000
    assert after["ok"]


def test_a_program_that_wants_all_memory_gets_an_error_it_can_read(page: Page):
    visit(page)

    bomb = run_files(page, {"program.py": "rows = [bytearray(2**26) for _ in range(64)]"})

    assert not bomb["ok"]
    assert "MemoryError" in bomb["output"], bomb


def test_a_syntax_error_names_the_readers_line_only(page: Page):
    visit(page)

    wrong = run_files(page, {"program.py": "stock = 3\nprint(stock"})

    assert not wrong["ok"]
    assert re.search(r'program\.py", line 2', wrong["output"])
    assert "run_program" not in wrong["output"]


def test_an_exception_shows_the_readers_traceback_only(page: Page):
    visit(page)

    wrong = run_files(
        page, {"program.py": "import shelf\nshelf.take()", "shelf.py": "def take():\n    return 1 / 0\n"}
    )

    assert "ZeroDivisionError" in wrong["output"]
    assert re.findall(r'File "[^"]*/(\w+\.py)"', wrong["output"]) == ["program.py", "shelf.py"]


def test_one_run_leaves_nothing_for_the_next(page: Page):
    visit(page)
    first = "import os, shelf\nos.environ['LEFT'] = '1'\nopen('left.txt', 'w').write('x')\nprint(shelf.NAME)"
    second = "import os, shelf\nprint(shelf.NAME, 'LEFT' in os.environ, os.path.exists('left.txt'))"

    run_files(page, {"program.py": first, "shelf.py": "NAME = 'old'"})
    after = run_files(page, {"program.py": second, "shelf.py": "NAME = 'new'"})

    assert "new False False\n" == after["output"]


def test_a_rare_module_of_the_standard_library_is_fetched_when_it_is_missed(page: Page):
    visit(page)

    rare = run_files(page, {"program.py": "import tarfile, http.cookies, wsgiref.util\nprint('whole')"})

    assert (True, "whole\n") == (rare["ok"], rare["output"]), rare


def test_stop_ends_a_run_and_says_so(page: Page):
    visit(page)
    type_into_first_editor(page, "while True: pass")
    button = page.get_by_role("button", name="Run it here").first
    button.click()
    page.get_by_text("running…").first.wait_for()

    page.get_by_role("button", name="Stop").first.click()
    button.and_(page.locator(":enabled")).wait_for()

    assert "You stopped it." in page.locator(".run-result").first.inner_text()


def test_a_download_that_breaks_says_so_and_can_be_tried_again(page: Page):
    visit(page)
    page.route("**/python-wasm.*.pack", lambda route: route.abort("internetdisconnected"))
    button = page.get_by_role("button", name="Run it here").first

    button.click()
    page.get_by_text("the network stopped").wait_for()
    button.and_(page.locator(":enabled")).wait_for()
    page.unroute("**/python-wasm.*.pack")

    assert "The same as the record above." in press(button)


def test_a_damaged_download_is_refused(page: Page):
    visit(page)
    page.route("**/python-wasm.*.pack", lambda route: route.fulfill(body=b"\x1f\x8b" + b"damaged" * 99))

    page.get_by_role("button", name="Run it here").first.click()

    page.get_by_text("arrived damaged").wait_for()


def test_what_is_loaded_runs_without_a_network(page: Page):
    visit(page)
    button = page.get_by_role("button", name="Run it here").last
    press(button)

    page.context.set_offline(True)

    assert "The same as the record above." in press(button)


def type_into_first_editor(page: Page, text: str) -> Locator:
    page.locator(".run-bar button", has_text="Edit").first.click()
    editor_of(page).fill(text)
    return editor_of(page)


def test_the_readers_text_survives_a_reload_and_reset_forgets_it(page: Page):
    visit(page)
    type_into_first_editor(page, "# mine")
    visit(page)

    page.get_by_role("button", name="Go on editing").first.click()

    expect(editor_of(page)).to_have_text("# mine")
    page.get_by_role("button", name="Reset").first.click()
    expect(editor_of(page)).not_to_have_text("# mine")
    visit(page)
    assert 0 == page.get_by_role("button", name="Go on editing").count()


def test_a_changed_lesson_keeps_the_readers_text_beside_it(page: Page):
    visit(page)
    type_into_first_editor(page, "# mine")
    page.evaluate(
        """() => {
          for (const key of Object.keys(localStorage)) {
            if (!key.includes(" draft ")) continue;
            localStorage[key] = JSON.stringify({ ...JSON.parse(localStorage[key]), was: "an older lesson" });
          }
        }"""
    )
    visit(page)

    beside = page.locator("details", has_text="The lesson has changed since you edited it here.")
    beside.locator("summary").click()

    assert "# mine" == beside.locator("pre").inner_text()
    assert 0 == editor_of(page).count()


def test_a_browser_without_room_for_a_draft_says_so(page: Page):
    visit(page)
    page.evaluate(
        """() => {
          for (let length = 2 ** 22; length >= 1; length /= 2) {
            try {
              for (;;) localStorage[`other ${length} ${localStorage.length}`] = "x".repeat(length);
            } catch {
              continue; // then half as much
            }
          }
        }"""
    )

    type_into_first_editor(page, "# mine")

    page.get_by_text("Your browser keeps nothing here").wait_for()
    expect(editor_of(page)).to_have_text("# mine")


def test_a_browser_without_room_for_the_packs_runs_all_the_same_and_says_so(page: Page):
    visit(page)
    quota = {"origin": "http://portal.test", "quotaSize": 100_000}
    page.context.new_cdp_session(page).send("Storage.overrideQuotaForOrigin", quota)
    bar = page.locator(".run-bar", has=page.get_by_role("button", name="Run it here")).first

    result = press(bar.get_by_role("button").first)

    assert "The same as the record above." in result
    assert "Your browser could not keep the download: the next page loads it again." in bar.inner_text()
    assert 0 == page.locator(".run-note", has_text="loads 5").count()
    visit(page)
    assert "loads 5" in bar.inner_text()


def test_a_tab_that_is_closed_while_the_reader_writes_gives_the_text_back(
    site: Path, browser: Browser, tmp_path: Path
):
    with serving(site, "/portal/") as port:
        context = browser.browser_type.launch_persistent_context(tmp_path, **options(port))
        visit(context.new_page())
        type_into_first_editor(context.pages[-1], "# mine")
        context.pages[-1].wait_for_function("JSON.stringify(localStorage).includes('# mine')")
        context.close()

        context = browser.browser_type.launch_persistent_context(tmp_path, **options(port))
        visit(context.new_page())
        context.pages[-1].get_by_role("button", name="Go on editing").click()

        expect(editor_of(context.pages[-1])).to_have_text("# mine")
        context.close()


def box(page: Page, words: str) -> Locator:
    """The folded box whose summary begins with `words`."""
    return page.locator(f"article > details:has(> summary:text('{words}'))")


def test_the_solution_waits_for_an_honest_try(page: Page):
    visit(page)
    solution = box(page, "A solution")
    question = page.get_by_role("status").filter(has_text="You have not run the tests yet.")

    solution.locator("summary").first.click()
    expect(question).to_be_visible()
    press(page.get_by_role("button", name="Check my answer"))
    solution.locator("summary").first.click()
    expect(solution).not_to_have_attribute("open", "")

    stub = page.locator(".highlight:has(> .filename:text-is('get_or_compute.py'))").last
    stub.locator("xpath=following-sibling::div[contains(@class, 'run-quiet')][1]").get_by_role(
        "button"
    ).click()
    editor_of(page).fill("# mine")
    press(page.get_by_role("button", name="Check my answer"))
    solution.locator("summary").first.click()

    expect(solution).to_have_attribute("open", "")
    expect(question).to_have_count(0)
    visit(page)
    solution.locator("summary").first.click()
    expect(solution).to_have_attribute("open", "")


def test_the_keyboard_opens_the_solution_anyway_and_that_is_remembered(page: Page):
    visit(page)
    solution = box(page, "A solution")
    solution.locator("summary").first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Show it anyway")).to_be_visible()

    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(solution).to_have_attribute("open", "")
    expect(solution.locator("summary").first).to_be_focused()
    expect(page.get_by_role("button", name="Show it anyway")).to_have_count(0)
    visit(page)
    solution.locator("summary").first.click()
    expect(solution).to_have_attribute("open", "")


def test_hints_open_one_after_the_other(page: Page):
    visit(page)
    box(page, "Hint 2").locator("summary").click()
    expect(page.get_by_role("status").filter(has_text="Hint 1 comes first.")).to_be_visible()
    expect(box(page, "Hint 2")).not_to_have_attribute("open", "")

    box(page, "Hint 1").locator("summary").click()
    box(page, "Hint 2").locator("summary").click()

    expect(box(page, "Hint 2")).to_have_attribute("open", "")
    expect(page.get_by_text("comes first.")).to_have_count(0)


def test_a_question_about_the_solution_is_accessible(page: Page):
    visit(page)
    for words in ("Hint 2", "A solution"):
        box(page, words).locator("summary").first.click()

    for scheme in ("default", "slate"):
        site_gates.use_colours(page, scheme)
        assert [] == site_gates.inaccessible(page)


def test_without_javascript_and_on_paper_the_solution_is_there(browser: Browser, page: Page):
    with reader(browser, java_script_enabled=False) as plain:
        plain.goto(f"{BASE}{PAGE}/")
        box(plain, "A solution").locator("summary").first.click()
        expect(box(plain, "A solution").locator("pre")).to_be_visible()
    visit(page)
    box(page, "A solution").locator("summary").first.click()

    page.emulate_media(media="print")

    expect(box(page, "A solution").locator("pre")).to_be_visible()
    expect(page.get_by_text("You have not run the tests yet.")).to_be_hidden()


def test_a_shared_link_shows_its_text_and_runs_nothing(page: Page):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin="http://portal.test")
    visit(page)
    type_into_first_editor(page, "print('from a link')")
    page.get_by_role("button", name="Copy a link to this text").first.click()
    page.get_by_text("Copied.").wait_for()
    address = page.evaluate("navigator.clipboard.readText()")
    page.evaluate("localStorage.clear()")

    page.goto("about:blank")
    with watching(page, BASE) as seen:
        page.goto(address, wait_until="networkidle")
        beside = page.locator("details", has_text="The link you followed carries another text for this.")
        beside.locator("summary").click()

    assert "print('from a link')" == beside.locator("pre").inner_text()
    assert [] == [url for url in seen.requests if url.endswith(".pack")]
    assert 0 == editor_of(page).count()


def test_a_link_that_was_cut_off_is_ignored(page: Page):
    visit(page, fragment="#code=abcd")

    assert 0 == page.get_by_text("The link you followed").count()


def test_tab_leaves_the_editor(page: Page):
    visit(page)
    area = type_into_first_editor(page, "# mine")
    area.focus()

    page.keyboard.press("Tab")

    assert "BUTTON" == page.evaluate("document.activeElement.tagName")


@pytest.mark.parametrize("scheme", ["default", "slate"])
def test_a_lesson_in_use_is_accessible_and_not_too_wide(scheme: str, page: Page):
    visit(page)
    page.set_viewport_size({"width": 360, "height": 780})
    type_into_first_editor(page, "# mine")
    press(page.get_by_role("button", name="Run it here").last)
    press(page.get_by_role("button", name="Check my answer"))

    site_gates.use_colours(page, scheme)

    assert [] == site_gates.inaccessible(page)
    assert [] == site_gates.too_wide(page)


def test_our_own_modules_stay_small(site: Path):
    docs = prepare.ROOT / "docs"
    ours = [*docs.glob("runner/*.js"), *docs.glob("assets/*.js"), docs / "sw.js"]
    written = sum(path.stat().st_size for path in ours)
    published = sum((site / path.relative_to(docs)).stat().st_size for path in ours)

    print(written, published, {path.name: path.stat().st_size for path in ours})
    assert len(ours) > 10
    assert written <= 95_000
    assert published <= 60_000
