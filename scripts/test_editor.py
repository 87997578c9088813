"""The code editor of a lesson: CodeMirror from its one module, or a text area where that cannot be had."""

import json
import re
from urllib.parse import urlsplit

import prepare
import pytest
import site_gates
from playwright.sync_api import Locator, Page, Route, expect
from site_gates import watching
from test_runner import BASE, browser, page, site, visit  # noqa: F401 - fixtures

MODULE = "**/packs/editor.*.js"
WITH_SQL = "databases/indexes"
LIMIT_BYTES = 110_000

pytestmark = pytest.mark.browser


def edit(page: Page, title: str = "") -> Locator:  # noqa: F811
    """Press Edit under the first block, or the first of that title, and return the box to type in."""
    blocks = page.locator(".highlight:has(> .filename)")
    if title:
        blocks = blocks.filter(has=page.locator(f".filename:text-is('{title}')"))
    bar = blocks.locator("xpath=following-sibling::div[contains(@class, 'run-quiet')][1]").first
    bar.get_by_role("button", name="Edit").click()
    box = page.get_by_role("textbox", name="your text").first
    box.wait_for()
    return box


def text_of(box: Locator) -> str:
    """The text in an editor, from its lines."""
    return "\n".join(box.locator(".cm-line").all_text_contents())


def drafts(page: Page) -> list[str]:  # noqa: F811
    """The texts that the browser keeps."""
    kept = page.evaluate("Object.entries(localStorage).filter(([key]) => key.includes(' draft '))")
    return [json.loads(value)["now"] for _, value in kept]


def no_editor(page: Page) -> None:  # noqa: F811
    page.route(MODULE, lambda route: route.abort("internetdisconnected"))


def test_edit_loads_one_module_and_nothing_before(page: Page):  # noqa: F811
    with watching(page, BASE) as seen:
        visit(page)
        page.wait_for_load_state("networkidle")
        before = list(seen.requests)
        edit(page)
        page.locator(".run-quiet button:visible", has_text="Edit").first.click()
        expect(page.locator(".cm-editor")).to_have_count(2)

    loaded = [url for url in seen.requests if "/packs/" in url]
    assert [] == [url for url in before if "/packs/" in url or urlsplit(url).path.endswith("editor.js")]
    assert 1 == len(loaded), loaded
    assert re.search(r"/packs/editor\.[0-9a-f]{12}\.js$", loaded[0])
    assert seen.sizes[loaded[0]] <= LIMIT_BYTES
    assert [] == site_gates.third_parties(seen) + site_gates.complaints(seen) + site_gates.policy_violations(
        seen
    )


def test_the_module_is_as_large_as_the_button_says(page: Page):  # noqa: F811
    visit(page)
    notes = page.locator(".run-quiet .run-note", has_text="loads")
    said = set(notes.all_text_contents())

    edit(page)

    listing = json.loads((prepare.ROOT / "docs/runner/packs/packs.json").read_text(encoding="utf-8"))
    wire = listing["packs"]["editor"]["wire"]
    assert {f"loads {wire / 1e6:.1f} MB, once"} == said
    assert wire <= LIMIT_BYTES
    expect(notes).to_have_count(0)
    visit(page)
    expect(notes).to_have_count(0)


def test_code_has_the_colours_that_it_has_on_the_page(page: Page):  # noqa: F811
    colours = """block => ["async", "def", "cache_aside", "str", "return", "stored"].map(word => {
      const texts = document.createTreeWalker(block, NodeFilter.SHOW_TEXT);
      while (texts.nextNode()) if (texts.currentNode.data.match(`\\\\b${word}\\\\b`)) break;
      return getComputedStyle(texts.currentNode.parentElement).color;
    })"""
    visit(page)
    block = page.locator(".highlight", has=page.locator(".filename:text-is('hot_key.py')")).first
    on_page = block.locator("code").evaluate(colours)

    box = edit(page, "hot_key.py")

    assert on_page == box.evaluate(colours)
    assert len(set(on_page)) == 4


def test_sql_is_coloured_and_numbered_as_postgresql_counts(page: Page):  # noqa: F811
    page.set_viewport_size({"width": 1280, "height": 800})
    visit(page, WITH_SQL)

    box = edit(page, "queries.sql")

    assert "SELECT" in box.locator(".k").all_text_contents()
    assert "'pending'" in box.locator(".s2").all_text_contents()
    assert "1" == page.locator(".cm-lineNumbers .cm-gutterElement:visible").first.inner_text()


def test_lines_have_the_numbers_of_their_file_where_there_is_room(page: Page):  # noqa: F811
    lines = (prepare.ROOT / "examples/caching/stampede/hot_key.py").read_text(encoding="utf-8").splitlines()
    visit(page)
    box = edit(page, "hot_key.py")
    first = page.locator(".cm-lineNumbers .cm-gutterElement").nth(1)
    narrow = first.is_visible()

    page.set_viewport_size({"width": 1280, "height": 800})

    expect(first).to_be_visible()
    assert not narrow
    assert lines[int(first.inner_text()) - 1] == text_of(box).split("\n")[0]


def test_a_new_line_is_indented_and_else_comes_back(page: Page):  # noqa: F811
    visit(page)
    box = edit(page)
    box.fill("")

    page.keyboard.type("def sell(stock):\nif stock:\nreturn 1\nelse:\nraise ValueError")

    wanted = "def sell(stock):\n    if stock:\n        return 1\n    else:\n        raise ValueError"
    assert wanted == text_of(box)


def test_a_bracket_shows_its_partner(page: Page):  # noqa: F811
    visit(page)
    box = edit(page)
    box.fill("print(len([1]))")

    page.keyboard.press("End")

    assert ["(", ")"] == box.locator(".cm-matchingBracket").all_text_contents()


def test_undo_takes_back_what_was_typed_and_a_reset(page: Page):  # noqa: F811
    visit(page)
    box = edit(page)
    lesson = text_of(box)
    page.keyboard.press("Control+Home")
    page.keyboard.insert_text("# mine\n")
    page.get_by_role("button", name="Reset").first.click()
    reset = text_of(box)

    page.keyboard.press("Control+z")
    mine = text_of(box)
    page.keyboard.press("Control+z")

    assert lesson == reset == text_of(box)
    assert f"# mine\n{lesson}" == mine


def test_a_draft_survives_and_is_what_runs(page: Page):  # noqa: F811
    visit(page)
    edit(page).fill("print(1)\n\nprint(2)")
    visit(page)
    page.wait_for_load_state("networkidle")
    loaded = page.evaluate("performance.getEntriesByType('resource').map(({ name }) => name)")

    page.get_by_role("button", name="Go on editing").click()

    box = page.get_by_role("textbox", name="your text")
    box.wait_for()
    assert "print(1)\n\nprint(2)" == text_of(box)
    edits = """async url => [...(await import(url)).edits().values()]"""
    assert ["print(1)\n\nprint(2)"] == page.evaluate(edits, f"{BASE}runner/editor.js")
    assert [] == [url for url in loaded if "/packs/" in url]


@pytest.mark.parametrize("lost", [False, True], ids=["codemirror", "text area"])
def test_tab_leaves_the_box_both_ways(lost: bool, page: Page):  # noqa: F811
    if lost:
        no_editor(page)
    visit(page)
    box = edit(page)

    page.keyboard.press("Tab")
    ahead = page.evaluate("document.activeElement.textContent")
    page.keyboard.press("Shift+Tab")

    assert "Reset" == ahead
    expect(box).to_be_focused()


@pytest.mark.parametrize("scheme", ["default", "slate"])
@pytest.mark.parametrize(("path", "title"), [("caching/stampede", "hot_key.py"), (WITH_SQL, "queries.sql")])
def test_an_open_editor_is_accessible_and_not_too_wide(path: str, title: str, scheme: str, page: Page):  # noqa: F811
    with watching(page, BASE) as seen:
        visit(page, path)
        page.set_viewport_size({"width": 360, "height": 780})
        edit(page, title)
    site_gates.use_colours(page, scheme)

    faults = site_gates.inaccessible(page) + site_gates.too_wide(page)

    assert [] == faults + site_gates.policy_violations(seen) + site_gates.complaints(seen)


def test_a_phone_neither_zooms_nor_corrects(page: Page):  # noqa: F811
    visit(page)

    box = edit(page)

    assert float(box.evaluate("box => getComputedStyle(box).fontSize").removesuffix("px")) >= 16
    given = {name: box.get_attribute(name) for name in ("autocapitalize", "autocorrect", "spellcheck")}
    assert {"autocapitalize": "off", "autocorrect": "off", "spellcheck": "false"} == given


def test_without_the_module_a_text_area_holds_the_readers_text(page: Page):  # noqa: F811
    visit(page)
    edit(page).fill("# mine")
    no_editor(page)
    visit(page)

    page.get_by_role("button", name="Go on editing").click()

    area = page.locator("textarea")
    expect(area).to_have_value("# mine")
    expect(area).to_be_focused()
    area.fill("if stock:")
    page.keyboard.press("End")
    page.keyboard.type("\nsell()")
    expect(area).to_have_value("if stock:\n    sell()")
    assert ["if stock:\n    sell()"] == drafts(page)
    page.get_by_role("button", name="Reset").click()
    assert [] == drafts(page)


def test_a_module_that_hangs_is_not_waited_for(page: Page):  # noqa: F811
    held: list[Route] = []
    page.route(MODULE, lambda route: held.append(route))  # noqa: PLW0108 - Playwright marks what it calls
    page.clock.install()
    visit(page)
    page.locator(".run-quiet button:visible", has_text="Edit").first.click()
    page.get_by_text("loading…").wait_for()

    page.clock.fast_forward(8_000)

    page.locator("textarea").wait_for()
    for route in held:
        route.abort()
