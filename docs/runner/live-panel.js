// The panel above Swagger UI: start the system, see where it runs and what each request did, begin anew.

import { button, element, output, resultUnder } from "./element.js";
import { price } from "./packs.js";
import { live } from "./live-bridge.js";
import { partsOf } from "./live-owner.js";
import { onStart } from "./start.js";

const MOST_ENTRIES = 50;
const WHERE = { off: "", starting: "", here: "The API runs in this tab", elsewhere: "The API runs in another tab" };
const LOST = " Your browser keeps nothing here: closing the tab loses the data.";

/** @type {Begin} */
export async function begin(place, clicked) {
  const system = place.what;
  const api = live(system);
  const status = element("p", { className: "live-state", role: "status" });
  const logins = element("ul", { className: "run-tests live-logins", "aria-label": "Who may log in" });
  const log = element("ol", { className: "run-tests live-log", "aria-label": "Requests, the last one first" });
  const reset = button("Reset its data", async () => {
    await api.reset();
    log.replaceChildren();
    status.textContent = "The data is again as every reader finds it.";
  });
  const panel = resultUnder(place.bar);
  panel.append(status, logins, reset, log);

  const show = () => {
    const where = WHERE[api.state];
    const versions = Object.entries(api.about?.versions ?? {}).map((each) => each.join(" ")).join(", ");
    place.button.hidden = api.state === "here";
    panel.hidden = !where;
    status.textContent = `${where}${versions && `: ${versions}`}.${api.unsaved ? LOST : ""}`;
    logins.replaceChildren(...(api.about?.logins ?? []).map(({ role, ...keys }) => {
      return element("li", {}, `${role}: `, ...Object.values(keys).flatMap((key) => [element("code", {}, key), " "]));
    }));
  };
  api.addEventListener("change", show);
  show();
  api.addEventListener("entry", (event) => {
    log.prepend(element("li", {}, exchange(/** @type {CustomEvent} */ (event).detail)));
    if (log.children.length > MOST_ENTRIES) log.lastChild?.remove();
  });
  // Not clicked: the reader has started it on a page before. Where that costs no download, it goes on.
  await onStart(place, (_, options) => api.start(options), clicked || (await price(partsOf(system).flat())) === 0);
}

/** What a request came to: its status, its time, and the SQL behind it. @param {Entry} entry */
export function exchange({ method, path, status, milliseconds, sql }) {
  const count = sql.length === 1 ? "1 statement" : `${sql.length} statements`;
  const sum = element("summary", {}, element("code", {}, `${method} ${path}`), ` ${status} · ${milliseconds.toFixed(0)} ms · ${count}`);
  const lines = sql.map(([text, each]) => element("li", {}, `${each.toFixed(1)} ms`, output("SQL", text)));
  return element("details", {}, sum, element("ol", { className: "run-tests" }, ...lines));
}
