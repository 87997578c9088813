// Attack the reader's own code: a form sends a request to it in the sandbox, and shows what it did.

import { edits } from "./editor.js";
import { button, element, output, resultUnder } from "./element.js";
import { compose, folderOf, known, lesson } from "./lesson.js";
import { ENDED, onStart } from "./start.js";

/** @type {Begin} */
export async function begin(place) {
  const of = await lesson();
  const exercise = known(of.exercises.find((each) => each.stub === place.what));
  const lab = known(exercise.lab);
  const names = lab.requests.map(({ path, label }) => element("option", { value: path }, label ?? path));
  const path = element("select", {}, ...names);
  const inputs = element("div");
  const form = element("form", { className: "run-lab", "aria-label": "Attack it" });
  place.bar.before(form);
  form.append(labelled("Send to", path), inputs, place.bar);
  const result = resultUnder(place.bar);
  Object.assign(place.button, { type: "submit", textContent: "Send the request" });
  form.addEventListener("submit", (event) => event.preventDefault());
  const choose = () => inputs.replaceChildren(...fill(lab.requests[path.selectedIndex]));
  path.addEventListener("change", choose);
  choose();
  path.focus();

  let sent = 0;
  /** @type {Set<string>} */
  const flags = new Set();
  await onStart(
    place,
    async (engine, options) => {
      const boxes = [.../** @type {NodeListOf<HTMLInputElement>} */ (inputs.querySelectorAll("input, textarea"))];
      const pairs = boxes.flatMap(({ name, value }) => (name ? `${name}=${value}` : value.split("\n").filter(Boolean)));
      const argv = [lab.program, "--json", path.value, ...pairs];
      const { ok, output: printed, ended } = await engine.run(folderOf(exercise, compose(of, edits())), argv, options);
      const lines = printed.trimEnd().split("\n");
      /** @type {{ requests: number, captured: string[] }} */
      const { requests, captured } = ok ? JSON.parse(lines.pop() ?? "") : { requests: 0, captured: [] };
      sent += requests;
      captured.forEach((flag) => flags.add(flag));
      const said = captured.length ? `Flag captured: ${captured.join(", ")}` : "No flag in this answer.";
      result.replaceChildren(
        element("strong", {}, ok ? said : ENDED[ended] || "Your file broke before it could answer."),
        output("What the request did", lines.join("\n")),
        element("p", {}, `Requests so far: ${sent}. Flags so far: ${flags.size} of ${lab.flags}.`),
      );
    },
    false,
  );
}

/** The inputs of a request, and buttons that fill them. @param {Target} request */
function fill({ fields, ready }) {
  const boxes = Object.entries(fields).map(([name, value]) =>
    element(name ? "input" : "textarea", { name, value, spellcheck: false, autocapitalize: "off" }),
  );
  const buttons = ready.map(({ label, fields }) => button(label, () => boxes.forEach((box) => (box.value = fields[box.name]))));
  const choice = element("div", { className: "run-ready", role: "group", "aria-label": "Ready-made inputs" }, ...buttons);
  return [choice, ...boxes.map((box) => labelled(box.name || "key=value, one a line", box))];
}

/** @param {string} label @param {HTMLElement} input */
const labelled = (label, input) => element("label", {}, element("span", {}, label), input);
