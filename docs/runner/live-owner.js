// Run a live system in this tab: one worker, one request at a time, ended and started again when one hangs.

import { load, manifest } from "./packs.js";
import { liveAt, nameOf, problem } from "./live-ask.js";

/** The packs of a system, in three parts: each starts while the next is still on its way. @param {string} system */
export const partsOf = (system) => [["python-runtime", "live-worker"], ["python-wasm", "python-stdlib"], ["django", system]];

// Pyodide tries this out, and refuses to start in a classic worker that has it; it needs it for nothing.
const FIRST = "globalThis.importScripts = undefined;\n";
const LIMIT_SECONDS = 15;
const START_SECONDS = 90;
const SAVE_AFTER_MILLISECONDS = 300;

export class Owner {
  /** @type {Worker | undefined} */
  worker;
  /** What it goes on with after a restart; the key signs tokens. @type {{ database: Uint8Array, key: string } | undefined} */
  data;
  version = "";
  timer = 0;
  /** @type {Promise<unknown>} */
  busy = Promise.resolve();
  /** @type {(why: string) => void} */
  fail = () => {};

  /** @param {string} system @param {() => void} onUnsaved called when the disk takes nothing */
  constructor(system, onUnsaved) {
    this.system = system;
    this.onUnsaved = onUnsaved;
  }

  /** Fetch, start, and go on with the saved data. Rejects with words for the reader. @param {Options} [options] @returns {Promise<About>} */
  async start({ onProgress = () => {}, onStarted = () => {}, signal } = {}) {
    const packs = await manifest();
    const { system } = this;
    this.version = packs[system].sha256;
    const all = partsOf(system);
    const total = all.flat().reduce((sum, name) => sum + packs[name].wire, 0);
    const counts = all.map(() => 0);
    const ended = new AbortController();
    const either = AbortSignal.any(signal ? [signal, ended.signal] : [ended.signal]);
    const parts = all.map((names, place) => {
      const count = (/** @type {number} */ bytes) => {
        counts[place] = bytes;
        onProgress(counts.reduce((sum, each) => sum + each), total);
      };
      return load(names, { onProgress: count, signal: either });
    });
    parts.forEach((part) => part.catch(() => {})); // it is reported where it is waited for
    either.addEventListener("abort", () => this.end("cancelled"));
    try {
      const { "python-runtime": runtime, "live-worker": own } = await parts[0];
      this.worker = new Worker(URL.createObjectURL(new Blob([FIRST, runtime, "\n", own], { type: "text/javascript" })));
      const saved = this.data ?? this.saved();
      await this.post({ kind: "python", packs: await parts[1] }, START_SECONDS);
      this.data = await saved;
      const rest = Object.fromEntries(Object.entries(packs).map(([name, { url }]) => [name, new URL(url, import.meta.url).href]));
      const site = { system, origin: location.origin, prefix: liveAt(system).pathname, rest, packs: await parts[2] };
      const { database, ...about } = await this.post({ kind: "system", ...site, ...this.data }, START_SECONDS);
      this.keep(database);
      onStarted();
      return about;
    } catch (error) {
      ended.abort();
      throw error;
    }
  }

  /** Answer a request, after those that came before. @param {Ask} request @returns {Promise<Answer>} */
  ask(request) {
    return this.turn(async () => {
      try {
        const { database, ...answer } = await this.post({ kind: "request", ...request }, LIMIT_SECONDS);
        this.keep(database);
        return answer;
      } catch (error) {
        this.end("");
        await this.start();
        return problem(504, `It was ended: ${error instanceof Error ? error.message : error} Then the API was started again with its data.`);
      }
    });
  }

  /** Go back to the data that every reader begins with. */
  reset() {
    return this.turn(async () => this.keep((await this.post({ kind: "replace", database: new Uint8Array() }, LIMIT_SECONDS)).database));
  }

  /** @param {() => Promise<any>} work */
  turn(work) {
    const done = this.busy.then(work);
    this.busy = done.catch(() => {});
    return done;
  }

  /** Send one message to the worker and wait for its answer. @param {Record<string, any>} message @param {number} seconds @returns {Promise<any>} */
  post(message, seconds) {
    return new Promise((resolve, reject) => {
      const { worker } = this;
      if (!worker) throw new Error("The API is not running.");
      const late = setTimeout(() => this.end(`no answer within ${seconds} seconds.`), seconds * 1000);
      this.fail = (why) => {
        clearTimeout(late);
        reject(new Error(why));
      };
      worker.onerror = ({ message }) => this.end(message);
      worker.onmessage = ({ data: { answer, error } }) => {
        if (error !== undefined) return this.fail(error);
        clearTimeout(late);
        resolve(answer);
      };
      worker.postMessage(message, Object.values(message.packs ?? {}));
    });
  }

  /** End the worker, also one in an endless loop. @param {string} why */
  end(why) {
    this.worker?.terminate();
    this.worker = undefined;
    this.fail(why);
  }

  /** Refused in some private windows, and absent on plain http. */
  disk = async () => caches.open(nameOf(this.system));

  get place() {
    return `${liveAt(this.system)}.sqlite3`;
  }

  /** Keep the data for the next page and the next tab, soon. @param {Uint8Array<ArrayBuffer> | null} database */
  keep(database) {
    if (!database || !this.data) return;
    const { key } = (this.data = { ...this.data, database });
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      const headers = { "X-Version": this.version, "X-Key": key };
      this.disk().then((cache) => cache.put(this.place, new Response(database, { headers }))).catch(this.onUnsaved);
    }, SAVE_AFTER_MILLISECONDS);
  }

  /** What was kept, where it fits this version of the system; else the beginning. */
  async saved() {
    const kept = await this.disk().then((cache) => cache.match(this.place)).catch(() => undefined);
    if (kept?.headers.get("X-Version") === this.version) {
      return { database: new Uint8Array(await kept.arrayBuffer()), key: kept.headers.get("X-Key") ?? "" };
    }
    return { database: new Uint8Array(), key: [...crypto.getRandomValues(new Uint32Array(8))].join("-") };
  }
}
