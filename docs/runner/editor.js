// Edit a block of code in place: keep what was typed, and give the lesson's text back.

import { link, read, shared, write } from "./draft.js";
import { button, element, output } from "./element.js";
import { codeOf, known, lesson, partOf } from "./lesson.js";
import { remember } from "./page.js";

// After this a text area does.
const PATIENCE_SECONDS = 8;

/** The reader's texts on this page. @type {Map<Element, [Part, string]>} */
const mine = new Map();

export const edits = () => new Map([...mine.values()].filter(([part, text]) => text !== part.text));

/** What a block says now, in the reader's words or the lesson's. @param {Element} block */
export const textOf = (block) => mine.get(block)?.[1] ?? codeOf(block);

/** @type {Begin} */
export async function begin(place, clicked) {
  const { block, bar, button: edit, what } = place;
  const title = block.querySelector(".filename")?.textContent ?? "";
  const part = known(partOf(await lesson(), title, codeOf(block)));
  const draft = read(what);
  const sent = await shared(location.hash);
  const kept = draft?.was === part.text ? draft.now : undefined;
  const open = (/** @type {string} */ text) => replace(place, part, text);
  edit.addEventListener("click", () => open(kept ?? part.text));
  if (draft && kept === undefined) bar.after(beside("The lesson has changed since you edited it here.", draft.now, open));
  if (sent?.title === what) bar.after(beside("The link you followed carries another text for this.", sent.text, open));
  if (kept) {
    edit.textContent = "Go on editing";
    mine.set(block, [part, kept]);
  }
  if (clicked) await open(kept ?? part.text);
}

/** A text that is not the lesson's, folded, to be taken over. @param {string} words @param {string} text @param {(text: string) => void} open */
const beside = (words, text, open) =>
  element(
    "details",
    { className: "run-aside" },
    element("summary", { textContent: words }),
    output("That text", text),
    button("Edit that text", () => open(text)),
  );

/** @param {Place} place @param {Part} part @param {string} text */
async function replace({ block, bar, button: edit, note, what }, part, text) {
  edit.disabled = true;
  note.textContent = "loading…";
  const keep = (/** @type {string} */ now) => {
    mine.set(block, [part, now]);
    const held = write(what, { was: part.text, now });
    note.textContent = held ? "" : "Your browser keeps nothing here: copy your text before you leave.";
  };
  // PostgreSQL counts lines from the first it is sent, Python from the file's.
  const first = part.file.endsWith(".sql") ? 1 : part.from;
  const field = await fieldFor({ text, file: part.file, first, label: `${part.file}, your text`, changed: keep });
  const reset = button("Reset", () => {
    field.set(part.text);
    field.focus();
  });
  const share = button("Copy a link to this text", async () => {
    const address = await link(what, textOf(block));
    try {
      await navigator.clipboard.writeText(address);
      note.textContent = "Copied. It opens this page with your text, and runs nothing by itself.";
    } catch {
      note.textContent = address;
    }
  });
  block.querySelector("pre, .run-editor")?.replaceWith(field.box);
  bar.replaceChildren(reset, share, note);
  keep(text);
  field.focus();
}

/** CodeMirror, which its first use loads, or else a text area. @param {Wish} wish @returns {Promise<Field>} */
async function fieldFor(wish) {
  const { editor } = JSON.parse(document.getElementById("runner")?.textContent ?? "{}");
  const late = new Promise((_, fail) => setTimeout(fail, PATIENCE_SECONDS * 1000));
  try {
    const { open } = await Promise.race([import(new URL(editor, import.meta.url).href), late]);
    remember(["editor"], true);
    return open(wish);
  } catch {
    return plain(wish);
  }
}

/** @param {Wish} wish @returns {Field} */
function plain({ text, label, changed }) {
  const box = element("textarea", { className: "run-editor", spellcheck: false, autocapitalize: "off", "aria-label": label });
  const set = (/** @type {string} */ text) => {
    box.value = text;
    box.dispatchEvent(new Event("input"));
  };
  box.addEventListener("input", () => {
    box.rows = Math.max(4, box.value.split("\n").length + 1);
    changed(box.value);
  });
  box.addEventListener("keydown", (event) => indent(event, box));
  set(text);
  return { box, focus: () => box.focus(), set };
}

/** A new line starts as deep as the one above. Tab must lead out. @param {KeyboardEvent} event @param {HTMLTextAreaElement} area */
function indent(event, area) {
  if (event.key !== "Enter" || event.isComposing) return;
  const line = area.value.slice(0, area.selectionStart).split("\n").pop() ?? "";
  const depth = (/^\s*/.exec(line)?.[0] ?? "") + (line.trimEnd().endsWith(":") ? "    " : "");
  if (!depth) return;
  event.preventDefault();
  area.setRangeText(`\n${depth}`, area.selectionStart, area.selectionEnd, "end");
  area.dispatchEvent(new Event("input"));
}
