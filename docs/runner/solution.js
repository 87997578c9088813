// Hints open one after the other, and the solution after an honest try, or when the reader says so.

import { button, element } from "./element.js";
import { held, keep } from "./storage.js";

/** @param {string} text of a box */
const opened = (text) => `opened ${location.pathname} ${text}`;
/** @param {string} stub */
const tried = (stub) => `tried ${location.pathname} ${stub}`;

/** Remember that the judge has run on a text of the reader's own. @param {string} stub */
export const remember = (stub) => keep(tried(stub), "yes");

/** @param {Element} block shows the stub @param {string} stub */
export function guard(block, stub) {
  let before = "";
  for (let next = block.closest("article > *")?.nextElementSibling; next && next.tagName !== "H2"; next = next.nextElementSibling) {
    const box = /** @type {HTMLDetailsElement} */ (next);
    const summary = next.querySelector(":scope > summary");
    const [text, hint] = /^(Hint \d+)?.*/.exec(summary?.textContent ?? "") ?? [""];
    if (!summary) continue;
    if (hint) {
      const previous = before;
      if (previous) ask(box, text, `${previous.split(":")[0]} comes first.`, opened(previous));
      before = text;
    } else if (/(^|\/)solution\./.test(next.querySelector(".filename")?.textContent ?? "")) {
      ask(box, text, "You have not run the tests yet.", tried(stub));
    }
    box.addEventListener("toggle", () => box.open && keep(opened(text), "yes"));
  }
}

/**
 * Let a box open only once the name `free` is held, or the reader insists.
 * @param {HTMLDetailsElement} box
 * @param {string} text
 * @param {string} words
 * @param {string} free
 */
function ask(box, text, words, free) {
  const status = element("span", { role: "status" });
  const line = element("div", { className: "run-ask" }, status);
  const anyway = button("Show it anyway", () => {
    line.replaceChildren(status);
    status.textContent = "";
    box.open = true;
    box.querySelector("summary")?.focus();
  });
  box.after(line);
  box.querySelector("summary")?.addEventListener("click", (event) => {
    const closed = !box.open && !held(free) && !held(opened(text));
    if (closed) event.preventDefault();
    status.textContent = closed ? words : "";
    line.replaceChildren(status, ...(closed ? [" ", anyway] : []));
  });
}
