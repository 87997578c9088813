// Under a recorded output: run its command here, and show both outputs.

import { edits } from "./editor.js";
import { element, output, resultUnder } from "./element.js";
import { compose, known, lesson } from "./lesson.js";
import { ENDED, onStart } from "./start.js";

/** @type {Begin} */
export async function begin(place, clicked) {
  const of = await lesson();
  const command = known(of.commands.find((each) => each.head === place.what));
  const result = resultUnder(place.bar);
  await onStart(
    place,
    async (engine, options) => {
      const { argv, body } = (place.needs.includes("postgresql") && command.postgresql) || command;
      const changed = edits().size ? ", with your changes" : "";
      const head = element("p");
      const printed = output("Output of your run");
      const outcome = await engine.run(compose(of, edits()), argv, {
        ...options,
        onStarted() {
          options.onStarted?.();
          head.textContent = "Your run";
          result.replaceChildren(head, printed);
        },
        onOutput: (text) => printed.append(text),
      });
      const time = (outcome.milliseconds / 1000).toFixed(1);
      head.textContent = `Your run${changed}: ${outcome.versions || engine.describe()}, ${time} s. `;
      head.append(element("strong", {}, verdict(outcome, body)));
    },
    clicked,
  );
}

/** @param {Result} outcome @param {string} recorded */
function verdict({ ended, ok, output, status }, recorded) {
  if (ended !== "finished") return ENDED[ended];
  if (!ok) return `It ended with status ${status}.`;
  return output === recorded ? "The same as the record above." : "It differs from the record above.";
}
