// Give what can run on this page its buttons. Everything else is loaded by the first click.

/** @typedef {"python" | "pytest" | "postgresql" | "shop"} Need */
/**
 * What the build found that can run: needs by a record's first two lines, names of editable files, needs by exercise, exercises with a lab, titles of blocks of SQL to explain, bytes by need.
 * @typedef {{ run: Record<string, Need[]>, edit: string[], judge: Record<string, Need[]>, labs: string[], explain: string[], bytes: Record<Need, number> }} Facts
 */
/** A button under a block, and what it is for. @typedef {{ block: Element, bar: HTMLElement, button: HTMLButtonElement, note: HTMLElement, needs: Need[], what: string }} Place */

// Other sites of the same owner may share this origin, so names in its storage carry our path.
const SCOPE = `nexus ${new URL("../", import.meta.url).pathname}`;

/** @type {Facts} */
let facts;

/** Look at the page that is shown. */
export function begin() {
  facts = JSON.parse(document.getElementById("runner")?.textContent ?? "{}");
  const href = new URL("runner.css", import.meta.url).href;
  document.head.append(Object.assign(document.createElement("link"), { rel: "stylesheet", href }));
  for (const block of document.querySelectorAll(".highlight:has(> .filename)")) look(block);
}

/** @param {Element} block a block of code that has a title */
function look(block) {
  const title = block.querySelector(".filename")?.textContent ?? "";
  const head = (block.querySelector("code")?.textContent ?? "").split("\n", 2).join("\n");
  const file = facts.edit.find((name) => `/${name}`.endsWith(`/${title}`));
  const stub = file && facts.judge[file] ? file : "";
  if (facts.labs.includes(stub)) offer(block, "Attack it here", facts.judge[stub].filter((need) => need !== "pytest"), "lab", stub);
  if (facts.run[head]) offer(block, "Run it here", facts.run[head], "record", head);
  else if (stub) offer(block, "Check my answer", facts.judge[stub], "exercise", stub);
  else if (facts.explain.includes(title)) offer(block, "Explain it here", ["postgresql"], "query", `${title} ${head.split("\n")[0]}`);
  if (file) offer(block, "Edit", [], "editor", `${title} ${head.split("\n")[0]}`);
}

/**
 * @param {Element} block
 * @param {string} label
 * @param {Need[]} needs
 * @param {"record" | "exercise" | "lab" | "query" | "editor"} module
 * @param {string} what
 */
function offer(block, label, needs, module, what) {
  const button = Object.assign(document.createElement("button"), { type: "button", textContent: label });
  const note = Object.assign(document.createElement("span"), { className: "run-note", role: "status" });
  const bar = Object.assign(document.createElement("div"), { className: needs.length ? "run-bar" : "run-bar run-quiet" });
  bar.append(button, note);
  block.after(bar);
  const missing = needs.filter((need) => held(`has ${need}`) !== String(facts.bytes[need]));
  const bytes = missing.reduce((sum, need) => sum + facts.bytes[need], 0);
  const saving = /** @type {any} */ (navigator).connection?.saveData ? ", though your browser asks to save data" : "";
  if (bytes) note.textContent = `loads ${(bytes / 1e6).toFixed(1)} MB, once${saving}`;

  /** @param {boolean} clicked */
  const load = async (clicked) => {
    button.disabled = true;
    try {
      const { begin } = await import(`./${module}.js`);
      await begin({ block, bar, button, note, needs, what }, clicked);
      button.removeEventListener("click", first);
    } catch (error) {
      note.textContent = `It could not be loaded (${error instanceof Error ? error.message : error}). Try again.`;
    } finally {
      button.disabled = false;
    }
  };
  const first = () => load(true);
  button.addEventListener("click", first);
  // The reader's own text must not wait for a click to be found again.
  if (module === "editor" && (held(`draft ${location.pathname} ${what}`) || location.hash.startsWith("#code="))) load(false);
}

/** @param {string} name */
function held(name) {
  try {
    return localStorage.getItem(`${SCOPE} ${name}`);
  } catch {
    return null; // storage is refused here
  }
}
