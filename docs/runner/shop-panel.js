// The panel above Swagger UI: start the shop, see where it runs and what each request did, begin anew.

import { element } from "./element.js";
import { price } from "./packs.js";
import { shop } from "./shop-bridge.js";
import { exchange } from "./shop-exchange.js";
import { PACKS } from "./shop-owner.js";
import { onStart } from "./start.js";

const MOST_ENTRIES = 50;
const WHERE = { off: "", starting: "", here: "The API runs in this tab", elsewhere: "The API runs in another tab" };

/**
 * @param {import("./page.js").Place} place
 * @param {boolean} clicked
 */
export async function begin(place, clicked) {
  const status = element("p", { className: "shop-state" });
  const reset = element("button", { type: "button", textContent: "Reset its data" });
  const log = element("ol", { className: "run-tests shop-log", "aria-label": "Requests, the last one first" });
  const panel = element("div", { className: "run-result" }, status, reset, log);
  status.setAttribute("role", "status");
  place.bar.after(panel);

  const show = () => {
    const { state, about, unsaved } = shop;
    place.button.hidden = state === "here";
    panel.hidden = !WHERE[state];
    const versions = Object.entries(about?.versions ?? {}).map((each) => each.join(" "));
    const lost = unsaved ? " Your browser keeps nothing here: closing the tab loses the data." : "";
    status.textContent = `${[WHERE[state], versions.join(", ")].filter(Boolean).join(": ")}.${lost}`;
  };
  shop.addEventListener("change", show);
  show();
  reset.addEventListener("click", async () => {
    await shop.reset();
    log.replaceChildren();
    status.textContent = "The data is again as every reader finds it.";
  });
  shop.addEventListener("entry", (event) => {
    log.prepend(element("li", {}, exchange(/** @type {CustomEvent} */ (event).detail)));
    if (log.children.length > MOST_ENTRIES) log.lastChild?.remove();
  });
  // Not clicked: the reader has started it on a page before. Where that costs no download, it goes on.
  await onStart(place, (_, options) => shop.start(options), clicked || (await price(PACKS)) === 0);
}
