// A place for code that a person typed: a frame without origin, network or storage, and in it one worker.

import { element } from "./element.js";

/**
 * The frame's only script. The frame inherits the site's policy, so build.py adds this text's hash to it.
 */
export const BOOTSTRAP = `let worker;
onmessage = ({ source, data }) => {
  if (source !== parent) return;
  if (data.scripts) {
    worker = new Worker(URL.createObjectURL(new Blob(data.scripts, { type: "text/javascript" })));
    worker.onmessage = (message) => parent.postMessage(message.data, "*");
    worker.onerror = (error) => parent.postMessage({ kind: "crash", text: error.message }, "*");
  } else worker.postMessage(data, data.packs ? Object.values(data.packs) : []);
};`;

const POLICY = "default-src 'none'; script-src 'unsafe-inline' 'wasm-unsafe-eval' blob:; worker-src blob:";

export class Sandbox {
  constructor() {
    /** @type {(text: string) => void} */
    this.onOutput = () => {};
    this.frame = element("iframe", {
      hidden: true,
      title: "Runs the code of this page",
      srcdoc: `<meta http-equiv="Content-Security-Policy" content="${POLICY}"><script>${BOOTSTRAP}</script>`,
    });
    this.frame.sandbox.add("allow-scripts");
    /** What it has been given. @type {Set<string>} */
    this.has = new Set();
    /** @type {Map<number, { resolve: (answer: any) => void, reject: (error: Error) => void }>} */
    this.asked = new Map();
    this.count = 0;
    /** @param {MessageEvent} event */
    this.hear = ({ source, data }) => {
      if (source === this.frame.contentWindow) this.receive(data);
    };
    addEventListener("message", this.hear);
    this.open = new Promise((resolve) => (this.frame.onload = resolve));
    document.body.append(this.frame);
  }

  /** Start the worker from classic scripts, in this order. @param {BlobPart[]} scripts */
  async start(scripts) {
    await this.open;
    this.frame.contentWindow?.postMessage({ scripts }, "*");
  }

  /**
   * Send a message to an engine and wait for its answer. Rejects when the engine crashes or the sandbox ends.
   * The bytes under `packs` move there and are gone here.
   * @param {string} kind
   * @param {Record<string, any>} message
   * @returns {Promise<any>}
   */
  ask(kind, message) {
    return new Promise((resolve, reject) => {
      const id = ++this.count;
      this.asked.set(id, { resolve, reject });
      this.frame.contentWindow?.postMessage({ ...message, kind, id }, "*", Object.values(message.packs ?? {}));
    });
  }

  /** @param {Message} message */
  receive({ kind, id, ...message }) {
    const asker = this.asked.get(id);
    this.asked.delete(id);
    if (kind === "output") this.onOutput(message.text);
    else if (kind === "answer") asker?.resolve(message);
    else if (asker) asker.reject(new Error(message.text));
    else this.end(message.text);
  }

  /** Remove the frame, and with it the worker, also one in an endless loop. @param {string} why */
  end(why) {
    removeEventListener("message", this.hear);
    this.frame.remove();
    for (const { reject } of this.asked.values()) reject(new Error(why));
    this.asked.clear();
  }
}
