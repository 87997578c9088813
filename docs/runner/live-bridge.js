// The live systems as a page sees them: run here or in another tab, started on request, asked, reset.

import { once } from "./host.js";
import { nameOf, relay, systemAt, toAsk, toResponse } from "./live-ask.js";
import { Owner } from "./live-owner.js";

const CONTROLLED_MILLISECONDS = 2000;

/** Fires `change` with its state, and `entry` with an `Entry` for each request that any tab has sent. */
class Live extends EventTarget {
  id = `${performance.timeOrigin} ${Math.random()}`;
  /** @type {"off" | "starting" | "here" | "elsewhere"} */
  state = "off";
  unsaved = false;
  /** @type {About | undefined} */
  about;
  /** @type {Owner | undefined} */
  owner;
  /** @type {Promise<unknown> | undefined} */
  ready;
  /** @type {Promise<void> | undefined} */
  starting;
  /** Requests of other tabs that were taken. @type {Set<number>} */
  taken = new Set();

  /** @param {string} system */
  constructor(system) {
    super();
    this.system = system;
    this.name = nameOf(system);
    this.channel = new BroadcastChannel(this.name);
    this.channel.onmessage = ({ data }) => this.hear(data);
    this.channel.postMessage({ kind: "hello" });
  }

  /** Run the system here, or use the one that runs in another tab. Rejects with words for the reader. @param {Options} options */
  start(options) {
    return (this.starting ??= this.begin(options).catch((error) => {
      this.starting = undefined;
      throw error;
    }));
  }

  /** @param {Options} options */
  async begin(options) {
    const connected = connect();
    const release = await lock(this.name, { ifAvailable: true });
    if (release) {
      await this.own(release, options);
    } else {
      this.change("elsewhere");
      this.channel.postMessage({ kind: "hello" });
      // When the other tab closes, this one goes on.
      lock(this.name, {}).then((mine) => mine && this.own(mine, {})).catch(() => (this.starting = undefined));
    }
    await connected;
    try {
      sessionStorage.setItem(this.name, "");
    } catch {
      // then the next page asks again
    }
  }

  /** @param {() => void} release @param {Options} options */
  async own(release, options) {
    this.owner = new Owner(this.system, () => {
      this.unsaved = true;
      this.change(this.state);
    });
    this.change("starting");
    const started = this.owner.start(options);
    this.ready = started.catch(() => {});
    try {
      this.about = await started;
      await connect(); // never "here" before its address answers
    } catch (error) {
      this.owner = undefined;
      this.change("off");
      release();
      throw error;
    }
    this.change("here");
    this.tell();
  }

  /** Answer a request in the tab that runs the system. @param {Ask} request @returns {Promise<Answer>} */
  async ask(request) {
    await this.ready;
    if (!this.owner) return relay(this.system, request);
    const answer = await this.owner.ask(request);
    const { status, milliseconds, sql } = answer;
    const entry = { method: request.method, path: request.path, status, milliseconds, sql };
    this.show(entry);
    this.channel.postMessage({ kind: "entry", entry });
    return answer;
  }

  /** Go back to the data that every reader begins with. */
  async reset() {
    if (this.owner) await this.owner.reset();
    else this.channel.postMessage({ kind: "reset" });
  }

  /** @param {any} data */
  async hear({ kind, id, request, entry, about }) {
    if (kind === "entry") this.show(entry);
    if (kind === "owner") {
      this.about = about;
      this.change("elsewhere");
    }
    if (!this.owner) return;
    if (kind === "hello" && this.state === "here") this.tell();
    if (kind === "reset") this.owner.reset();
    if (kind !== "ask" || this.taken.has(id)) return;
    this.taken.add(id);
    this.channel.postMessage({ kind: "taken", id, owner: this.id });
    this.channel.postMessage({ kind: "answer", id, answer: await this.ask(request) });
  }

  tell() {
    this.channel.postMessage({ kind: "owner", owner: this.id, about: this.about });
  }

  /** @param {Entry} entry */
  show(entry) {
    this.dispatchEvent(new CustomEvent("entry", { detail: entry }));
  }

  /** @param {Live["state"]} state */
  change(state) {
    this.state = state;
    this.dispatchEvent(new Event("change"));
  }
}

/** @type {Map<string, Live>} */
const systems = new Map();

/** The one of this page. @param {string} system */
export function live(system) {
  const found = systems.get(system) ?? new Live(system);
  systems.set(system, found);
  return found;
}

/**
 * What ends the hold of the lock, once it is ours; null where `ifAvailable` was asked and another tab has it.
 * @param {string} name
 * @param {LockOptions} options
 * @returns {Promise<(() => void) | null>}
 */
function lock(name, options) {
  // Without locks (plain http) there are no other tabs to agree with.
  if (!navigator.locks) return Promise.resolve(() => {});
  return new Promise((resolve, reject) => {
    const hold = () => new Promise((release) => resolve(() => release(undefined)));
    navigator.locks.request(name, options, (held) => (held ? hold() : resolve(null))).catch(reject);
  });
}

/** Let requests to a system's address reach it: by the service worker, or by this page's own `fetch` where that is refused. */
const connect = once(async () => {
  try {
    const worker = navigator.serviceWorker;
    await worker.register(new URL("../sw.js", import.meta.url), { type: "module" });
    if (worker.controller) return;
    await new Promise((resolve, reject) => {
      worker.addEventListener("controllerchange", resolve, { once: true });
      setTimeout(reject, CONTROLLED_MILLISECONDS);
    });
  } catch {
    answerIn(window);
    for (const frame of document.querySelectorAll("iframe")) answerIn(frame.contentWindow);
    document.addEventListener("load", ({ target }) => target instanceof HTMLIFrameElement && answerIn(target.contentWindow), true);
  }
});

/** @param {any} view a window */
function answerIn(view) {
  let network;
  try {
    network = view.fetch.bind(view);
  } catch {
    return; // a frame without origin is none of ours
  }
  view.fetch = async (/** @type {[RequestInfo, RequestInit?]} */ ...given) => {
    const request = new view.Request(...given);
    const system = systemAt(request.url);
    return system ? toResponse(await live(system).ask(await toAsk(request))) : network(...given);
  };
}
