"""The systems served from the reader's browser: by Swagger UI, a request console, two tabs, and what can go wrong.

The figures that it measures are printed at the end (`pytest -s`); of these only bytes are compared with a limit, since
they alone are the same on every machine.
"""

import json
import re
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import build
import prepare
import pytest
import site_gates
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect, sync_playwright
from static_host import serving

import conftest

FIRST = ("python-runtime", "python-wasm", "python-stdlib", "live-worker", "django")  # and the system's own
LIMIT_BYTES = 8_000_000
STARTED = re.compile("The API runs in this tab: Python [0-9.]+, Django 5.2[0-9.]*, SQLite [0-9.]+[.]")
SHOP = "../../live/shop"
# Those that the page of each system shows, in its order.
REQUESTS = {
    "shop": ("too_many", "first_page", "own_price"),
    "invoices": ("change_issued",),
    "gatekeeper": ("host_bits",),
}
# Runs in the worker after its own script: one address never answers, as a fault in a view would do, and one imports.
PLANTED = """
const RealBlob = Blob;
window.Blob = class extends RealBlob {
  constructor(parts, options) {
    const planted = "\\n{ const load = loadPyodide;" +
      "loadPyodide = async (given) => (globalThis.python = await load(given));" +
      "const real = onmessage; onmessage = (event) => {" +
      "if (event.data.path === '/endless') for (;;);" +
      "if (event.data.path === '/import') python.runPython('import unittest.mock, django.contrib.admin.options');" +
      "return real(event); }; }";
    super(options?.type === "text/javascript" ? [...parts, planted] : parts, options);
  }
};
"""
figures: dict[str, str] = {}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    assert 0 == build.build(folder, site_url="http://localhost/portal/")
    return folder


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    """Where the page with Swagger UI is served: under a sub-path, on a host that counts as secure."""
    with serving(site, "/portal/") as port:
        yield f"http://localhost:{port}/portal/shop/api/"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        arguments = [
            "--no-sandbox",
            "--disable-gpu",
            "--disable-background-networking",
            "--enable-precise-memory-info",
        ]
        chromium = playwright.chromium.launch(executable_path=conftest.browser_path(), args=arguments)
        yield chromium
        chromium.close()
    for name, figure in figures.items():
        print(f"{name}: {figure}")


@pytest.fixture(scope="module")
def lesson(address: str) -> str:
    """The address of a page that shows requests, each with its record."""
    return address.removesuffix("api/")


@contextmanager
def visiting(browser: Browser, address: str, **options: object) -> Iterator[BrowserContext]:
    """A new reader; at the end nothing may have gone to another host, nor broken the policy, nor failed in a script."""
    context = browser.new_context(**options)
    strangers, faults = [], []
    origin = address.split("/portal/", maxsplit=1)[0]
    context.on(
        "request",
        lambda request: (
            strangers.append(request.url) if not request.url.startswith((origin, "blob:", "data:")) else None
        ),
    )
    context.on("weberror", lambda error: faults.append(str(error.error)))
    context.on(
        "console",
        lambda message: faults.append(message.text) if "Content Security Policy" in message.text else None,
    )
    yield context
    context.close()
    assert ([], []) == (strangers, faults)


def opened(context: BrowserContext, address: str) -> Page:
    page = context.new_page()
    page.goto(address)
    return page


def start(page: Page) -> None:
    page.get_by_role("button", name="Start the API").click()
    expect(page.locator(".live-state")).to_have_text(STARTED, timeout=60_000)


def ask(
    page: Page,
    path: str,
    *,
    method: str = "GET",
    body: object = None,
    token: str = "",
    live: str = SHOP,
    **more: str,
) -> dict:
    """Send a request to the live address from the page, with `more` headers; `status`, `headers`, `body`."""
    return page.evaluate(
        """async ([url, method, body, token, headers]) => {
          if (body) headers["Content-Type"] = "application/json";
          if (token) headers.Authorization = `Bearer ${token}`;
          const answer = await fetch(url, { method, headers, body: body && JSON.stringify(body) });
          return { status: answer.status, headers: Object.fromEntries(answer.headers), body: await answer.json() };
        }""",
        [live + path, method, body, token, more],
    )


def log_in(page: Page) -> str:
    ada = {"email": "ada@example.com", "password": "correct horse battery"}
    return ask(page, "/api/v1/users/login/", method="POST", body=ada)["body"]["access"]


def order(page: Page, token: str, quantity: int = 1) -> dict:
    items = {"items": [{"product_id": 10, "quantity": quantity}]}
    return ask(page, "/api/v1/orders/", method="POST", body=items, token=token)


class Swagger:
    """Swagger UI in its frame, used as a reader does."""

    def __init__(self, page: Page) -> None:
        page.locator("[data-specification] button").click()
        self.frame = page.frame_locator("[data-specification] iframe")
        self.frame.locator(".opblock").first.wait_for()

    def execute(self, operation: str, *, body: object = None, **fields: object) -> tuple[int, dict]:
        """Fill in and send one operation; its status and its document. `If_Match` fills in the header If-Match."""
        block = self.frame.locator(f"[id$='-{operation}']").first
        if "is-open" not in (block.get_attribute("class") or ""):
            block.locator(".opblock-summary-control").click()
            block.get_by_role("button", name="Try it out").click()
        if body is not None:
            block.locator("textarea.body-param__text").fill(json.dumps(body))
        for name, value in fields.items():
            block.get_by_placeholder(name.replace("_", "-") if name[0].isupper() else name).fill(str(value))
        if block.get_by_role("button", name="Clear").count():
            block.get_by_role("button", name="Clear").click()
        block.get_by_role("button", name="Execute").click()
        answer = block.locator(".live-responses-table .response").first
        answer.wait_for(timeout=20_000)
        status = int(answer.locator(".response-col_status").inner_text().split()[0])
        return status, json.loads(answer.locator(".highlight-code code, pre.microlight").first.inner_text())

    def authorise(self, token: str) -> None:
        self.frame.locator(".auth-wrapper .btn.authorize").click()
        self.frame.get_by_role("textbox", name="auth-bearer-value").fill(token)
        self.frame.locator(".auth-btn-wrapper .btn.authorize").first.click()  # the token, before the cookie
        self.frame.locator(".auth-btn-wrapper .btn-done").first.click()


def journey(swagger: Swagger) -> None:
    """Register, log in, authorise, list, order, and find the shelf empty: clicked in Swagger UI."""
    linus = {"email": "linus@example.com", "password": "nine lives of a cat"}
    assert 201 == swagger.execute("registerUser", body=linus)[0]
    status, tokens = swagger.execute("logIn", body=linus)
    assert 200 == status
    swagger.authorise(tokens["access"])
    status, listed = swagger.execute("listProducts")
    assert (200, 20) == (status, len(listed["results"]))
    two = {"items": [{"product_id": 10, "quantity": 2}]}
    status, placed = swagger.execute("placeOrder", body=two)
    assert (201, 1900) == (status, placed["total_minor"])
    assert 200 == swagger.execute("getOrder", order_id=placed["id"])[0]
    status, refused = swagger.execute("placeOrder", body=two)
    assert (409, "2 asked, 1 left.") == (status, refused["errors"][0]["detail"])


@pytest.mark.browser
@pytest.mark.parametrize("system", REQUESTS)
def test_a_live_system_costs_less_than_eight_megabytes(site: Path, system: str):
    packs = json.loads((site / "runner" / "packs" / "packs.json").read_text(encoding="utf-8"))["packs"]
    wire = {name: packs[name]["wire"] for name in (*FIRST, system)}
    figures[f"{system} over the wire, MB"] = (
        ", ".join(f"{name} {size / 1e6:.2f}" for name, size in wire.items())
        + f"; {sum(wire.values()) / 1e6:.2f} in all"
    )

    assert sum(wire.values()) <= LIMIT_BYTES


@pytest.mark.browser
def test_a_customers_journey_through_swagger_ui_needs_no_network_once_loaded(browser: Browser, address: str):
    with visiting(browser, address) as context:
        page = opened(context, address)
        start(page)
        swagger = Swagger(page)
        context.set_offline(True)
        journey(swagger)
        log = page.locator(".live-log > li")

        assert not page.evaluate("navigator.onLine")
        assert page.evaluate("!!navigator.serviceWorker.controller")
        expect(log).to_have_count(6)
        expect(log.first).to_contain_text(re.compile(r"POST /api/v1/orders/ 409 · \d+ ms · [4-9] statements"))
        log.first.locator("summary").click()
        expect(log.first).to_contain_text("UPDATE")


@pytest.mark.browser
def test_an_invoice_is_drafted_and_issued_once_and_what_is_refused_says_why(browser: Browser, address: str):
    live = "../../live/invoices"
    with visiting(browser, address) as context:
        page = opened(context, address.replace("/shop/", "/invoices/"))
        expect(page.locator(".run-note").first).to_have_text(re.compile(r"loads 7\.\d MB, once"))
        start(page)
        expect(page.locator(".live-logins")).to_contain_text("viewer: linus@example.com nine lives of a cat")
        swagger = Swagger(page)
        status, tokens = swagger.execute("logIn")
        swagger.authorise(tokens["access"])
        drafted, draft = swagger.execute("createInvoice", Idempotency_Key='"first"')
        issued, invoice = swagger.execute("issueInvoice", invoice_id=draft["id"], If_Match='"1"')
        refused, problem = swagger.execute("issueInvoice", invoice_id=draft["id"], If_Match='"2"')
        log = page.locator(".live-log > li").first

        assert (200, 201, 200, 409) == (status, drafted, issued, refused)
        assert ("draft", "issued") == (draft["state"], invoice["state"])
        assert "tag:invoices.example,2026:not-allowed" == problem["type"]
        expect(log).to_contain_text(
            re.compile(r"POST /api/v1/invoices/\d+/issue/ 409 · \d+ ms · \d+ statements")
        )

        linus = {"email": "linus@example.com", "password": "nine lives of a cat"}
        viewer = ask(page, "/api/v1/users/login/", method="POST", body=linus, live=live)["body"]["access"]
        at = f"/api/v1/invoices/{draft['id']}/"
        beyond = ask(page, f"{at}issue/", method="POST", token=viewer, live=live, **{"If-Match": "*"})
        unnamed = ask(page, f"{at}issue/", method="POST", token=tokens["access"], live=live)
        no_paper = ask(page, f"{at}paper/", token=viewer, live=live)

        assert (403, 428, 409) == (beyond["status"], unnamed["status"], no_paper["status"])
        assert "tag:invoices.example,2026:no-paper" == no_paper["body"]["type"]
        paper = page.evaluate(
            """async ([url, token]) => {
              const answer = await fetch(url, { headers: { Authorization: `Bearer ${token}` } });
              return [answer.headers.get("Content-Type"), (await answer.text()).slice(0, 5)];
            }""",
            [f"{live}/api/v1/invoices/1/paper/", viewer],
        )
        assert ["application/pdf", "%PDF-"] == paper

        page.wait_for_timeout(1000)  # it is kept 0.3 s after the last write
        page.reload()
        expect(page.locator(".live-state")).to_have_text(STARTED, timeout=60_000)
        assert invoice == ask(page, at, token=viewer, live=live)["body"]
        page.get_by_role("button", name="Reset its data").click()
        expect(page.locator(".live-state")).to_contain_text("as every reader finds it")
        assert 404 == ask(page, at, token=viewer, live=live)["status"]


@pytest.mark.browser
def test_a_reader_who_blocks_her_own_address_is_shut_out_of_the_gatekeeper_until_she_resets_it(
    browser: Browser, address: str
):
    live = "../../live/gatekeeper"
    own = {"action": "block", "network": "127.0.0.0/24", "reason": "what happens?", "lasts_seconds": 3600}
    with visiting(browser, address) as context:
        page = opened(context, address.replace("/shop/", "/gatekeeper/"))
        start(page)
        tokens = {
            line.split(":")[0]: line.split(":")[1].strip()
            for line in page.locator(".live-logins li").all_inner_texts()
        }
        swagger = Swagger(page)
        swagger.authorise(tokens["admin"])
        counted, counts = swagger.execute("getStats")
        added, _ = swagger.execute("addRule")
        again, exists = swagger.execute("addRule")
        log = page.locator(".live-log > li").first
        expect(log).to_contain_text(re.compile(r"POST /api/v1/rules/ 409 · \d+ ms · \d+ statements"))
        beyond = ask(page, "/api/v1/rules/", method="POST", body=own, token=tokens["viewer"], live=live)

        assert ["admin", "operator", "viewer"] == list(tokens)
        assert (200, 201, 409, 403) == (counted, added, again, beyond["status"])
        assert "tag:gatekeeper.example,2026:rule-exists" == exists["type"]
        assert 1000 < counts["requests"]

        assert 201 == swagger.execute("addRule", body=own)[0]
        status, blocked = swagger.execute("listRules")
        assert (403, "tag:gatekeeper.example,2026:blocked") == (status, blocked["type"])
        expect(log).to_contain_text("GET /api/v1/rules/?page_size=20 403")
        page.wait_for_timeout(1000)  # it is kept 0.3 s after the last write
        page.reload()
        expect(page.locator(".live-state")).to_have_text(STARTED, timeout=60_000)
        assert 403 == ask(page, "/api/v1/rules/", token=tokens["admin"], live=live)["status"]

        page.get_by_role("button", name="Reset its data").click()
        expect(page.locator(".live-state")).to_contain_text("as every reader finds it")
        assert 200 == ask(page, "/api/v1/rules/", token=tokens["admin"], live=live)["status"]
        talkers = ask(page, "/api/v1/top-talkers/?window_seconds=60", token=tokens["viewer"], live=live)[
            "body"
        ]
        assert "127.0.0.1" in [each["group"] for each in talkers]
        assert (
            503 == ask(page, "/api/v1/products/")["status"]
        )  # the shop is another one, and nobody has started it


@pytest.mark.browser
def test_where_service_workers_are_refused_the_page_answers_its_own_requests_and_those_of_the_frame(
    browser: Browser, address: str
):
    with visiting(browser, address, service_workers="block") as context:
        page = opened(context, address)
        start(page)
        journey(Swagger(page))

        assert not page.evaluate("!!navigator.serviceWorker.controller")
        assert 200 == ask(page, "/api/v1/products/")["status"]


@pytest.mark.browser
def test_a_second_tab_uses_the_first_and_goes_on_with_its_data_when_it_closes(browser: Browser, address: str):
    with visiting(browser, address) as context:
        first = opened(context, address)
        start(first)
        token = log_in(first)
        second = opened(context, address)
        second.get_by_role("button", name="Start the API").click()
        expect(second.locator(".live-state")).to_contain_text("The API runs in another tab", timeout=20_000)
        placed = order(second, token, quantity=2)
        expect(first.locator(".live-log > li").first).to_contain_text("POST /api/v1/orders/ 201")
        expect(second.locator(".live-log > li").first).to_contain_text("POST /api/v1/orders/ 201")
        second.wait_for_timeout(1000)  # it is kept 0.3 s after the last write
        first.close()
        read = ask(second, f"/api/v1/orders/{placed['body']['id']}/", token=token)
        expect(second.locator(".live-state")).to_have_text(STARTED, timeout=60_000)

        assert 201 == placed["status"]
        assert placed["body"] == read["body"]
        assert 409 == order(second, token, quantity=2)["status"]


@pytest.mark.browser
def test_on_the_next_page_of_the_tab_the_shop_goes_on_by_itself_with_its_data(browser: Browser, address: str):
    with visiting(browser, address) as context:
        page = opened(context, address)
        start(page)
        token = log_in(page)
        placed = order(page, token)["body"]["id"]
        page.wait_for_timeout(1000)
        page.reload()
        expect(page.locator(".live-state")).to_have_text(STARTED, timeout=60_000)

        assert 200 == ask(page, f"/api/v1/orders/{placed}/", token=token)["status"]


@pytest.mark.browser
def test_a_reset_brings_back_the_data_that_every_reader_begins_with(browser: Browser, address: str):
    with visiting(browser, address) as context:
        page = opened(context, address)
        start(page)
        token = log_in(page)
        before = ask(page, "/api/v1/products/10/")["body"]
        placed = order(page, token, quantity=3)["body"]["id"]
        emptied = ask(page, "/api/v1/products/10/")["body"]["stock"]
        page.get_by_role("button", name="Reset its data").click()
        expect(page.locator(".live-state")).to_contain_text("as every reader finds it")

        assert (3, 0) == (before["stock"], emptied)
        assert before == ask(page, "/api/v1/products/10/")["body"]
        assert 401 == ask(page, f"/api/v1/orders/{placed}/", token=token)["status"]  # its log-in is gone too
        assert 404 == ask(page, f"/api/v1/orders/{placed}/", token=log_in(page))["status"]


@pytest.mark.browser
def test_a_request_that_never_ends_is_answered_504_and_the_shop_goes_on_with_its_data(
    browser: Browser, address: str
):
    with visiting(browser, address) as context:
        context.add_init_script(PLANTED)
        page = opened(context, address)
        start(page)
        token = log_in(page)
        placed = order(page, token)["body"]["id"]
        began = time.monotonic()
        hung = ask(page, "/endless")
        waited = time.monotonic() - began

        assert 504 == hung["status"]
        assert "application/problem+json" == hung["headers"]["content-type"]
        assert "no answer within 15 seconds" in hung["body"]["detail"]
        assert 15 <= waited
        assert 200 == ask(page, f"/api/v1/orders/{placed}/", token=token)["status"]


@pytest.mark.browser
def test_a_module_that_the_trial_run_did_not_need_is_fetched_when_it_is_imported(
    browser: Browser, address: str
):
    with visiting(browser, address) as context:
        context.add_init_script(PLANTED)
        page = opened(context, address)
        fetched = []
        context.on(
            "request", lambda request: fetched.append(request.url.rpartition("/")[2].partition(".")[0])
        )
        start(page)
        before = [name for name in fetched if name.endswith("-rest")]

        assert 404 == ask(page, "/import")["status"]
        assert [] == before
        assert {"django-rest", "python-stdlib-rest"} == {name for name in fetched if name.endswith("-rest")}
        assert 200 == ask(page, "/api/v1/products/")["status"]


@pytest.mark.browser
def test_the_panel_is_accessible_and_fits_a_phone(browser: Browser, address: str):
    with visiting(browser, address, viewport={"width": 360, "height": 780}) as context:
        page = opened(context, address)
        start(page)
        assert 200 == ask(page, "/api/v1/products/")["status"]
        page.locator(".live-log summary").click()

        assert [] == site_gates.inaccessible(page)
        assert [] == site_gates.too_wide(page)


@pytest.mark.browser
def test_the_console_is_accessible_and_fits_a_phone(browser: Browser, lesson: str):
    with visiting(browser, lesson, viewport={"width": 360, "height": 780}) as context:
        page = opened(context, lesson)
        send(page, "too_many")
        page.locator(".console-answer summary").click()

        assert [] == site_gates.inaccessible(page)
        assert [] == site_gates.too_wide(page)


@pytest.mark.browser
def test_an_address_of_the_shop_that_nobody_runs_leads_to_a_page_that_starts_it(
    browser: Browser, address: str
):
    product = address.replace("/shop/api/", "/live/shop/api/v1/products/10/?a=%26")
    with visiting(browser, address, viewport={"width": 360, "height": 780}) as context:
        page = opened(context, product)
        expect(page.get_by_role("heading", level=1)).to_have_text("The API is not running")
        expect(page.locator(".run-note")).to_have_text(re.compile(r"loads 7\.\d MB, once"))
        assert "GET /api/v1/products/10/?a=%26" == page.locator("article code").inner_text().strip()
        page.get_by_role("button", name="Send").click()
        expect(page.locator(".console-answer")).to_contain_text('"Orange mug"', timeout=60_000)
        assert [] == site_gates.inaccessible(page)
        assert [] == site_gates.too_wide(page)

        other = context.new_page()
        answer = other.goto(product)
        assert (200, "Orange mug") == (answer.status, answer.json()["name"])
        page.close()
        other.reload()
        expect(other.get_by_role("heading", level=1)).to_have_text("The API is not running")


@pytest.mark.browser
@pytest.mark.parametrize("system", ["invoices", "gatekeeper"])
def test_an_address_of_another_system_leads_to_a_page_that_names_it(
    browser: Browser, address: str, system: str
):
    with visiting(browser, address) as context:
        page = opened(context, address.replace("/shop/api/", f"/live/{system}/api/v1/?a=1#b"))
        link = page.locator("article").get_by_role("link", name=f"the {system}")
        expect(link).to_have_attribute("href", f"/portal/{system}/")
        assert "GET /api/v1/?a=1" == page.locator("article code").inner_text().strip()
        expect(page.locator(".run-note")).to_have_text(re.compile(r"loads 7\.\d MB, once"))


@pytest.mark.browser
def test_a_wrong_address_is_told_nothing_of_the_shop(browser: Browser, address: str):
    with visiting(browser, address) as context:
        page = context.new_page()
        asked = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(address.replace("/shop/api/", "/live/stream/"), wait_until="networkidle")

        assert "This page is not here" == page.get_by_role("heading", level=1).inner_text()
        assert [] == [url for url in asked if "/runner/" in url]


@pytest.mark.browser
def test_without_a_tab_that_runs_it_the_address_says_what_to_do(browser: Browser, address: str):
    with visiting(browser, address) as context:
        first = opened(context, address)
        start(first)
        second = opened(context, address)
        first.close()
        answer = ask(second, "/api/v1/products/")

        assert 503 == answer["status"]
        assert "Start the API" in answer["body"]["detail"]


@pytest.mark.browser
def test_the_service_worker_leaves_the_rest_of_the_site_alone(browser: Browser, address: str):
    with visiting(browser, address) as context:
        page = opened(context, address)
        start(page)
        with page.expect_response("**/portal/shop/") as home:
            page.evaluate("fetch('../')")

        assert not home.value.from_service_worker


@pytest.mark.browser
def test_answers_lose_what_a_page_must_not_forward_and_say_how_much_sql_they_cost(
    browser: Browser, address: str
):
    with visiting(browser, address) as context:
        page = opened(context, address)
        start(page)
        headers = ask(page, "/api/v1/products/")["headers"]
        location = order(page, log_in(page))["headers"]["location"]

        assert {"set-cookie", "x-frame-options", "cross-origin-opener-policy", "content-length"}.isdisjoint(
            headers
        )
        assert "1" == headers["x-live-sql-count"]
        assert re.fullmatch(r"/portal/live/shop/api/v1/orders/\d+/", location)


@pytest.mark.browser
def test_a_download_that_fails_says_what_to_do_and_can_be_tried_again(browser: Browser, address: str):
    with visiting(browser, address) as context:
        page = opened(context, address)
        context.route("**/packs/django.*", lambda route: route.abort())
        page.get_by_role("button", name="Start the API").click()
        expect(page.locator(".run-note").first).to_contain_text(
            "Try again when you are online", timeout=30_000
        )
        context.unroute("**/packs/django.*")
        start(page)

        assert 200 == ask(page, "/api/v1/products/")["status"]


def send(page: Page, name: str, system: str = "shop") -> Locator:
    """Send the request of that name on the page of a system; where its answer stands."""
    request = page.locator(".language-http.highlight").nth(REQUESTS[system].index(name))
    bar = request.locator("xpath=following-sibling::*[contains(@class, 'run-bar')][1]")
    bar.get_by_role("button", name="Send").click()
    answer = bar.locator("xpath=following-sibling::*[1]")
    expect(answer.locator("summary")).to_contain_text(" ms · ", timeout=60_000)
    return answer


@pytest.mark.browser
@pytest.mark.parametrize("system", REQUESTS)
def test_the_requests_of_a_page_are_answered_as_they_are_recorded(browser: Browser, lesson: str, system: str):
    with visiting(browser, lesson) as context:
        page = opened(context, lesson.replace("/shop/", f"/{system}/"))
        for name in REQUESTS[system]:
            answer = send(page, name, system)
            record = (prepare.ROOT / "examples" / system / f"{name}.out").read_text(encoding="utf-8")
            status, _, document = record.split("\n", 2)[2].replace("\n", " ", 1).split(" ", 2)
            live = json.loads(answer.locator("pre").last.inner_text().split("\n\n", 1)[1])
            if live.get("next_cursor"):
                live["next_cursor"] = "…"
            if "instance" in live:
                live["instance"] = live["instance"].removeprefix(f"/portal/live/{system}")

            assert f" {status} · " in answer.locator("summary").inner_text()
            assert document.split() == json.dumps(live, ensure_ascii=False).split()


@pytest.mark.browser
def test_without_scripts_the_requests_and_their_records_stand_on_the_page(browser: Browser, lesson: str):
    with visiting(browser, lesson, java_script_enabled=False) as context:
        page = opened(context, lesson)

        assert len(REQUESTS["shop"]) == page.locator(".language-http.highlight").count()
        for request in page.locator(".language-http.highlight").all():
            assert re.match(r"(GET|POST) /api/v1/", request.locator("code").inner_text())
            record = request.locator("xpath=following-sibling::*[1]")
            assert record.locator(".filename").inner_text() == "Recorded output"
        assert 0 == page.locator(".run-bar").count()


@pytest.mark.browser
def test_a_request_of_a_page_is_edited_and_answered_with_its_sql(browser: Browser, lesson: str):
    with visiting(browser, lesson) as context:
        page = opened(context, lesson)
        answer = send(page, "too_many")
        expect(answer.locator("summary")).to_have_text(
            re.compile(r"POST /api/v1/orders/ 409 · \d+ ms · \d statements")
        )
        page.get_by_role("textbox", name="Request").fill(
            'POST /api/v1/orders/\n\n{"items": [{"product_id": 10, "quantity": 1}]}'
        )
        page.get_by_role("button", name="Send").first.click()
        expect(answer).to_contain_text("Location: /portal/live/shop/api/v1/orders/1/")
        answer.locator("summary").click()
        expect(answer).to_contain_text("INSERT INTO")


@pytest.mark.browser
def test_figures_of_this_machine(browser: Browser, address: str):
    with visiting(browser, address) as context:
        page = opened(context, address)
        figures["cold, ms to the first 200"] = f"{first_answer(page):.0f}"
        warm = []
        for _ in range(5):
            page.evaluate("sessionStorage.clear()")
            page.reload()
            warm.append(first_answer(page))
        figures["warm, ms to the first 200, median of 5"] = f"{statistics.median(warm):.0f}"
        times = page.evaluate(
            """async (url) => {
              const all = [];
              for (let each = 0; each < 60; each++) {
                const began = performance.now();
                const answer = await fetch(url);
                await answer.text();
                all.push([performance.now() - began, Number(answer.headers.get("X-Live-Milliseconds"))]);
              }
              const began = performance.now();
              await Promise.all(Array.from({ length: 100 }, () => fetch(url).then((answer) => answer.text())));
              return { all: all.slice(10), many: performance.now() - began };
            }""",
            f"{SHOP}/api/v1/products/",
        )
        bridged, worked = zip(*times["all"], strict=True)
        figures["a list request, ms, median of 50"] = (
            f"{statistics.median(bridged):.1f} through the bridge, {statistics.median(worked):.1f} in the worker"
        )
        figures["requests per second, 100 at once"] = f"{100_000 / times['many']:.0f}"
        figures["memory of the page's process with all of it, MB"] = f"{largest_process(browser) / 1e6:.0f}"

        assert 50 == len(bridged)


def largest_process(browser: Browser) -> int:
    """Bytes in memory of the largest process that shows pages; 0 where the system does not tell."""
    asked = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")
    files = [
        Path(f"/proc/{each['id']}/status") for each in asked["processInfo"] if each["type"] == "renderer"
    ]
    sizes = [re.search(r"VmRSS:\s+(\d+) kB", file.read_text()) for file in files if file.exists()]
    return max((int(size[1]) * 1024 for size in sizes if size), default=0)


def first_answer(page: Page) -> float:
    """Milliseconds from the click on Start to the first 200."""
    return page.evaluate(
        """async (url) => {
          const find = () => document.querySelector("[data-live] + .run-bar button");
          while (!find()) await new Promise((resolve) => setTimeout(resolve, 5));
          const button = find();
          const began = performance.now();
          button.click();
          for (;;) {
            if (document.querySelector(".live-state")?.textContent.includes("this tab")) {
              const answer = await fetch(url);
              if (answer.status === 200) return performance.now() - began;
            }
            await new Promise((resolve) => setTimeout(resolve, 5));
          }
        }""",
        f"{SHOP}/api/v1/products/",
    )
