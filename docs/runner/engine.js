// Run a lesson's programs, tests and statements in a sandbox: one contract for Python and PostgreSQL.

import { get } from "./host.js";
import { load } from "./packs.js";
import { Sandbox } from "./sandbox.js";

/** The packs of each need. @type {Record<string, string[]>} */
const PACKS = {
  postgresql: ["postgresql-runtime", "postgresql-wasm", "postgresql-files", "postgresql-cluster"],
  python: ["python-runtime", "python-wasm", "python-stdlib"],
  pytest: ["pytest"],
  django: ["django", "shop", "shop-lab"],
  "django-rest": ["django-rest"],
  rest: ["python-stdlib-rest"], // what programs rarely import of the standard library
};
const OUTPUT_LIMIT = 100_000;
const START_SECONDS = 90;

/** @type {Engine[]} */
const engines = [];

/** One that runs already, of those with all of these needs; else a new one. pytest can join each. @param {Need[]} needs */
export function engineFor(needs) {
  const runtimes = needs.filter((need) => need !== "pytest");
  const same = engines.find((engine) => String(engine.runtimes) === String(runtimes));
  const more = engines.find((engine) => runtimes.every((need) => engine.sandbox?.has.has(need)));
  const found = more ?? same ?? new Engine(runtimes);
  if (found !== more && found !== same) engines.push(found);
  return found;
}

export class Engine {
  /** @param {Need[]} runtimes */
  constructor(runtimes) {
    this.runtimes = runtimes;
    /** Such as { python: "3.14", postgresql: "18.6" }, once started. @type {Record<string, string>} */
    this.versions = {};
    /** @type {Sandbox | undefined} */
    this.sandbox = undefined;
    /** @type {Promise<unknown>} */
    this.busy = Promise.resolve();
  }

  /** Such as "Python 3.14, PostgreSQL 18.6". */
  describe() {
    const names = Object.entries({ python: "Python", postgresql: "PostgreSQL" });
    return names.flatMap(([need, name]) => this.versions[need] ? `${name} ${this.versions[need]}` : []).join(", ");
  }

  /**
   * Run a program: `argv` as after `python` on a command line. Never throws for the learner's mistake; throws words for
   * the reader where it cannot start.
   * @param {Record<string, string>} files
   * @param {string[]} argv
   * @param {Options} [options]
   */
  run = (files, argv, options) => this.perform("run", { files, argv, environ: options?.environ }, this.runtimes, options);

  /**
   * Grade files with pytest: `tests` names the test files among them. The result's `tests` are of the type `Test`.
   * @param {Record<string, string>} files
   * @param {string[]} tests
   * @param {Options} [options]
   */
  judge = (files, tests, options) => this.perform("judge", { files, tests, environ: options?.environ }, [...this.runtimes, "pytest"], options);

  /**
   * Run statements on PostgreSQL, one by one, up to the first that fails. The result's `results` are of the type `Rows`.
   * @param {string[]} statements
   * @param {Options} [options]
   */
  sql = (statements, options) => this.perform("sql", { statements }, this.runtimes, options);

  /**
   * One thing at a time: the worker has one thread, and the output must be of this run.
   * @param {string} kind
   * @param {Record<string, any>} message
   * @param {string[]} needs
   * @param {Options} [options]
   */
  perform(kind, message, needs, options = {}) {
    const done = this.busy.then(async () => {
      const sandbox = await this.ready(needs, options);
      options.signal?.throwIfAborted();
      options.onStarted?.();
      return this.limited(sandbox, kind, message, options);
    });
    this.busy = done.catch(() => {});
    return done;
  }

  /**
   * Fetch and start what of `needs` does not run yet.
   * @param {string[]} needs
   * @param {Pick<Options, "onProgress" | "signal">} [options]
   */
  async ready(needs, options) {
    const running = this.sandbox?.frame.isConnected ? this.sandbox : undefined;
    const missing = Object.keys(PACKS).filter((need) => needs.includes(need) && !running?.has.has(need));
    if (running && !missing.length) return running;
    const runtimes = missing.filter((need) => PACKS[need].includes(`${need}-runtime`));
    const own = running ? [] : ["worker.js", ...runtimes.map((need) => `${need}-worker.js`)];
    const sandbox = (this.sandbox = running ?? new Sandbox());
    let late = 0;
    try {
      // Its frame and our own texts arrive while the packs are on their way.
      const [packs, beside, ...texts] = await Promise.all([
        load(missing.flatMap((need) => PACKS[need]), options),
        missing.includes("python") ? helpers() : {},
        ...own.map(text),
      ]);
      late = setTimeout(() => sandbox.end(`It did not start within ${START_SECONDS} seconds.`), START_SECONDS * 1000);
      const scripts = [...runtimes.map((need) => packs[`${need}-runtime`]), ...texts];
      if (!running) await sandbox.start(scripts.flatMap((script) => [script, "\n"]));
      for (const need of missing) {
        const names = PACKS[need].filter((name) => name !== `${need}-runtime`);
        const message = { packs: Object.fromEntries(names.map((name) => [name, packs[name]])), ...beside };
        this.versions[need] = (await sandbox.ask(need, message)).version;
        sandbox.has.add(need);
      }
    } catch (error) {
      if (!running) sandbox.end("");
      throw error;
    } finally {
      clearTimeout(late);
    }
    return sandbox;
  }

  /**
   * @param {Sandbox} sandbox
   * @param {string} kind
   * @param {Record<string, any>} message
   * @param {Options} options
   * @returns {Promise<Result>}
   */
  async limited(sandbox, kind, message, { seconds = 20, onOutput = () => {}, signal }) {
    const started = performance.now();
    let output = "";
    /** @type {Ended} */
    let ended = "crash";
    /** @param {Ended} why */
    const end = (why) => {
      ended = why;
      sandbox.end(why);
    };
    const stop = () => end("stopped");
    const timer = setTimeout(() => end("time"), seconds * 1000);
    signal?.addEventListener("abort", stop);
    sandbox.onOutput = (text) => {
      output = (output + text).slice(0, OUTPUT_LIMIT);
      onOutput(text);
      if (output.length >= OUTPUT_LIMIT) end("output");
    };
    try {
      let answer = await sandbox.ask(kind, message);
      if (answer.missing && !sandbox.has.has("rest")) {
        await this.ready([...sandbox.has, "rest", sandbox.has.has("django") ? "django-rest" : ""]);
        output = "";
        answer = await sandbox.ask(kind, message);
      }
      return { ok: true, ...answer, output, ended: "finished" };
    } catch (error) {
      if (ended === "crash") console.warn(error);
      sandbox.end("");
      return { ok: false, output, milliseconds: performance.now() - started, ended };
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", stop);
    }
  }
}

/** @param {string} name */
const text = async (name) => (await get(new URL(name, import.meta.url))).text();

/** The Python that every program finds beside it. */
async function helpers() {
  const [program, servers] = await Promise.all(["program.py", "servers.py"].map(text));
  return { program, files: { "servers.py": servers } };
}
