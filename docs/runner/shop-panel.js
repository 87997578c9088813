// The panel above Swagger UI: start the shop, see where it runs and what each request did, begin anew.

import { button, element, output, resultUnder } from "./element.js";
import { price } from "./packs.js";
import { shop } from "./shop-bridge.js";
import { PACKS } from "./shop-owner.js";
import { onStart } from "./start.js";

const MOST_ENTRIES = 50;
const WHERE = { off: "", starting: "", here: "The API runs in this tab", elsewhere: "The API runs in another tab" };
const LOST = " Your browser keeps nothing here: closing the tab loses the data.";

/** @type {Begin} */
export async function begin(place, clicked) {
  const status = element("p", { className: "shop-state", role: "status" });
  const log = element("ol", { className: "run-tests shop-log", "aria-label": "Requests, the last one first" });
  const reset = button("Reset its data", async () => {
    await shop.reset();
    log.replaceChildren();
    status.textContent = "The data is again as every reader finds it.";
  });
  const panel = resultUnder(place.bar);
  panel.append(status, reset, log);

  const show = () => {
    const where = WHERE[shop.state];
    const versions = Object.entries(shop.about?.versions ?? {}).map((each) => each.join(" ")).join(", ");
    place.button.hidden = shop.state === "here";
    panel.hidden = !where;
    status.textContent = `${where}${versions && `: ${versions}`}.${shop.unsaved ? LOST : ""}`;
  };
  shop.addEventListener("change", show);
  show();
  shop.addEventListener("entry", (event) => {
    log.prepend(element("li", {}, exchange(/** @type {CustomEvent} */ (event).detail)));
    if (log.children.length > MOST_ENTRIES) log.lastChild?.remove();
  });
  // Not clicked: the reader has started it on a page before. Where that costs no download, it goes on.
  await onStart(place, (_, options) => shop.start(options), clicked || (await price(PACKS)) === 0);
}

/** What a request came to: its status, its time, and the SQL behind it. @param {Entry} entry */
export function exchange({ method, path, status, milliseconds, sql }) {
  const count = sql.length === 1 ? "1 statement" : `${sql.length} statements`;
  const sum = element("summary", {}, element("code", {}, `${method} ${path}`), ` ${status} · ${milliseconds.toFixed(0)} ms · ${count}`);
  const lines = sql.map(([text, each]) => element("li", {}, `${each.toFixed(1)} ms`, output("SQL", text)));
  return element("details", {}, sum, element("ol", { className: "run-tests" }, ...lines));
}
