// Show what a request to the live shop came to: its status, its time, and the SQL behind it.

import { element } from "./element.js";

/** @param {import("./shop-bridge.js").Entry} entry */
export function exchange({ method, path, status, milliseconds, sql }) {
  const count = sql.length === 1 ? "1 statement" : `${sql.length} statements`;
  const sum = element("summary", {}, element("code", {}, `${method} ${path}`), ` ${status} · ${milliseconds.toFixed(0)} ms · ${count}`);
  const lines = sql.map(([text, each]) => element("li", {}, `${each.toFixed(1)} ms`, element("pre", {}, text)));
  return element("details", {}, sum, element("ol", { className: "run-tests" }, ...lines));
}
