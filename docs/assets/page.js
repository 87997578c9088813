// Set up each page that is shown: this one, and those that instant navigation would swap in.

// Code, outputs and tables that are wider than their box: the keyboard must be able to scroll them.
const watch = new ResizeObserver((changes) => changes.forEach(({ target }) => mark(target)));

/** @param {Element} box */
function mark(box) {
  if (!(box instanceof HTMLElement)) return;
  if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
  else box.removeAttribute("tabindex");
}

/** Where a static host answers an address of a live system, with its page for what is not there: offer to start it. */
function openShell() {
  for (const shell of document.querySelectorAll("template")) {
    const live = new URL(`../live/${shell.id}/`, import.meta.url).href;
    if (!location.href.startsWith(live)) continue;
    const place = shell.parentElement;
    place?.replaceChildren(shell.content);
    place?.querySelector("code")?.append(`GET /${location.href.slice(live.length).split("#")[0]}`);
  }
}

async function setUp() {
  openShell();
  watch.disconnect();
  document.querySelectorAll("pre > code, .md-typeset__scrollwrap").forEach((box) => watch.observe(box));
  if (document.querySelector("#runner")) (await import("../runner/page.js")).begin();
  if (document.querySelector("[data-specification]")) (await import("./specification.js")).offer();
}

const pages = /** @type {any} */ (window).document$; // Material's, absent where its script did not load
if (pages) pages.subscribe(setUp);
else setUp();
