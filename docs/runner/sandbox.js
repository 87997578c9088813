// A place for code that a person typed: a frame without origin, network or storage, and in it one worker.

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

/** @typedef {{ kind: string, [key: string]: any }} Message */
/** What the worker says that is no answer: `output` of the program, or a `crash` of the engine. */
/** @typedef {(message: Message) => void} Listener */

export class Sandbox {
  /** @param {Listener} listener */
  constructor(listener) {
    this.frame = document.createElement("iframe");
    this.frame.sandbox.add("allow-scripts");
    this.frame.hidden = true;
    this.frame.title = "Runs the code of this page";
    this.frame.srcdoc = `<meta http-equiv="Content-Security-Policy" content="${POLICY}"><script>${BOOTSTRAP}</script>`;
    /** @type {Map<number, { resolve: (answer: Message) => void, reject: (error: Error) => void }>} */
    this.asked = new Map();
    this.listener = listener;
    this.count = 0;
    /** @param {MessageEvent} event */
    this.hear = (event) => {
      if (event.source === this.frame.contentWindow) this.receive(event.data);
    };
  }

  /**
   * Start the worker from classic scripts, in this order.
   * @param {BlobPart[]} scripts
   */
  async start(scripts) {
    addEventListener("message", this.hear);
    const loaded = new Promise((resolve) => this.frame.addEventListener("load", resolve, { once: true }));
    document.body.append(this.frame);
    await loaded;
    this.frame.contentWindow?.postMessage({ scripts }, "*");
  }

  /**
   * Send a message to an engine and wait for its answer. Rejects when the engine crashes or the sandbox ends.
   * The bytes under `packs` move there and are gone here.
   * @param {string} kind
   * @param {Record<string, any>} message
   * @returns {Promise<Message>}
   */
  ask(kind, message) {
    const id = ++this.count;
    return new Promise((resolve, reject) => {
      this.asked.set(id, { resolve, reject });
      const transfer = message.packs ? Object.values(message.packs) : [];
      this.frame.contentWindow?.postMessage({ ...message, kind, id }, "*", transfer);
    });
  }

  /** @param {Message} message */
  receive(message) {
    const asker = this.asked.get(message.id);
    this.asked.delete(message.id);
    if (message.kind === "answer") asker?.resolve(message);
    else if (message.kind === "crash" && asker) asker.reject(new Error(message.text));
    else if (message.kind === "crash") this.end(message.text);
    else this.listener(message);
  }

  /**
   * Remove the frame, and with it the worker, also one in an endless loop.
   * @param {string} why
   */
  end(why) {
    removeEventListener("message", this.hear);
    this.frame.remove();
    for (const { reject } of this.asked.values()) reject(new Error(why));
    this.asked.clear();
  }
}
