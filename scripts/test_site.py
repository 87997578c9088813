"""The built site in a browser: weight, accessibility, width, policy, and everything that a reader can open.

It is built once, served under a sub-path with gzip, and visited under a host name that is not localhost: some
code behaves better there.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import build
import policy
import prepare
import pytest
import site_gates
from playwright.sync_api import Browser, Page, sync_playwright
from site_gates import Visit, load, reader, watching
from static_host import serving

import conftest

ORIGIN = "http://portal.test"
BASE = f"{ORIGIN}/portal/"
DOCS = prepare.ROOT / "docs"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built once for the sub-path."""
    folder = tmp_path_factory.mktemp("site")
    assert 0 == build.build(folder, site_url=BASE)
    return folder


@pytest.fixture(scope="module")
def browser(site: Path) -> Iterator[Browser]:
    """One Chromium that finds the site at portal.test, planted pages at planted.test, and nothing else."""
    planted = site.parent / "planted"
    planted.mkdir(exist_ok=True)
    with serving(site, "/portal/") as port, serving(planted) as planted_port, sync_playwright() as playwright:
        hosts = (
            f"MAP portal.test 127.0.0.1:{port}, MAP planted.test 127.0.0.1:{planted_port}, MAP * ~NOTFOUND"
        )
        chromium = playwright.chromium.launch(
            executable_path=conftest.browser_path(),
            args=["--no-sandbox", "--disable-gpu", "--no-proxy-server", f"--host-resolver-rules={hosts}"],
        )
        yield chromium
        chromium.close()


def addresses(site: Path) -> list[str]:
    """The path of every page of the site, but for frames and the 404 page."""
    pages = sorted(site.rglob("index.html"))
    return [f"{page.parent.relative_to(site).as_posix()}/".removeprefix("./") for page in pages]


@pytest.fixture(scope="module")
def findings(site: Path, browser: Browser) -> SimpleNamespace:
    """Every page opened once: what its visit showed, and what was found in two schemes and two widths."""
    found = SimpleNamespace(visits={}, wide=[], inaccessible=[], checked=0)
    with reader(browser) as page:
        for path in [*addresses(site), "nowhere/at/all/"]:
            found.visits[path] = load(page, BASE + path)
            found.wide += site_gates.too_wide(page)
            page.set_viewport_size({"width": 412, "height": 915})
            found.wide += site_gates.too_wide(page)
            site_gates.use_colours(page, "default")
            found.inaccessible += site_gates.inaccessible(page)
            site_gates.use_colours(page, "slate")
            found.inaccessible += site_gates.inaccessible(page, rules=site_gates.COLOUR_RULES)
            found.checked += 1
            found.wide += site_gates.too_wide(page)  # with every box open
            site_gates.use_colours(page, "default")
            page.set_viewport_size({"width": 360, "height": 780})
            found.wide += site_gates.too_wide(page)
    return found


def lessons() -> list[str]:
    """Paths of pages that say how many minutes they take."""
    return [
        f"{page.relative_to(DOCS).with_suffix('').as_posix()}/"
        for page in sorted(DOCS.rglob("*.md"))
        if "\nminutes:" in page.read_text(encoding="utf-8")[:2000]
    ]


def everywhere(findings: SimpleNamespace, gate) -> list[str]:
    return [fault for visit in findings.visits.values() for fault in gate(visit)]


@pytest.mark.browser
def test_every_page_of_the_sources_is_visited(findings: SimpleNamespace):
    sources = {path for path in DOCS.rglob("*.md") if "theme" not in path.parts}

    assert len(sources) + 1 == len(findings.visits)
    assert len(findings.visits) == findings.checked
    assert [] == [visit.url for visit in findings.visits.values() if visit.url not in visit.requests]
    assert {200} == {visit.status for path, visit in findings.visits.items() if path != "nowhere/at/all/"}


@pytest.mark.browser
def test_no_page_asks_a_third_party(findings: SimpleNamespace):
    assert [] == everywhere(findings, site_gates.third_parties)


@pytest.mark.browser
def test_no_page_breaks_its_policy(findings: SimpleNamespace):
    assert [] == everywhere(findings, site_gates.policy_violations)


@pytest.mark.browser
def test_no_page_complains_in_the_console(findings: SimpleNamespace):
    assert [] == everywhere(findings, site_gates.complaints)


@pytest.mark.browser
def test_search_and_swagger_wait_for_the_reader(findings: SimpleNamespace):
    assert [] == everywhere(findings, site_gates.unasked)


@pytest.mark.browser
def test_a_lesson_weighs_at_most_80_kb(findings: SimpleNamespace):
    weighed = [findings.visits[path] for path in lessons()]
    for visit in weighed:
        print(
            f"{visit.bytes:7} {visit.url}",
            *(f"{size} {url.rsplit('/', 1)[-1]}" for url, size in visit.sizes.items()),
        )

    assert len(weighed) >= 4
    assert [] == [fault for visit in weighed for fault in site_gates.too_heavy(visit)]
    assert all(visit.bytes > 40_000 for visit in weighed), (
        "Material alone is heavier: the bytes were not counted"
    )


@pytest.mark.browser
def test_no_page_scrolls_sideways_on_a_phone(findings: SimpleNamespace):
    assert [] == findings.wide


@pytest.mark.browser
def test_axe_finds_nothing_in_light_or_dark(findings: SimpleNamespace):
    assert [] == findings.inaccessible


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 1920])
def test_a_lesson_does_not_scroll_sideways_on_a_desk(width: int, browser: Browser):
    with reader(browser, width=width, height=1000) as page:
        load(page, BASE + lessons()[0])

        assert [] == site_gates.too_wide(page)


def test_every_inline_script_is_named_in_its_policy(site: Path):
    checked = 0
    for page in sorted(site.rglob("*.html")):
        text = page.read_text(encoding="utf-8")
        allowed = text.split("script-src ")[1].split(";")[0]
        for script in policy.inline_scripts(text):
            assert policy.hash_of(script) in allowed, f"{page.relative_to(site)}: {script[:80]}"
            checked += 1

    assert checked > len(addresses(site))


def test_no_inline_handler_or_javascript_address_is_on_a_page(site: Path):
    for page in sorted(site.rglob("*.html")):
        text = page.read_text(encoding="utf-8")

        assert not re.search(r"<[^>]+\son\w+=", text)
        assert "javascript:" not in text


def test_a_link_preview_has_title_and_description(site: Path):
    for path in addresses(site):
        text = (site / path / "index.html").read_text(encoding="utf-8")

        metas = [dict(re.findall(r'([\w-]+)="([^"]*)"', tag)) for tag in re.findall(r"<meta [^>]*>", text)]
        named = {meta.get("property") or meta.get("name"): meta.get("content") for meta in metas}
        for name in ("og:site_name", "og:title", "og:description", "og:url", "theme-color", "description"):
            assert named.get(name), f"{path}: no {name}"


# Search


def results(page: Page) -> None:
    page.wait_for_selector(".md-search-result__link", state="attached")


@pytest.mark.browser
def test_words_typed_right_after_the_first_focus_give_results(browser: Browser):
    with reader(browser, width=1280) as page:
        load(page, BASE + lessons()[0])

        with watching(page, page.url) as visit:
            page.click("input[name=query]")
            page.keyboard.type("index")
            results(page)

        assert 2 == len(site_gates.unasked(visit)), visit.requests
        assert [] == visit.violations + site_gates.third_parties(visit) + visit.complaints


@pytest.mark.browser
@pytest.mark.parametrize("key", ["/", "f", "s"])
def test_a_key_opens_search(key: str, browser: Browser):
    with reader(browser, width=1280) as page:
        load(page, BASE)

        page.keyboard.press(key)
        page.keyboard.type("cache")

        results(page)
        assert "cache" == page.input_value("input[name=query]")


@pytest.mark.browser
def test_search_opens_on_a_phone(browser: Browser):
    with reader(browser) as page:
        load(page, BASE)

        page.click("header label[for=__search]")
        page.keyboard.type("cache")

        results(page)
        assert [] == site_gates.too_wide(page) + site_gates.inaccessible(page)


@pytest.mark.browser
def test_a_link_with_a_query_searches_at_once(browser: Browser):
    with reader(browser, width=1280) as page:
        visit = load(page, BASE + "?q=cache")

        results(page)
        assert [] == visit.violations


@pytest.mark.browser
def test_the_index_is_fetched_once_however_often_the_field_gets_focus(browser: Browser):
    with reader(browser, width=1280) as page:
        load(page, BASE)

        with watching(page, page.url) as visit:
            for _ in range(3):
                page.evaluate("document.forms.search.query.blur(); document.forms.search.query.focus()")
            page.keyboard.type("cache")
            results(page)

        assert 1 == sum("search_index" in url for url in visit.requests)


@pytest.mark.browser
def test_search_without_a_network_says_so_and_works_when_it_is_back(browser: Browser):
    with reader(browser, width=1280) as page:
        load(page, BASE)
        page.context.set_offline(True)

        page.click("input[name=query]")
        page.wait_for_function(
            "document.querySelector('.md-search-result__meta').textContent.includes('offline')"
        )
        page.context.set_offline(False)
        page.keyboard.type("cache")

        results(page)


@pytest.mark.browser
def test_a_query_in_the_address_runs_nothing(browser: Browser):
    attacks = ["<img src=x onerror=alert(1)>", '"><script>alert(1)</script>', "javascript:alert(1)"]
    with reader(browser, width=1280) as page:
        said = []
        page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
        for attack in attacks:
            for place in ("?q=", "#", "nowhere/"):
                visit = load(page, BASE + place + page.evaluate("encodeURIComponent", attack))
                assert [] == visit.violations + site_gates.third_parties(visit)

        assert [] == said


@pytest.mark.browser
def test_menu_and_search_open_by_keyboard_where_the_screen_is_narrow(browser: Browser):
    with reader(browser) as page:
        load(page, BASE)

        page.focus("header label[for=__drawer]")
        page.keyboard.press("Enter")
        page.wait_for_selector(".md-sidebar--primary a >> visible=true")
        page.keyboard.press("Tab")
        assert [] == site_gates.inaccessible(page)

        page.goto(BASE)
        assert not page.locator(".md-sidebar--primary a").first.is_visible()
        page.focus("header label[for=__search]")
        page.keyboard.press("Enter")
        page.keyboard.type("cache")
        results(page)


# The API in Swagger UI


@pytest.fixture(scope="module")
def specified(site: Path) -> list[str]:
    """Pages that hold a specification."""
    return [
        path for path in addresses(site) if "data-specification" in (site / path / "index.html").read_text()
    ]


@pytest.mark.browser
def test_swagger_ui_opens_on_request(specified: list[str], browser: Browser):
    assert specified
    for path in specified:
        with reader(browser, width=1280, height=1000) as page:
            load(page, BASE + path)
            site_gates.use_colours(page, "slate")

            with watching(page, BASE + path) as visit:
                page.click("[data-specification] button")
                frame = page.frame_locator("[data-specification] iframe")
                frame.locator(".opblock").first.wait_for()
                page.wait_for_load_state("networkidle")

            assert [] == site_gates.third_parties(visit) + visit.complaints + visit.violations
            assert 300_000 < visit.bytes < 800_000
            inside = page.frames[-1]
            assert [] == inside.evaluate("window.violations")
            assert inside.evaluate("document.documentElement.classList.contains('dark-mode')")
            assert page.locator("[data-specification] iframe").get_attribute("title")
            assert page.locator("[data-specification] iframe").bounding_box()["height"] > 400

            site_gates.use_colours(page, "default")
            inside.wait_for_function("!document.documentElement.classList.contains('dark-mode')")
            assert [] == site_gates.inaccessible(page)


@pytest.mark.browser
def test_swagger_ui_takes_no_specification_from_the_address(site: Path, browser: Browser):
    frames = sorted(site.rglob("swagger-*.html"))
    assert frames
    with reader(browser, width=1280) as page:
        for frame in frames:
            for name in ("url", "configUrl"):
                address = f"{BASE}{frame.relative_to(site).as_posix()}?{name}=http://elsewhere.test/evil.yaml"
                visit = load(page, address)

                assert [] == site_gates.third_parties(visit) + visit.violations
                assert page.locator(".opblock").count()


@pytest.mark.browser
def test_the_page_of_the_api_reads_whole_without_scripts(site: Path, specified: list[str], browser: Browser):
    for path in specified:
        with reader(browser, java_script_enabled=False) as page:
            page.goto(BASE + path)

            assert page.locator("article noscript").is_visible()
            assert not page.locator("[data-specification] button").is_visible()
            file = page.locator("article a[href$='.yaml']").first.get_attribute("href")
            assert (site / path / file).is_file()


# Boxes, the page that is not there, paper


@pytest.mark.browser
def test_boxes_open_by_keyboard(browser: Browser):
    opened = 0
    with reader(browser) as page:
        for path in lessons():
            load(page, BASE + path)
            for box in ("article > details", ".question > details.right"):
                summary = page.locator(f"{box} > summary").first
                if not summary.count():
                    continue
                summary.focus()
                page.keyboard.press("Enter")

                assert page.locator(box).first.evaluate("(box) => box.open"), path
                assert page.locator(f"{box}[open] > :nth-child(2)").first.is_visible(), path
                opened += 1

    assert opened >= len(lessons())


@pytest.mark.browser
def test_a_question_shows_one_answer_at_a_time(browser: Browser):
    with reader(browser) as page:
        load(page, BASE + lessons()[0])
        options = page.locator(".question").first.locator("details > summary")

        options.nth(0).click()
        options.nth(1).click()

        assert 1 == page.locator(".question").first.locator("details[open]").count()


@pytest.mark.browser
def test_code_that_scrolls_can_be_reached_by_keyboard(browser: Browser):
    with reader(browser) as page:
        load(page, BASE + lessons()[0])

        page.wait_for_function("document.querySelector('pre > code[tabindex=\"0\"]')")
        loose = page.evaluate(
            """() => [...document.querySelectorAll("pre > code")].filter(
                 (code) => code.checkVisibility() && code.scrollWidth > code.clientWidth && code.tabIndex !== 0
               ).length"""
        )

        assert 0 == loose


@pytest.mark.browser
def test_the_page_for_a_wrong_address_leads_back(browser: Browser):
    with reader(browser, width=1280) as page:
        visit = load(page, BASE + "databases/no/such/page/")

        assert 404 == visit.status
        assert [] == [url for url in visit.requests if not url.startswith(BASE)]
        for link in page.locator("article li a").all():
            assert page.evaluate("(link) => link.href", link.element_handle()).startswith(BASE)
        page.click("article label[for=__search]")
        page.keyboard.type("cache")
        results(page)
        page.keyboard.press("Escape")
        page.click("article li a >> nth=1")
        page.wait_for_load_state()
        assert page.locator("article h1").is_visible()


@pytest.mark.browser
def test_paper_has_no_chrome_and_no_closed_box(browser: Browser):
    with reader(browser, width=800) as page:
        load(page, BASE + lessons()[0])
        page.emulate_media(media="print")

        assert not page.locator("header").is_visible()
        assert not page.locator(".md-tabs, .md-footer, .md-sidebar").locator("visible=true").count()
        heights = page.evaluate(
            """() => [...document.querySelectorAll("details")].map(
                 (box) => box.offsetHeight - box.querySelector("summary").offsetHeight)"""
        )
        assert heights
        assert min(heights) > 20
        assert "pre-wrap" == page.evaluate(
            "getComputedStyle(document.querySelector('pre > code')).whiteSpace"
        )
        assert page.pdf().startswith(b"%PDF")


@pytest.mark.browser
def test_a_lesson_reads_whole_without_scripts(browser: Browser):
    with reader(browser, java_script_enabled=False) as page:
        page.goto(BASE + lessons()[0])

        assert page.locator("article h1").is_visible()
        assert page.locator("article .highlight").first.is_visible()
        page.locator(".question summary").first.click()
        assert page.locator(".question details[open] .verdict").first.is_visible()


@pytest.mark.browser
@pytest.mark.parametrize(("system", "scheme"), [("light", "default"), ("dark", "slate")])
def test_the_first_paint_has_the_colours_of_the_system(system: str, scheme: str, browser: Browser):
    with reader(browser, color_scheme=system) as page:
        page.route("**/bundle.*", lambda route: route.abort())
        page.goto(BASE)

        assert scheme == page.evaluate("document.body.dataset.mdColorScheme")


@pytest.mark.browser
def test_the_colours_that_a_reader_chose_stay(browser: Browser):
    with reader(browser, color_scheme="light") as page:
        load(page, BASE)
        page.click("label[for=__palette_1]")
        page.wait_for_function("document.body.dataset.mdColorScheme === 'slate'")

        page.goto(BASE + "databases/")

        assert "slate" == page.evaluate("document.body.dataset.mdColorScheme")


# Each gate goes red on a planted fault

HEAD = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Planted</title>{}</head>
<body><main><h1>Planted</h1>"""
STRICT = "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src 'self'\">"
PLANTED = {
    "third-party": (HEAD.format("") + '<img src="http://elsewhere.test/x.png" alt="">', "a third party"),
    "policy": (HEAD.format(STRICT) + "<script>window.x = 1</script>", "script-src-elem blocked inline"),
    "console": (HEAD.format("") + "<script>missing()</script>", "uncaught: missing is not defined"),
    "search": (
        HEAD.format("") + '<script src="search/search_index.js"></script>',
        "before the reader asks for it",
    ),
    "swagger": (
        HEAD.format("") + '<iframe title="API" src="swagger-1.html"></iframe>',
        "before the reader asks for it",
    ),
    "weight": (
        HEAD.format("") + '<script src="heavy.js"></script>',
        r"bytes over the wire, limit 80000: .*heavy.js \d{5}",
    ),
    "alt": (HEAD.format("") + '<img src="x.png">', "image-alt"),
    "contrast": (HEAD.format("") + '<p style="color:#999;background:#fff">pale</p>', "color-contrast"),
    "wide": (HEAD.format("") + '<div style="width:900px">wide</div>', r"div\.null ends at \d+ of 360 px"),
}
GATES = {
    "third-party": site_gates.third_parties,
    "policy": site_gates.policy_violations,
    "console": site_gates.complaints,
    "search": site_gates.unasked,
    "swagger": site_gates.unasked,
    "weight": site_gates.too_heavy,
}


@pytest.mark.browser
@pytest.mark.parametrize("fault", PLANTED)
def test_a_planted_fault_turns_its_gate_red(fault: str, site: Path, browser: Browser):
    planted = site.parent / "planted"
    body, message = PLANTED[fault]
    (planted / "index.html").write_text(body + "</main></body></html>", encoding="utf-8")
    (planted / "heavy.js").write_text(f"// {os.urandom(90_000).hex()}", encoding="utf-8")

    with reader(browser) as page:
        visit: Visit = load(page, "http://planted.test/")
        gate = GATES.get(fault)
        faults = gate(visit) if gate else site_gates.inaccessible(page) + site_gates.too_wide(page)

    pattern = re.compile(message)
    assert [each for each in faults if pattern.search(each)], faults


@pytest.mark.browser
def test_a_sound_page_turns_no_gate_red(site: Path, browser: Browser):
    planted = site.parent / "planted"
    (planted / "index.html").write_text(
        HEAD.format('<link rel="icon" href="data:,">') + "<p>Sound</p></main></body></html>"
    )

    with reader(browser) as page:
        visit = load(page, "http://planted.test/")

        assert [] == [fault for gate in GATES.values() for fault in gate(visit)]
        assert [] == site_gates.inaccessible(page) + site_gates.too_wide(page)
