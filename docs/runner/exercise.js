// A graded exercise: the reader's file, judged here by the same pytest files that CI runs.

import { edits } from "./editor.js";
import { element, output, resultUnder } from "./element.js";
import { compose, folderOf, known, lesson } from "./lesson.js";
import { remember } from "./solution.js";
import { ENDED, onStart } from "./start.js";

/** @type {Begin} */
export async function begin(place, clicked) {
  const of = await lesson();
  const exercise = known(of.exercises.find((each) => each.stub === place.what));
  const result = resultUnder(place.bar);
  await onStart(
    place,
    async (engine, options) => {
      const files = compose(of, edits());
      const outcome = await engine.judge(folderOf(exercise, files), exercise.tests, { ...options, seconds: 60 });
      result.replaceChildren(...report(outcome));
      if (outcome.ended !== "stopped" && files[exercise.stub] !== of.files[exercise.stub]) remember(exercise.stub);
    },
    clicked,
  );
}

/** @param {Result} outcome */
function report({ ok, ended, output: printed, tests = [], versions }) {
  const passed = tests.filter((/** @type {Test} */ test) => test.outcome === "passed").length;
  const all = ok ? `All ${tests.length} tests pass. Now compare with the solution.` : "";
  const head = all || ENDED[/** @type {Ended} */ (ended)] || `${passed} of ${tests.length} tests pass.`;
  return [
    element("p", {}, element("strong", {}, head), versions ? ` On ${versions}.` : ""),
    element("ul", { className: "run-tests" }, ...tests.map(line)),
    ...(printed.trim() ? [output("Printed meanwhile", printed.trim())] : []),
  ];
}

/** @param {Test} test */
function line({ name, outcome, message }) {
  const mark = outcome === "passed" ? "passed" : "failed";
  const sentence = name.replace(/^test_/, "").replace(/\[(.*)\]$/, ": $1").replaceAll("_", " ");
  const why = message ? [output("Why", message)] : [];
  return element("li", {}, element("b", { className: `run-${mark}` }, mark), ` ${sentence}`, ...why);
}
