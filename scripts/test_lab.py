"""A lab in a real browser: the reader's file is attacked by a form, mended, attacked again, and judged."""

import re
from collections.abc import Iterator
from pathlib import Path

import prepare
import pytest
import site_gates
from playwright.sync_api import Browser, Page
from test_runner import BASE, browser, editor_of, page, press, site, visit  # noqa: F401 - fixtures

PATH = "security/sql-injection"
EXERCISE = prepare.ROOT / "examples" / PATH / "exercises" / "shop_search"
ANYBODY = "Log in as ' OR '1'='1' --"

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def kept_page(browser: Browser) -> Iterator[Page]:  # noqa: F811
    """One page for several tests, so that its engines start once."""
    with site_gates.reader(browser, width=412, height=915) as page:  # noqa: F811
        page.set_default_timeout(90_000)
        visit(page, PATH)
        yield page


@pytest.fixture
def lab(kept_page: Page) -> Page:
    """The lab, opened anew: no request was sent, nothing was edited."""
    kept_page.evaluate("localStorage.clear()")
    visit(kept_page, PATH)
    kept_page.get_by_role("button", name="Attack it here").click()
    kept_page.get_by_label("Send to").wait_for()
    return kept_page


def send(page: Page) -> str:  # noqa: F811
    """Send what the form holds, and return what it shows then."""
    return press(page.get_by_role("button", name="Send the request"))


def choose(page: Page, path: str, ready: str) -> None:  # noqa: F811
    page.get_by_label("Send to").select_option(path)
    page.get_by_role("button", name=ready).click()


def put_into_editor(page: Page, answer: Path) -> None:  # noqa: F811
    shown = page.locator(".highlight:has(> .filename:text-is('exercises/shop_search/shop_search.py'))")
    if not editor_of(shown).count():
        shown.locator("xpath=following-sibling::div[1]").get_by_role("button").click()
    editor_of(shown).fill(answer.read_text(encoding="utf-8"))


def test_the_flawed_login_falls_and_the_statement_shows_the_input(lab: Page):
    choose(lab, "/login", ANYBODY)

    answer = send(lab)

    assert re.match(r"Flag captured: login: FLAG-[0-9a-f]{8}\n", answer)
    assert "WHERE email = '' OR '1'='1' -- ' AND password_hash" in answer
    assert "Status 200, 3 rows" in answer
    assert "Requests so far: 1. Flags so far: 1 of 5." in answer


def test_what_the_reader_types_is_sent(lab: Page):
    lab.get_by_label("Send to").select_option("/search")
    lab.get_by_label("q", exact=True).fill("O'Brien")
    lab.get_by_label("q", exact=True).press("Enter")
    lab.locator(".run-lab .run-result").wait_for()

    answer = lab.locator(".run-lab .run-result").inner_text()

    assert answer.startswith("No flag in this answer.")
    assert 'near "Brien": syntax error' in answer
    assert "Status 500, 0 rows" in answer


def test_filters_are_lines_and_requests_are_counted(lab: Page):
    choose(lab, "/sellers", "Ask for the admin's reset token")
    first = send(lab)
    choose(lab, "exploit", "Read a secret through /stock")

    second = send(lab)

    assert "('Admin', 'Tehran')" in first
    assert "Flag captured: blind" in second
    assert "SQL statements that ran: 92, the last 3" in second
    assert "Requests so far: 93. Flags so far: 1 of 5." in second


def test_after_the_fix_the_same_request_captures_nothing_and_a_customer_notices_nothing(lab: Page):
    def customer() -> str:
        choose(lab, "/search", "A customer looks for a teapot")
        return send(lab).partition("Status")[2].partition("Requests")[0]

    choose(lab, "/login", ANYBODY)
    assert "Flag captured" in send(lab)
    before = customer()

    put_into_editor(lab, EXERCISE / "solution.py")

    choose(lab, "/login", ANYBODY)
    attacked = send(lab)
    assert attacked.startswith("No flag in this answer.")
    assert "WHERE email = ''' OR ''1''=''1'' -- ' AND" in attacked
    assert "Status 200, 0 rows" in attacked
    assert "Requests so far: 3. Flags so far: 1 of 5." in attacked
    assert before == customer()
    assert "Teapot" in before
    judged = press(lab.get_by_role("button", name="Check my answer"))
    assert re.match(r"All \d+ tests pass\.", judged), judged


def test_a_shop_that_finds_nothing_resists_the_attack_and_is_rejected(lab: Page):
    put_into_editor(lab, EXERCISE / "mistakes" / "no_search.py")
    choose(lab, "/search", "Append rows of another table")
    attacked = send(lab)

    judged = press(lab.get_by_role("button", name="Check my answer"))

    assert attacked.startswith("No flag in this answer.")
    assert re.match(r"\d+ of \d+ tests pass\.", judged), judged
    assert "a shop without a search is safe, and useless" in " ".join(judged.split())


def test_a_file_that_breaks_says_so_and_the_next_request_works(lab: Page, tmp_path: Path):
    broken = tmp_path / "broken.py"
    broken.write_text("def handle(\n", encoding="utf-8")
    put_into_editor(lab, broken)
    first = send(lab)
    put_into_editor(lab, EXERCISE / "shop_search.py")
    choose(lab, "/login", ANYBODY)

    second = send(lab)

    assert first.startswith("Your file broke before it could answer.")
    assert 'shop_search.py", line 1' in first
    assert "Requests so far: 0." in first
    assert second.startswith("Flag captured: login")


def test_nothing_heavy_is_loaded_before_a_request_is_sent(page: Page):  # noqa: F811
    with site_gates.watching(page, BASE) as seen:
        visit(page, PATH)
        page.wait_for_load_state("networkidle")
        read = list(seen.requests)
        page.get_by_role("button", name="Attack it here").click()
        page.get_by_label("Send to").wait_for()
        opened = list(seen.requests)

    note = page.locator(".run-lab .run-note").inner_text()
    assert re.fullmatch(r"loads \d\.\d MB, once", note)
    assert [] == [url for url in read if url.endswith(("lab.js", ".pack")) or "runner/lessons" in url]
    assert [] == [url for url in opened if url.endswith(".pack")]


def test_the_lab_and_the_judge_share_one_python(page: Page):  # noqa: F811
    visit(page, PATH)
    page.get_by_role("button", name="Attack it here").click()
    choose(page, "/login", ANYBODY)
    bar = page.locator(".run-bar", has=page.get_by_role("button", name="Check my answer"))
    assert re.fullmatch(r"loads 6\.\d MB, once", bar.locator(".run-note").inner_text())
    assert "Flag captured" in send(page)
    assert re.fullmatch(r"loads 1\.\d MB, once", bar.locator(".run-note").inner_text())

    with site_gates.watching(page, BASE) as seen:
        judged = press(page.get_by_role("button", name="Check my answer"))

    packs = {url.split("/")[-1].split(".")[0] for url in seen.requests if url.endswith(".pack")}
    assert re.match(r"\d+ of \d+ tests pass\.", judged), judged
    assert packs <= {"pytest", "python-stdlib-rest"}
    assert "pytest" in packs
    assert 1 == page.locator("iframe[sandbox]").count()
    assert "Flag captured" in send(page)


@pytest.mark.parametrize("scheme", ["default", "slate"])
def test_an_open_lab_is_accessible_and_not_too_wide(scheme: str, page: Page):  # noqa: F811
    with site_gates.watching(page, BASE) as seen:
        visit(page, PATH)
        page.set_viewport_size({"width": 360, "height": 780})
        page.get_by_role("button", name="Attack it here").click()
        choose(page, "/login", ANYBODY)
        send(page)

    site_gates.use_colours(page, scheme)

    assert [] == site_gates.inaccessible(page)
    assert [] == site_gates.too_wide(page)
    assert [] == site_gates.third_parties(seen) + site_gates.complaints(seen) + site_gates.policy_violations(
        seen
    )
