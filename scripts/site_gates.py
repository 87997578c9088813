"""What every page of the site must hold to, each rule as a function that returns the faults it finds."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
LESSON_LIMIT_BYTES = 80_000
COLOUR_RULES = ("color-contrast", "link-in-text-block")
ON_REQUEST = ("search", "swagger", ".pack", "runner/lessons", "runner/engine")

COLLECT_VIOLATIONS = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => {
  window.violations.push(`${event.effectiveDirective} blocked ${event.blockedURI}, line ${event.lineNumber}`);
});
"""


@dataclass
class Visit:
    """One load of a page, until the network was quiet: what it asked for and what it complained about."""

    url: str
    status: int = 0
    requests: list[str] = field(default_factory=list)
    sizes: dict[str, int] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)

    @property
    def bytes(self) -> int:
        """Bytes over the wire, heads of the answers included."""
        return sum(self.sizes.values())


@contextmanager
def reader(browser: Browser, *, width: int = 360, height: int = 780, **options: object) -> Iterator[Page]:
    """A page in a context of its own whose loads can be watched."""
    context: BrowserContext = browser.new_context(viewport={"width": width, "height": height}, **options)
    context.add_init_script(COLLECT_VIOLATIONS)
    page = context.new_page()
    page.set_default_timeout(20_000)
    try:
        yield page
    finally:
        context.close()


@contextmanager
def watching(page: Page, url: str = "") -> Iterator[Visit]:
    """Write down what the page does while the block runs, with an empty cache."""
    visit = Visit(url)
    network = page.context.new_cdp_session(page)
    names: dict[str, str] = {}

    def asked(event: dict) -> None:
        names[event["requestId"]] = event["request"]["url"]
        if not event["request"]["url"].startswith(("data:", "blob:")):
            visit.requests.append(event["request"]["url"])

    def ended(event: dict) -> None:
        url = names.get(event["requestId"], "")
        if event["encodedDataLength"]:
            visit.sizes[url] = visit.sizes.get(url, 0) + int(event["encodedDataLength"])

    def complained(message) -> None:
        if message.type in ("error", "warning"):
            visit.complaints.append(f"{message.type}: {message.text}")

    def broke(error) -> None:
        visit.complaints.append(f"uncaught: {error}")

    network.on("Network.requestWillBeSent", asked)
    network.on("Network.loadingFinished", ended)
    network.send("Network.enable")
    network.send("Network.setCacheDisabled", {"cacheDisabled": True})
    page.on("console", complained)
    page.on("pageerror", broke)
    try:
        yield visit
        visit.violations = page.evaluate("window.violations ?? []")
        network.send("Network.enable")  # answered after every event that is on its way
    finally:
        page.remove_listener("console", complained)
        page.remove_listener("pageerror", broke)
        network.detach()


def load(page: Page, url: str) -> Visit:
    """Open `url` and wait until it asks for nothing more."""
    with watching(page, url) as visit:
        # On a busy machine the network can be idle before the page has been parsed.
        answer = page.goto(url, wait_until="load")
        page.wait_for_load_state("networkidle")
        visit.status = answer.status if answer else 0
    return visit


def third_parties(visit: Visit) -> list[str]:
    """Requests to any host but the page's own."""
    own = urlsplit(visit.url).netloc
    return [
        f"{visit.url}: asks {url}, a third party" for url in visit.requests if urlsplit(url).netloc != own
    ]


def unasked(visit: Visit) -> list[str]:
    """Requests that the reader must ask for first."""
    return [
        f"{visit.url}: loads {url} before the reader asks for it"
        for url in visit.requests
        if any(word in urlsplit(url).path for word in ON_REQUEST)
    ]


def policy_violations(visit: Visit) -> list[str]:
    """What the page's Content-Security-Policy had to block."""
    return [f"{visit.url}: {violation}" for violation in visit.violations]


def complaints(visit: Visit) -> list[str]:
    """Errors and warnings in the console, but for the one about a page that is meant to be missing."""
    return [
        f"{visit.url}: {complaint}"
        for complaint in visit.complaints
        if not (visit.status == 404 and "the server responded with a status of 404" in complaint)
    ]


def too_heavy(visit: Visit, limit_bytes: int = LESSON_LIMIT_BYTES) -> list[str]:
    """The page's weight with everything it loads, where that is over the limit."""
    if visit.bytes <= limit_bytes:
        return []
    parts = ", ".join(
        f"{urlsplit(url).path.rsplit('/', 1)[-1] or 'page'} {size}" for url, size in visit.sizes.items()
    )
    return [f"{visit.url}: {visit.bytes} bytes over the wire, limit {limit_bytes}: {parts}"]


def too_wide(page: Page) -> list[str]:
    """Elements that make the page scroll sideways, where it does."""
    wide = page.evaluate(
        """() => {
          const width = document.documentElement.clientWidth;
          if (document.scrollingElement.scrollWidth <= width) return [];
          const wide = [...document.querySelectorAll("body *")].filter((element) => {
            const box = element.getBoundingClientRect();
            return box.width && box.right > width + 1;
          });
          return (wide.length ? wide : [document.body]).slice(0, 5).map((element) =>
            `${element.tagName.toLowerCase()}.${element.getAttribute("class")} ends at ${
              Math.round(element.getBoundingClientRect().right)} of ${width} px`);
        }"""
    )
    return [f"{page.url}: {each}" for each in wide]


def inaccessible(page: Page, *, rules: tuple[str, ...] = ()) -> list[str]:
    """What axe finds against WCAG 2.2 A and AA, or against `rules` only, with every closed box opened."""
    page.evaluate(
        """() => document.querySelectorAll("details").forEach((box) => {
          box.removeAttribute("name");
          box.open = true;
        })"""
    )
    settle(page)
    only = {"type": "rule", "values": list(rules)} if rules else {"type": "tag", "values": WCAG}
    # The nodes that pass are many, and nobody reads them.
    found = Axe().run(page, options={"runOnly": only, "resultTypes": ["violations"]}).response
    if not found["passes"]:
        return [f"{page.url}: axe checked nothing"]
    return [
        f"{page.url}: {violation['id']}: {node['html'][:160]} {node['failureSummary'].split(chr(10))[-1].strip()}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]


def use_colours(page: Page, scheme: str) -> None:
    """Switch the page to the scheme "default" (light) or "slate" (dark) with its own switch."""
    page.evaluate(f"""document.querySelector("input[data-md-color-scheme={scheme}]")?.click()""")
    page.wait_for_function(f"document.body.dataset.mdColorScheme === '{scheme}'")
    settle(page)


def settle(page: Page) -> None:
    """Wait until nothing fades or opens any more: axe would measure the middle."""
    page.evaluate(
        """() => new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(() => go(
          Promise.allSettled(document.getAnimations().map((animation) => animation.finished))))))"""
    )
