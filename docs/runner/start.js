// What every button that runs something does: fetch with progress, start, stop, and say what went wrong.

import { button as make, element } from "./element.js";
import { engineFor } from "./engine.js";
import { kept, megabytes } from "./packs.js";
import { remember } from "./page.js";

/** Words for a run that did not end by itself. @type {Record<Ended, string>} */
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
 * @param {(engine: import("./engine.js").Engine, options: Options) => Promise<void>} work
 * @param {boolean} clicked
 */
export async function onStart({ button, note, needs: chosen }, work, clicked) {
  let running = new AbortController();
  const stop = make("Stop", () => running.abort());
  const progress = element("progress", { "aria-label": "Download" });
  progress.hidden = stop.hidden = true;
  button.after(stop, progress);

  const go = async () => {
    const { signal } = (running = new AbortController());
    const needs = [...chosen]; // the reader may choose anew meanwhile
    button.disabled = true;
    stop.hidden = false;
    note.textContent = "starting…";
    try {
      await work(engineFor(needs), {
        signal,
        environ: needs.includes("postgresql") ? { SHOP_ON_POSTGRESQL: "1" } : {},
        onStarted() {
          progress.hidden = true;
          note.textContent = "running…";
        },
        onProgress(loaded, total) {
          progress.hidden = loaded >= total;
          Object.assign(progress, { max: total, value: loaded });
          note.textContent = loaded < total ? `${megabytes(loaded)} of ${megabytes(total)}` : "starting…";
        },
      });
      const keeps = await kept();
      remember(needs, keeps);
      note.textContent = keeps ? "" : "Your browser could not keep the download: the next page loads it again.";
    } catch (error) {
      note.textContent = signal.aborted ? "Cancelled. Nothing was lost." : error instanceof Error ? error.message : String(error);
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
