// Set up each page that is shown: this one, and those that instant navigation would swap in.

// Code, outputs and tables that are wider than their box: the keyboard must be able to scroll them.
const watch = new ResizeObserver((changes) => changes.forEach(({ target }) => mark(target)));

/** @param {Element} box */
function mark(box) {
  if (!(box instanceof HTMLElement)) return;
  if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
  else box.removeAttribute("tabindex");
}

async function setUp() {
  watch.disconnect();
  document.querySelectorAll("pre > code, .md-typeset__scrollwrap").forEach((box) => watch.observe(box));
  if (document.getElementById("runner")) (await import("../runner/page.js")).begin();
  if (document.querySelector("[data-specification]")) (await import("./specification.js")).offer();
  if (document.querySelector("[data-live-shop], .language-http > .filename")) (await import("../runner/shop-page.js")).offer();
}

const pages = /** @type {any} */ (window).document$; // Material's, absent where its script did not load
if (pages) pages.subscribe(setUp);
else setUp();
