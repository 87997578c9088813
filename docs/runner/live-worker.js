// Serve a system from Python, in a worker of the page. Loaded after Pyodide's own text, as one classic script with it.
/* global loadPyodide, _createPyodideModule, PYODIDE_LOCK */

{
  const NOWHERE = "https://nowhere.invalid/";
  /** @type {any} */
  let python;
  /** @type {any} */
  let live;

  /** @type {Record<string, (message: any) => any>} */
  const tasks = {
    /** Python alone, so that it can begin while the rest is still on its way. */
    async python({ packs }) {
      const parts = { "pyodide.asm.wasm": packs["python-wasm"], "python_stdlib.zip": packs["python-stdlib"] };
      globalThis.fetch = async (url) => {
        const name = /** @type {keyof typeof parts} */ (String(url).slice(NOWHERE.length));
        return new Response(parts[name], { headers: { "Content-Type": "application/wasm" } });
      };
      python = await loadPyodide({
        indexURL: NOWHERE,
        createPyodideModule: _createPyodideModule,
        lockFileContents: PYODIDE_LOCK,
        stdout: () => {},
      });
      return {};
    },

    system({ system, packs, rest, key, origin, prefix, database }) {
      const { path: places } = python.pyimport("sys");
      for (const name in packs) {
        python.FS.writeFile(`/lib/${name}.zip`, new Uint8Array(packs[name]));
        places.append(`/lib/${name}.zip`);
      }
      live = python.pyimport("live_system");
      /** @param {string} name */
      const fetchRest = (name) => python.toPy(read(rest[name]));
      return plain(live.start.callKwargs({ system, key, origin, prefix, database: python.toPy(database), fetch_rest: fetchRest }));
    },

    request({ method, path, headers, body }) {
      return plain(live.handle(method, path, python.toPy(headers), python.toPy(body)));
    },

    replace({ database }) {
      return plain(live.replace_database(python.toPy(database)));
    },
  };

  /** @param {any} proxy */
  function plain(proxy) {
    const value = proxy.toJs({ dict_converter: Object.fromEntries });
    proxy.destroy();
    return value;
  }

  /** Python imports in the middle of its work, and cannot wait as JavaScript does. @param {string} url */
  function read(url) {
    const request = new XMLHttpRequest();
    request.open("GET", url, false);
    request.responseType = "arraybuffer";
    request.send();
    if (request.status !== 200) throw new Error(`${url} answered ${request.status}`);
    return new Uint8Array(request.response);
  }

  globalThis.onmessage = async ({ data }) => {
    try {
      const answer = await tasks[data.kind](data);
      const transfer = [answer.body, answer.database].flatMap((bytes) => (bytes ? [bytes.buffer] : []));
      postMessage({ answer }, { transfer });
    } catch (error) {
      postMessage({ error: error instanceof Error ? error.message : String(error) });
    }
  };
}
