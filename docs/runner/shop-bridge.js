// The live shop as a page sees it: run here or in another tab, started on request, asked, reset.

import { LIVE, NAME, relay, toAsk, toResponse } from "./shop-ask.js";
import { Owner } from "./shop-owner.js";

/** @typedef {import("./shop-ask.js").Ask} Ask */
/** @typedef {import("./shop-ask.js").Answer} Answer */
/** @typedef {import("./engine.js").Options} Options */
/** @typedef {{ method: string, path: string, status: number, milliseconds: number, sql: [string, number][] }} Entry */

const CONTROLLED_MILLISECONDS = 2000;

/** @typedef {"off" | "starting" | "here" | "elsewhere"} State */
/** Fires `change` with its state, and `entry` with an `Entry` for each request that any tab has sent. */
class Shop extends EventTarget {
  constructor() {
    super();
    this.id = `${performance.timeOrigin} ${Math.random()}`;
    /** @type {State} */
    this.state = "off";
    this.unsaved = false;
    /** @type {import("./shop-owner.js").About | undefined} */
    this.about = undefined;
    /** @type {Owner | undefined} */
    this.owner = undefined;
    /** @type {Promise<unknown>} */
    this.ready = Promise.resolve();
    /** @type {Promise<void> | undefined} */
    this.starting = undefined;
    /** @type {Promise<void> | undefined} */
    this.connected = undefined;
    /** Requests of other tabs that were taken. @type {Set<string>} */
    this.taken = new Set();
    this.channel = new BroadcastChannel(NAME);
    this.channel.onmessage = ({ data }) => this.hear(data);
    this.channel.postMessage({ kind: "hello" });
  }

  /**
   * Run the shop here, or use the one that runs in another tab. Rejects with words for the reader.
   * @param {Options} [options]
   * @returns {Promise<void>}
   */
  start(options = {}) {
    this.starting ??= this.begin(options).catch((error) => {
      this.starting = undefined;
      throw error;
    });
    return this.starting;
  }

  /** @param {Options} options */
  async begin(options) {
    this.connected ??= connect((request) => this.ask(request));
    const release = await lock({ ifAvailable: true });
    if (release) {
      await this.own(release, options);
    } else {
      this.change("elsewhere");
      this.channel.postMessage({ kind: "hello" });
      // When the other tab closes, this one goes on.
      lock({}).then((mine) => mine && this.own(mine, {})).catch(() => (this.starting = undefined));
    }
    await this.connected;
    try {
      sessionStorage.setItem(NAME, "");
    } catch {
      // then the next page asks again
    }
  }

  /**
   * @param {() => void} release
   * @param {Options} options
   */
  async own(release, options) {
    this.owner = new Owner(() => {
      this.unsaved = true;
      this.change(this.state);
    });
    this.change("starting");
    const started = this.owner.start(options);
    this.ready = started.catch(() => {});
    try {
      this.about = await started;
      await this.connected; // never "here" before its address answers
    } catch (error) {
      this.owner = undefined;
      this.change("off");
      release();
      throw error;
    }
    this.change("here");
    this.tell();
  }

  /**
   * Answer a request in the tab that runs the shop.
   * @param {Ask} request
   * @returns {Promise<Answer>}
   */
  async ask(request) {
    await this.ready;
    if (!this.owner) return relay(request);
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
  async hear(data) {
    if (data.kind === "entry") this.show(data.entry);
    if (data.kind === "owner") {
      this.about = data.about;
      this.change("elsewhere");
    }
    if (!this.owner) return;
    if (data.kind === "hello" && this.state === "here") this.tell();
    if (data.kind === "reset") this.owner.reset();
    if (data.kind === "ask") {
      this.channel.postMessage({ kind: "taken", id: data.id, owner: this.id });
      if (this.taken.has(data.id)) return;
      this.taken.add(data.id);
      this.channel.postMessage({ kind: "answer", id: data.id, answer: await this.ask(data.request) });
    }
  }

  tell() {
    this.channel.postMessage({ kind: "owner", owner: this.id, about: this.about });
  }

  /** @param {Entry} entry */
  show(entry) {
    this.dispatchEvent(new CustomEvent("entry", { detail: entry }));
  }

  /** @param {State} state */
  change(state) {
    this.state = state;
    this.dispatchEvent(new Event("change"));
  }
}

export const shop = new Shop();

/**
 * What ends the hold of the lock, once it is ours; null where `ifAvailable` was asked and another tab has it.
 * @param {LockOptions} options
 * @returns {Promise<(() => void) | null>}
 */
function lock(options) {
  // Without locks (plain http) there are no other tabs to agree with.
  if (!navigator.locks) return Promise.resolve(() => {});
  return new Promise((resolve, reject) => {
    const hold = () => new Promise((release) => resolve(() => release(undefined)));
    navigator.locks.request(NAME, options, (held) => (held ? hold() : resolve(null))).catch(reject);
  });
}

/**
 * Let requests to the shop's address reach it: by the service worker, or by this page's own `fetch` where that is refused.
 * @param {(request: Ask) => Promise<Answer>} ask
 */
async function connect(ask) {
  try {
    const worker = navigator.serviceWorker;
    await worker.register(new URL("../sw.js", import.meta.url), { type: "module" });
    if (worker.controller) return;
    await new Promise((resolve, reject) => {
      worker.addEventListener("controllerchange", resolve, { once: true });
      setTimeout(reject, CONTROLLED_MILLISECONDS);
    });
  } catch {
    const override = (/** @type {any} */ view) => answerIn(view, ask);
    override(window);
    for (const frame of document.querySelectorAll("iframe")) override(frame.contentWindow);
    document.addEventListener("load", ({ target }) => target instanceof HTMLIFrameElement && override(target.contentWindow), true);
  }
}

/**
 * @param {any} view a window
 * @param {(request: Ask) => Promise<Answer>} ask
 */
function answerIn(view, ask) {
  let network;
  try {
    network = view.fetch.bind(view);
  } catch {
    return; // a frame without origin is none of ours
  }
  view.fetch = async (/** @type {[RequestInfo, RequestInit?]} */ ...given) => {
    const request = new view.Request(...given);
    return request.url.startsWith(`${LIVE}/`) ? toResponse(await ask(await toAsk(request))) : network(...given);
  };
}
