"""The statements of a lesson, run and explained in its page by the PostgreSQL that is in it."""

import re

import prepare
import pytest
import site_gates
from playwright.sync_api import Locator, Page
from site_gates import watching
from test_runner import BASE, browser, editor_of, page, site, visit  # noqa: F401 - fixtures

PAGE = "databases/indexes"
RECORD = prepare.ROOT / "examples" / PAGE / "column_order.postgresql-18.out"
INDEX = "CREATE INDEX ON orders (status, created_at);"
QUERIES = ["quarter", "newest", "pending", "day"]

pytestmark = pytest.mark.browser


def queries(page: Page) -> Locator:  # noqa: F811
    """What stands under the lesson's first queries.sql: its button's bar, and then its result."""
    block = page.locator(".highlight:has(> .filename:text-is('queries.sql'))").first
    return block.locator("xpath=following-sibling::div[contains(@class, 'run-bar')]").filter(
        has=page.get_by_role("button", name="Explain it here")
    )


def explain(page: Page, *, indexes: str = "", statements: str = "") -> Locator:  # noqa: F811
    """Press the button and return the result under it."""
    bar = queries(page).first
    button = bar.get_by_role("button", name="Explain it here")
    result = bar.locator("xpath=following-sibling::div[contains(@class, 'run-result')][1]")
    if statements:
        bar.locator("xpath=preceding-sibling::div[1]").get_by_role("button", name="Edit").click()
        editor_of(page).fill(statements)
    if indexes:
        result.get_by_label("Indexes first").evaluate("(area, text) => { area.value = text; }", indexes)
    button.click()
    button.and_(page.locator(":enabled")).wait_for()
    return result


def recorded(state: str) -> list[int]:
    """Pages of each query in one state of the table, as the lesson's record has them."""
    text = RECORD.read_text(encoding="utf-8")
    return [int(re.search(rf"^{query}\s+{state}\s+(\d+)", text, re.MULTILINE)[1]) for query in QUERIES]


def shown(result: Locator, column: int) -> list[int]:
    """Pages of each statement, as the result shows them."""
    labels = result.locator(f".run-sides > :nth-child({column}) > p strong").all_inner_texts()
    return [int(label.split()[0].replace(",", "")) for label in labels]


def test_pages_before_and_after_an_index_are_those_of_the_record(page: Page):  # noqa: F811
    with watching(page, BASE) as seen:
        visit(page, PAGE)

        first = explain(page)
        alone = shown(first, 1)
        assert "The plan" in first.inner_text()
        result = explain(page, indexes=INDEX)

        assert recorded("no index") == alone == shown(result, 1)
        assert recorded("status, created_at") == shown(result, 2)
        assert "PostgreSQL 18" in result.inner_text()
        assert "orders_status_created_at_idx" in result.locator(".run-plan").nth(1).inner_text()
        assert "The first 10 of 25 rows" in result.inner_text()

    assert [] == [url for url in seen.requests if "python-" in url]
    faults = (site_gates.third_parties, site_gates.complaints, site_gates.policy_violations)
    assert [] == [fault for find in faults for fault in find(seen)]


def test_the_node_that_reads_the_most_is_marked(page: Page):  # noqa: F811
    visit(page, PAGE)

    tree = explain(page, statements="SELECT id FROM orders ORDER BY total_cents LIMIT 3;").locator(
        ".run-plan"
    )

    marked = tree.locator("li").filter(has=page.locator("mark")).last
    assert 1 == tree.locator("mark").count()
    assert marked.inner_text().startswith("Seq Scan on orders: 50,000 rows, 1,112 pages reads the most")


def test_an_error_stands_there_in_the_words_of_postgresql(page: Page):  # noqa: F811
    visit(page, PAGE)

    result = explain(page, statements="SELECT 1;\n\nSELECT id,\n  colour FROM orders;")

    assert 'ERROR 42703, line 4, character 3: column "colour" does not exist' in result.inner_text()
    assert "  colour FROM orders\n  ^" == result.locator("pre").inner_text()


def test_a_write_is_explained_once_and_done_once_and_is_gone_at_the_next_run(page: Page):  # noqa: F811
    visit(page, PAGE)
    statements = """DELETE FROM orders WHERE status = 'pending';
      SELECT count(*) FROM orders; VACUUM (ANALYZE) orders; SHOW work_mem;"""

    for result in (explain(page, statements=statements), explain(page)):
        cells = result.locator("td").all_text_contents()
        text = result.inner_text()

        assert ["49900", "4MB"] == cells
        assert "DELETE 100" in text
        assert "VACUUM" in text


def test_values_are_text_and_never_markup(page: Page):  # noqa: F811
    visit(page, PAGE)

    result = explain(page, statements="SELECT '<b>mug</b>' AS \"<i>name</i>\", NULL;")

    assert ["<b>mug</b>", "null"] == result.locator("td").all_text_contents()
    assert 0 == result.locator("b, i").count()


def test_a_query_without_end_is_stopped_and_the_next_run_works(page: Page):  # noqa: F811
    visit(page, PAGE)
    endless = "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT 1 FROM n) SELECT count(*) FROM n;"

    stopped = explain(page, statements=endless).inner_text()
    editor_of(page).fill("SELECT 1 AS alive;")
    after = explain(page)

    assert "It was stopped: it ran too long." in stopped
    assert ["1"] == after.locator("td").all_text_contents()


@pytest.mark.parametrize("scheme", ["default", "slate"])
def test_a_plan_in_the_page_is_accessible_and_not_too_wide(scheme: str, page: Page):  # noqa: F811
    page.set_viewport_size({"width": 360, "height": 780})
    visit(page, PAGE)
    explain(page)
    result = explain(page, indexes=INDEX)
    for summary in result.locator("summary").all():
        summary.click()

    site_gates.use_colours(page, scheme)

    assert [] == site_gates.inaccessible(page)
    assert [] == site_gates.too_wide(page)
