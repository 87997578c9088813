// Under a recorded output: run its command here, and show both outputs.

import { edits } from "./editor.js";
import { element } from "./element.js";
import { compose, lesson } from "./lesson.js";
import { ENDED, onStart } from "./start.js";

/** @typedef {import("./engine.js").Result} Result */

/**
 * @param {import("./page.js").Place} place
 * @param {boolean} clicked
 */
export async function begin(place, clicked) {
  const of = await lesson();
  const command = of.commands.find((each) => each.head === place.what);
  if (!command) throw new Error("this page and its lesson are of different days: reload");
  const head = element("p");
  const output = element("pre", { tabIndex: 0, "aria-label": "Output of your run" });
  const result = element("div", { className: "run-result", hidden: true }, head, output);
  place.bar.after(result);
  await onStart(
    place,
    async (engine, options) => {
      const changed = edits().size > 0;
      const outcome = await engine.run(compose(of, edits()), command.argv, {
        ...options,
        onStarted() {
          options.onStarted?.();
          head.textContent = "Your run";
          output.replaceChildren();
          result.hidden = false;
        },
        onOutput: (text) => output.append(text),
      });
      const time = `${(outcome.milliseconds / 1000).toFixed(1)} s`;
      head.textContent = `Your run${changed ? ", with your changes" : ""}: ${engine.describe()}, ${time}. `;
      head.append(element("strong", { textContent: verdict(outcome, command.body) }));
    },
    clicked,
  );
}

/** @param {Result} outcome @param {string} recorded */
function verdict(outcome, recorded) {
  if (outcome.ended !== "finished") return ENDED[outcome.ended];
  if (!outcome.ok) return `It ended with status ${outcome.status}.`;
  return outcome.output === recorded ? "The same as the record above." : "It differs from the record above.";
}
