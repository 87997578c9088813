// Give what can run on this page its buttons. Everything else is loaded by the first click.

import { button, element } from "./element.js";
import { SCOPE, held, keep } from "./storage.js";

/** What the page's system needs. @returns {Need[]} */
const liveNeeds = () => ["python", "live", /** @type {Need} */ (system)];
/** @type {Facts} */
let facts;
/** The system that the page is about. */
let system = "";
/** What this page has loaded, whether the browser keeps it or not. @type {Set<Need>} */
const loaded = new Set();
/** One for each button: say its price anew. @type {(() => void)[]} */
const prices = [];

/** Look at the page that is shown. */
export function begin() {
  const runner = document.getElementById("runner");
  facts = JSON.parse(runner?.textContent ?? "{}");
  system = runner?.dataset.system ?? "";
  const href = new URL("runner.css", import.meta.url).href;
  document.head.append(element("link", { rel: "stylesheet", href }));
  document.querySelectorAll(".highlight:has(> .filename)").forEach(look);
  document.querySelectorAll("[data-live]").forEach((block) => offer(block, "Start the API", liveNeeds(), "live-panel", system));
}

/** @param {Element} block a block of code that has a title */
function look(block) {
  const title = block.querySelector(".filename")?.textContent ?? "";
  const lines = (block.querySelector("code")?.textContent ?? "").split("\n", 2);
  const head = lines.join("\n");
  const what = `${title} ${lines[0]}`;
  const file = facts.edit.find((name) => `/${name}`.endsWith(`/${title}`)) ?? "";
  const judge = facts.judge[file];
  if (title === "Request") offer(block, "Send", liveNeeds(), "console", system);
  if (judge && facts.labs.includes(file)) offer(block, "Attack it here", judge.filter((need) => need !== "pytest"), "lab", file);
  if (facts.run[head]) offer(block, "Run it here", facts.run[head], "record", head);
  else if (judge) offer(block, "Check my answer", judge, "exercise", file);
  else if (facts.explain.includes(title)) offer(block, "Explain it here", ["postgresql"], "query", what);
  if (file) offer(block, "Edit", ["editor"], "editor", what);
  if (judge) import("./solution.js").then(({ guard }) => guard(block, file));
}

/**
 * @param {Element} block
 * @param {string} label
 * @param {Need[]} needs
 * @param {"record" | "exercise" | "lab" | "query" | "editor" | "live-panel" | "console"} module
 * @param {string} what
 */
function offer(block, label, needs, module, what) {
  const note = element("span", { className: "run-note", role: "status" });
  const first = () => load(true);
  const start = button(label, first);
  const bar = element("div", { className: module === "editor" ? "run-bar run-quiet" : "run-bar" }, start, note);
  if (facts.switch.includes(what)) start.after(databases(needs, () => (note.textContent = said = priceOf(needs))));
  block.after(bar);
  let said = "";
  const announce = () => {
    if (note.textContent === said) note.textContent = said = priceOf(needs);
  };
  announce();
  prices.push(announce);

  /** @param {boolean} clicked */
  const load = async (clicked) => {
    start.disabled = true;
    try {
      /** @type {{ begin: Begin }} */
      const { begin } = await import(`./${module}.js`);
      await begin({ block, bar, button: start, note, needs, what }, clicked);
      start.removeEventListener("click", first);
    } catch (error) {
      note.textContent = `It could not be loaded (${error instanceof Error ? error.message : error}). Try again.`;
    } finally {
      start.disabled = false;
    }
  };
  // The reader's own text must not wait for a click to be found again.
  if (module === "editor" && (held(`draft ${location.pathname} ${what}`) || location.hash.startsWith("#code="))) load(false);
  if (module === "live-panel" && started(what)) load(false);
}

/** Whether the reader has started the system in this tab, on a page before; live-bridge.js notes it. @param {string} system */
function started(system) {
  try {
    return `${SCOPE} ${system}` in sessionStorage;
  } catch {
    return false; // storage is refused here
  }
}

/** Let the reader choose the database: PostgreSQL is one need more. @param {Need[]} needs @param {() => void} announce */
function databases(needs, announce) {
  const own = needs.length;
  const more = element("option");
  const select = element("select", {}, element("option", {}, "SQLite"), more);
  select.addEventListener("change", () => {
    needs.length = own;
    if (select.selectedIndex) needs.push("postgresql");
    announce();
  });
  const say = () => {
    const price = priceOf(["postgresql"]).split(",")[0];
    more.textContent = `PostgreSQL 18${price && ` (${price} more)`}`;
  };
  say();
  prices.push(say);
  return element("label", {}, "Run on ", select);
}

/** @param {Need[]} needs */
function priceOf(needs) {
  const missing = needs.filter((need) => !loaded.has(need) && held(`has ${need}`) !== String(facts.bytes[need]));
  const bytes = missing.reduce((sum, need) => sum + facts.bytes[need], 0);
  const saving = /** @type {any} */ (navigator).connection?.saveData ? ", though your browser asks to save data" : "";
  return bytes ? `loads ${(bytes / 1e6).toFixed(1)} MB, once${saving}` : "";
}

/** These need not be announced any more: on this page, or where `kept`, on any. @param {Need[]} needs @param {boolean} kept */
export function remember(needs, kept) {
  for (const need of needs) {
    loaded.add(need);
    if (kept) keep(`has ${need}`, String(facts.bytes[need]));
  }
  prices.forEach((announce) => announce());
}
