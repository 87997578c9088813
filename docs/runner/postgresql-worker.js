// PostgreSQL in the sandbox's worker, from the bytes of PGlite that were sent in. Loaded after PGlite's own text.
/* global engines, PGliteModule */

{
  /** @type {any} */
  let database;

  /** @param {{ packs: Record<string, ArrayBuffer> }} message */
  engines.postgresql = async ({ packs }) => {
    database = await PGliteModule.PGlite.create({
      pgliteWasmModule: await WebAssembly.compile(packs["postgresql-wasm"]),
      initdbWasmModule: await WebAssembly.compile(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0)), // the cluster is made
      fsBundle: new Blob([packs["postgresql-files"]]),
      loadDataDir: new Blob([packs["postgresql-cluster"]]),
      // Of the 128 MB that it would take, each page is filled with zeros before the first statement.
      startParams: [...PGliteModule.PGlite.defaultStartParams, "-c", "shared_buffers=32MB"],
    });
    return { version: exchange("SHOW server_version").rows[0][0].split(" ")[0] };
  };

  /** Run statements one by one; the answer holds each result, and the error of the one that failed. */
  engines.sql = ({ statements }) => {
    const started = performance.now();
    const results = [];
    for (const statement of statements) {
      results.push({ statement, ...exchange(statement) });
      if (results.at(-1).error) break;
    }
    return { results, milliseconds: performance.now() - started };
  };

  /**
   * One statement and its answer, synchronously; values as PostgreSQL writes them, or null.
   * @param {string} statement
   * @param {(string | null)[]} [values]
   */
  function exchange(statement, values) {
    const { serialize, Parser } = PGliteModule.protocol;
    const messages = values
      ? [
          serialize.parse({ text: statement }),
          serialize.bind({ values }),
          serialize.describe({ type: "P" }),
          serialize.execute({}),
          serialize.sync(),
        ]
      : [serialize.query(statement)];
    /** @type {any} */
    const answer = { columns: [], rows: [], tag: "" };
    const parser = new Parser();
    /** @param {any} message */
    const read = ({ name, fields, text, message, code, detail, hint, position }) => {
      if (name === "rowDescription") {
        answer.rows = [];
        answer.columns = fields.map((/** @type {any} */ field) => ({ name: field.name, type: field.dataTypeID }));
      } else if (name === "dataRow") answer.rows.push(fields);
      else if (name === "commandComplete") answer.tag = text;
      else if (name === "error") answer.error = { message, code, detail, hint, position };
    };
    for (const message of messages) parser.parse(database.execProtocolRawSync(message), read);
    return answer;
  }

  // Python in the same worker talks to this database through here.
  Object.assign(globalThis, { exchange });
}
