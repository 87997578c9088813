// Hold back the search index and its worker until the reader searches. Runs before Material's bundle.

(() => {
  const config = JSON.parse(document.getElementById("__config")?.textContent ?? "{}");
  const field = document.forms.namedItem("search")?.elements.namedItem("query");
  if (!(field instanceof HTMLInputElement) || !config.search) return;
  const index = new URL("search/search_index.json", new URL(config.base, location.href)).href;
  const script = new URL(config.search, location.href).href;

  /** Stands for the search worker, and starts it with the first message that the bundle sends to it. */
  class LateWorker extends EventTarget {
    /** @type {Worker | undefined} */
    #worker;

    /** @param {unknown} message */
    postMessage(message) {
      this.#worker ??= this.#start();
      this.#worker.postMessage(message);
    }

    #start() {
      const worker = new RealWorker(script);
      worker.addEventListener("message", ({ data }) => this.dispatchEvent(new MessageEvent("message", { data })));
      worker.addEventListener("error", () => say("Search could not start. Reload the page to try again."));
      return worker;
    }

    terminate() {
      this.#worker?.terminate();
    }
  }

  const RealWorker = window.Worker;
  window.Worker = new Proxy(RealWorker, {
    construct(Target, [url, ...options]) {
      return new URL(url, location.href).href === script ? new LateWorker() : new Target(url, ...options);
    },
  });

  // The bundle asks once for the index, and never again after an error: so it waits here for an answer that is good.
  /** @type {XMLHttpRequest | undefined} */
  let waiting;
  const { open, send } = XMLHttpRequest.prototype;
  XMLHttpRequest.prototype.open = function (/** @type {any[]} */ ...request) {
    if (new URL(request[1], location.href).href === index) waiting = this;
    return Reflect.apply(open, this, request);
  };
  XMLHttpRequest.prototype.send = function (/** @type {XMLHttpRequestBodyInit | null | undefined} */ body) {
    if (this !== waiting) send.call(this, body);
    else if (wanted) fetchIndex();
  };

  let wanted = false;
  let fetching = false;

  async function fetchIndex() {
    if (!waiting || fetching) return;
    fetching = true;
    try {
      const answer = await fetch(index);
      if (!answer.ok) throw new Error(`${answer.status}`);
      Object.defineProperties(waiting, { status: { value: 200 }, response: { value: await answer.blob() } });
      waiting.dispatchEvent(new Event("load"));
      waiting = undefined;
    } catch {
      say("The search index could not be loaded: you may be offline. Type again to retry.");
    } finally {
      fetching = false;
    }
  }

  /** @param {string} words */
  function say(words) {
    const place = document.querySelector(".md-search-result__meta");
    if (place) place.textContent = words;
  }

  function want() {
    wanted = true;
    fetchIndex();
  }

  // Every way into search ends in the field: a click, the keys / f s, and ?q= in the address.
  field.addEventListener("focus", want);
  field.addEventListener("input", want);
  if (document.activeElement === field) want();
})();
