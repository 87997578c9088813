// Give a page its buttons for the live shop: above Swagger UI, and under each request. The rest waits for a click.

import { element } from "./element.js";
import { megabytes, price } from "./packs.js";
import { NAME } from "./shop-ask.js";

const NEEDED = ["python-runtime", "python-wasm", "python-stdlib", "shop-worker", "django", "shop"];

export function offer() {
  document.head.append(element("link", { rel: "stylesheet", href: new URL("runner.css", import.meta.url).href }));
  for (const block of document.querySelectorAll("[data-live-shop]")) button(block, "Start the API", "shop-panel");
  for (const block of document.querySelectorAll(".language-http.highlight:has(> .filename)")) {
    if (block.querySelector(".filename")?.textContent === "Request") button(block, "Send", "console");
  }
}

/** Whether the reader has started the shop in this tab, on a page before. */
function wanted() {
  try {
    return NAME in sessionStorage;
  } catch {
    return false; // storage is refused here
  }
}

/**
 * @param {Element} block
 * @param {string} label
 * @param {"shop-panel" | "console"} module
 */
function button(block, label, module) {
  if (block.nextElementSibling?.className === "run-bar") return;
  const button = element("button", { type: "button", textContent: label });
  const note = element("span", { className: "run-note" });
  note.setAttribute("role", "status");
  const bar = element("div", { className: "run-bar" }, button, note);
  block.after(bar);
  /** @param {boolean} clicked */
  const load = async (clicked) => {
    button.removeEventListener("click", first);
    const { begin } = await import(`./${module}.js`);
    await begin({ block, bar, button, note, needs: ["python", "shop"], what: "" }, clicked);
  };
  const first = () => load(true).catch((error) => (note.textContent = `It could not be loaded (${error.message}). Try again.`));
  button.addEventListener("click", first);
  if (module === "shop-panel" && wanted()) load(false);
  price(NEEDED).then((cost) => {
    const saving = /** @type {any} */ (navigator).connection?.saveData ? ", though your browser asks to save data" : "";
    if (cost && !note.textContent) note.textContent = `loads ${megabytes(cost)}, once${saving}`;
  }, () => {});
}
