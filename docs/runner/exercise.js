// A graded exercise: the reader's file, judged here by the same pytest files that CI runs.

import { edits } from "./editor.js";
import { element } from "./element.js";
import { compose, lesson } from "./lesson.js";
import { ENDED, onStart } from "./start.js";

/** @typedef {{ name: string, outcome: string, message: string }} Test */

/**
 * @param {import("./page.js").Place} place
 * @param {boolean} clicked
 */
export async function begin(place, clicked) {
  const of = await lesson();
  const exercise = of.exercises.find((each) => each.stub === place.what);
  if (!exercise) throw new Error("this page and its lesson are of different days: reload");
  const result = element("div", { className: "run-result", hidden: true });
  place.bar.after(result);
  await onStart(
    place,
    async (engine, options) => {
      const files = compose(of, edits());
      const flat = exercise.files.map((name) => [/** @type {string} */ (name.split("/").pop()), files[name]]);
      const outcome = await engine.judge(Object.fromEntries(flat), exercise.tests, { ...options, seconds: 60 });
      result.hidden = false;
      result.replaceChildren(...report(outcome));
    },
    clicked,
  );
}

/**
 * @param {import("./engine.js").Result} outcome
 * @returns {HTMLElement[]}
 */
function report(outcome) {
  const tests = /** @type {Test[]} */ (outcome.tests ?? []);
  const passed = tests.filter((test) => test.outcome === "passed").length;
  const all = outcome.ok ? `All ${tests.length} tests pass. Now compare with the solution.` : "";
  const head = all || ENDED[outcome.ended] || `${passed} of ${tests.length} tests pass.`;
  const printed = outcome.output.trim();
  return [
    element("p", {}, element("strong", { textContent: head })),
    element("ul", { className: "run-tests" }, ...tests.map(line)),
    ...(printed ? [element("pre", { textContent: printed, tabIndex: 0, "aria-label": "Printed meanwhile" })] : []),
  ];
}

/** @param {Test} test */
function line({ name, outcome, message }) {
  const passed = outcome === "passed";
  const sentence = name.replace(/^test_/, "").replaceAll("_", " ");
  const mark = element("b", { className: passed ? "run-passed" : "run-failed", textContent: passed ? "passed" : "failed" });
  const words = message ? [element("pre", { textContent: message, tabIndex: 0, "aria-label": "Why" })] : [];
  return element("li", {}, mark, ` ${sentence}`, ...words);
}

