// Edit a block of code in place: a text area that keeps what was typed, and can give the lesson's text back.

import { link, read, shared, write } from "./draft.js";
import { element } from "./element.js";
import { codeOf, lesson, partOf } from "./lesson.js";

/** @typedef {import("./lesson.js").Part} Part */
/** @typedef {import("./page.js").Place} Place */

/** What the reader has changed on this page. @type {Map<Part, string>} */
const changed = new Map();

export const edits = () => changed;

/**
 * @param {Place} place
 * @param {boolean} clicked
 */
export async function begin(place, clicked) {
  const { block, bar, button, what } = place;
  const title = block.querySelector(".filename")?.textContent ?? "";
  const part = partOf(await lesson(), title, codeOf(block));
  if (!part) throw new Error("this page and its lesson are of different days: reload");
  const draft = read(what);
  const sent = await shared(location.hash);
  const kept = draft?.was === part.text ? draft.now : undefined;
  const open = (/** @type {string} */ text) => replace(place, part, text);
  button.addEventListener("click", () => open(kept ?? part.text));
  if (kept) button.textContent = "Go on editing";
  if (draft && kept === undefined) bar.after(beside("The lesson has changed since you edited it here.", draft.now, open));
  if (sent?.title === what) bar.after(beside("The link you followed carries another text for this.", sent.text, open));
  if (kept) changed.set(part, kept);
  if (clicked) open(kept ?? part.text);
}

/**
 * A text that is not the lesson's, folded, with a button that takes it over.
 * @param {string} words
 * @param {string} text
 * @param {(text: string) => void} open
 */
function beside(words, text, open) {
  const use = element("button", { type: "button", textContent: "Edit that text" });
  use.addEventListener("click", () => open(text));
  const shown = element("pre", { textContent: text, tabIndex: 0, "aria-label": "That text" });
  return element("details", { className: "run-aside" }, element("summary", { textContent: words }), shown, use);
}

/**
 * @param {Place} place
 * @param {Part} part
 * @param {string} start
 */
function replace({ block, bar, note, what }, part, start) {
  const area = element("textarea", {
    value: start,
    spellcheck: false,
    autocapitalize: "off",
    className: "run-editor",
    "aria-label": `${part.file}, your text`,
  });
  const reset = element("button", { type: "button", textContent: "Reset" });
  const share = element("button", { type: "button", textContent: "Copy a link to this text" });
  const keep = () => {
    if (area.value === part.text) changed.delete(part);
    else changed.set(part, area.value);
    const held = write(what, { was: part.text, now: area.value });
    note.textContent = held ? "" : "Your browser keeps nothing here: copy your text before you leave.";
    area.rows = Math.max(4, area.value.split("\n").length + 1);
  };
  area.addEventListener("input", keep);
  area.addEventListener("keydown", (event) => indent(event, area));
  reset.addEventListener("click", () => {
    area.value = part.text;
    keep();
    area.focus();
  });
  share.addEventListener("click", async () => {
    const address = await link(what, area.value);
    try {
      await navigator.clipboard.writeText(address);
      note.textContent = "Copied. It opens this page with your text, and runs nothing by itself.";
    } catch {
      note.textContent = address;
    }
  });
  (block.querySelector("textarea") ?? block.querySelector("pre"))?.replaceWith(area);
  bar.replaceChildren(reset, share, note);
  keep();
  area.focus();
}

/**
 * A new line starts as deep as the one above it. Tab is left alone: it must lead out of the box.
 * @param {KeyboardEvent} event
 * @param {HTMLTextAreaElement} area
 */
function indent(event, area) {
  if (event.key !== "Enter" || event.isComposing) return;
  const before = area.value.slice(0, area.selectionStart);
  const line = before.slice(before.lastIndexOf("\n") + 1);
  const depth = (/^\s*/.exec(line)?.[0] ?? "") + (line.trimEnd().endsWith(":") ? "    " : "");
  if (!depth) return;
  event.preventDefault();
  area.setRangeText(`\n${depth}`, area.selectionStart, area.selectionEnd, "end");
  area.dispatchEvent(new Event("input"));
}
