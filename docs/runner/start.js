// What every button that runs something does: fetch with progress, start, stop, and say what went wrong.

import { element } from "./element.js";
import { Engine } from "./engine.js";
import { megabytes } from "./packs.js";

/** @typedef {import("./page.js").Need} Need */
/** @typedef {import("./page.js").Place} Place */

/** One engine for each set of needs, shared by everything on the page. @type {Map<string, Engine>} */
const engines = new Map();

/** @param {Need[]} needs */
function engineFor(needs) {
  const key = needs.join(" ");
  const engine = engines.get(key) ?? new Engine(needs);
  engines.set(key, engine);
  return engine;
}

/** Words for a run that did not end by itself. @type {Record<import("./engine.js").Ended, string>} */
export const ENDED = {
  finished: "",
  stopped: "You stopped it.",
  time: "It was stopped: it ran too long. Does a loop never end?",
  output: "It was stopped after 100,000 characters of output.",
  crash: "It broke the engine, perhaps by taking all memory. The next run starts afresh.",
};

/**
 * Let the place's button do `work` from now on, with progress and Stop; `clicked` does it at once.
 * @param {Place} place
 * @param {(engine: Engine, options: import("./engine.js").Options) => Promise<void>} work
 * @param {boolean} clicked
 */
export async function onStart({ button, note, needs }, work, clicked) {
  const stop = element("button", { type: "button", textContent: "Stop", hidden: true });
  const progress = element("progress", { hidden: true, "aria-label": "Download" });
  button.after(stop, progress);
  /** @type {AbortController | undefined} */
  let running;
  stop.addEventListener("click", () => running?.abort());

  const go = async () => {
    const abort = (running = new AbortController());
    const engine = engineFor(needs);
    button.disabled = true;
    stop.hidden = false;
    note.textContent = "starting…";
    try {
      await work(engine, {
        signal: abort.signal,
        onStarted() {
          progress.hidden = true;
          note.textContent = "running…";
          remember(needs);
        },
        onProgress(loaded, total) {
          progress.hidden = loaded >= total;
          Object.assign(progress, { max: total, value: loaded });
          note.textContent = loaded < total ? `${megabytes(loaded)} of ${megabytes(total)}` : "starting…";
        },
      });
      note.textContent = "";
    } catch (error) {
      const words = error instanceof Error ? error.message : String(error);
      note.textContent = abort.signal.aborted ? "Cancelled. Nothing was lost." : words;
    } finally {
      const away = document.activeElement === stop || document.activeElement === document.body;
      progress.hidden = stop.hidden = true;
      button.disabled = false;
      if (away) button.focus();
    }
  };
  button.addEventListener("click", go);
  if (clicked) await go();
}

/** So that the next page need not announce a download. @param {Need[]} needs */
function remember(needs) {
  /** @type {import("./page.js").Facts} */
  const facts = JSON.parse(document.getElementById("runner")?.textContent ?? "{}");
  const scope = `nexus ${new URL("../", import.meta.url).pathname}`;
  try {
    for (const need of needs) localStorage.setItem(`${scope} has ${need}`, String(facts.bytes[need]));
  } catch {
    // Storage is refused: then the packs were not kept either.
  }
}
