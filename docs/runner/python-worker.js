// Python in the sandbox's worker, from the bytes of Pyodide that were sent in. Loaded after Pyodide's own text.
/* global engines, loadPyodide, _createPyodideModule, PYODIDE_LOCK */

{
  const NOWHERE = "https://nowhere.invalid/";
  const POST_EVERY_MILLISECONDS = 40;
  /** @type {any} */
  let python;

  /** @param {{ packs: Record<string, ArrayBuffer>, program: string, files: Record<string, string> }} message */
  engines.python = async ({ packs, program, files }) => {
    const parts = { "pyodide.asm.wasm": packs["python-wasm"], "python_stdlib.zip": packs["python-stdlib"] };
    const closed = globalThis.fetch;
    globalThis.fetch = async (url) => {
      const name = /** @type {keyof typeof parts} */ (String(url).slice(NOWHERE.length));
      return new Response(parts[name], { headers: { "Content-Type": "application/wasm" } });
    };
    python = await loadPyodide({
      indexURL: NOWHERE,
      createPyodideModule: _createPyodideModule,
      lockFileContents: PYODIDE_LOCK,
    });
    globalThis.fetch = closed;
    for (const [name, text] of Object.entries(files)) python.FS.writeFile(`/lib/${name}`, text);
    python.runPython('import sys; sys.path.append("/lib")');
    python.runPython(program);
    return { version: python.runPython('"{}.{}".format(*sys.version_info)') };
  };

  /** @param {{ packs: Record<string, ArrayBuffer> }} message */
  engines.pytest = ({ packs }) => {
    for (const [name, bytes] of Object.entries(packs)) {
      python.FS.writeFile(`/lib/${name}.zip`, new Uint8Array(bytes));
      python.runPython(`sys.path.append("/lib/${name}.zip"); importlib.invalidate_caches()`);
    }
  };
  engines.django = engines["django-rest"] = engines.pytest;

  /** The rest of the standard library goes into the archive that Python has open, so that packages stay whole. */
  engines.rest = ({ packs }) => {
    python.FS.writeFile("/tmp/rest.zip", new Uint8Array(packs["python-stdlib-rest"]));
    python.globals.get("merge_archive")("/tmp/rest.zip", "/lib/python314.zip");
  };

  engines.run = (message) => call("run_program", message);

  engines.judge = (message) => call("judge", message);

  /** @param {string} name @param {Record<string, any>} message */
  function call(name, message) {
    const started = performance.now();
    const flush = capture();
    const inputs = python.toPy(message);
    const outcome = python.globals.get(name)(inputs).toJs({ dict_converter: Object.fromEntries });
    inputs.destroy();
    flush();
    return { ...outcome, milliseconds: performance.now() - started };
  }

  /** Send what is printed to the page, in lumps: a program that floods would drown the page otherwise. */
  function capture() {
    const decoder = new TextDecoder();
    let lump = "";
    let sent = performance.now();
    const flush = () => {
      if (lump) postMessage({ kind: "output", text: lump });
      lump = "";
      sent = performance.now();
    };
    /** @param {Uint8Array} bytes */
    const write = (bytes) => {
      lump += decoder.decode(bytes, { stream: true });
      if (performance.now() - sent > POST_EVERY_MILLISECONDS || lump.length > 8192) flush();
      return bytes.length;
    };
    python.setStdout({ write });
    python.setStderr({ write });
    return flush;
  }
}
