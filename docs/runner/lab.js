// Attack the reader's own code: a form sends a request to it in the sandbox, and shows what it did.

import { edits } from "./editor.js";
import { element } from "./element.js";
import { compose, lesson } from "./lesson.js";
import { ENDED, onStart } from "./start.js";

/** Values by name; those of the name "" are lines of key=value. @typedef {Record<string, string>} Fields */
/** @typedef {{ path: string, label?: string, fields: Fields, ready: { label: string, fields: Fields }[] }} Request */
/** @typedef {{ program: string, flags: number, requests: Request[] }} Lab */

/** @param {import("./page.js").Place} place */
export async function begin(place) {
  const of = await lesson();
  const exercise = of.exercises.find((each) => each.stub === place.what);
  const lab = exercise?.lab;
  if (!lab) throw new Error("this page and its lesson are of different days: reload");
  const names = lab.requests.map(({ path, label }) => element("option", { value: path, textContent: label ?? path }));
  const path = element("select", {}, ...names);
  const inputs = element("div");
  const result = element("div", { className: "run-result", hidden: true });
  const form = element("form", { className: "run-lab", "aria-label": "Attack it" });
  place.bar.before(form);
  form.append(labelled("Send to", path), inputs, place.bar, result);
  Object.assign(place.button, { type: "submit", textContent: "Send the request" });
  form.addEventListener("submit", (event) => event.preventDefault());
  path.addEventListener("change", () => inputs.replaceChildren(...fill(lab.requests[path.selectedIndex])));
  path.dispatchEvent(new Event("change"));
  path.focus();

  let sent = 0;
  /** @type {Set<string>} */
  const flags = new Set();
  await onStart(
    place,
    async (engine, options) => {
      const files = compose(of, edits());
      const flat = exercise.files.map((name) => [/** @type {string} */ (name.split("/").pop()), files[name]]);
      const boxes = [.../** @type {NodeListOf<HTMLInputElement>} */ (inputs.querySelectorAll("input, textarea"))];
      const pairs = boxes.flatMap(({ name, value }) => (name ? `${name}=${value}` : value.split("\n").filter(Boolean)));
      const argv = [lab.program, "--json", path.value, ...pairs];
      const { ok, output, ended } = await engine.run(Object.fromEntries(flat), argv, options);
      const lines = output.trimEnd().split("\n");
      /** @type {{ requests: number, captured: string[] }} */
      const { requests, captured } = ok ? JSON.parse(lines.pop() ?? "") : { requests: 0, captured: [] };
      sent += requests;
      captured.forEach((flag) => flags.add(flag));
      const said = captured.length ? `Flag captured: ${captured.join(", ")}` : "No flag in this answer.";
      result.hidden = false;
      result.replaceChildren(
        element("strong", { textContent: ok ? said : ENDED[ended] || "Your file broke before it could answer." }),
        element("pre", { textContent: lines.join("\n"), tabIndex: 0, "aria-label": "What the request did" }),
        element("p", { textContent: `Requests so far: ${sent}. Flags so far: ${flags.size} of ${lab.flags}.` }),
      );
    },
    false,
  );
}

/** The inputs of a request, and buttons that fill them. @param {Request} request */
function fill({ fields, ready }) {
  const boxes = Object.entries(fields).map(([name, value]) =>
    element(name ? "input" : "textarea", { name, value, spellcheck: false, autocapitalize: "off" }),
  );
  const buttons = ready.map((each) => {
    const button = element("button", { type: "button", textContent: each.label });
    button.addEventListener("click", () => boxes.forEach((box) => (box.value = each.fields[box.name])));
    return button;
  });
  const choice = element("div", { className: "run-ready", role: "group", "aria-label": "Ready-made inputs" }, ...buttons);
  return [choice, ...boxes.map((box) => labelled(box.name || "key=value, one a line", box))];
}

/** @param {string} label @param {HTMLElement} input */
const labelled = (label, input) => element("label", {}, element("span", { textContent: label }), input);
