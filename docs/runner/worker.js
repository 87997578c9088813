// The sandbox's worker: receives messages, hands each to its engine, and reports what goes wrong.

/** @type {Record<string, (message: any) => any>} */
const engines = {};

// Everything these engines need was sent in as bytes. What still asks for a URL gets a clear no.
globalThis.fetch = async () => {
  throw new TypeError("there is no network here");
};

globalThis.onmessage = async ({ data }) => {
  try {
    const answer = await engines[data.kind](data);
    postMessage({ ...answer, kind: "answer", id: data.id });
  } catch (error) {
    postMessage({ kind: "crash", id: data.id, text: error instanceof Error ? error.message : String(error) });
  }
};
