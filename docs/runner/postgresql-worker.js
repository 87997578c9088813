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
    });
    const { rows } = exchange("SHOW server_version");
    return { version: String(rows[0][0]).split(" ")[0] };
  };

  /** Run statements one by one; the answer holds each result, and the error of the one that failed. */
  engines.sql = ({ statements }) => {
    const started = performance.now();
    const results = [];
    for (const statement of statements) {
      const result = exchange(statement);
      results.push({ statement, ...result });
      if (result.error) break;
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
    /** @type {{ columns: { name: string, type: number }[], rows: (string | null)[][], tag: string, error?: Record<string, string>, notices: string[] }} */
    const answer = { columns: [], rows: [], tag: "", notices: [] };
    const parser = new Parser();
    /** @param {any} message */
    const read = (message) => {
      if (message.name === "rowDescription") {
        answer.rows = [];
        answer.columns = message.fields.map((/** @type {any} */ field) => ({ name: field.name, type: field.dataTypeID }));
      } else if (message.name === "dataRow") answer.rows.push(message.fields);
      else if (message.name === "commandComplete") answer.tag = message.text;
      else if (message.name === "notice") answer.notices.push(message.message);
      else if (message.name === "error") {
        const { message: text, code, detail, hint, position, constraint } = message;
        answer.error = { message: text, code, detail, hint, position, constraint };
      }
    };
    for (const message of messages) parser.parse(database.execProtocolRawSync(message), read);
    return answer;
  }

  // Python in the same worker talks to this database through here.
  Object.assign(globalThis, { exchange });
}
