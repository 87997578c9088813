// Run a lesson's programs, tests and statements in the sandbox: one contract for Python and PostgreSQL.

import { load } from "./packs.js";
import { Sandbox } from "./sandbox.js";

/** @typedef {import("./packs.js").Progress} Progress */
/** @typedef {import("./page.js").Need} Need */
/** @typedef {"finished" | "stopped" | "time" | "output" | "crash"} Ended */
/** @typedef {{ ok: boolean, output: string, milliseconds: number, ended: Ended, [key: string]: any }} Result */
/** @typedef {{ seconds?: number, onStarted?: () => void, onOutput?: (text: string) => void, onProgress?: Progress, signal?: AbortSignal }} Options */

/** The packs that each need costs. @type {Record<Need, string[]>} */
export const PACKS = {
  python: ["python-runtime", "python-wasm", "python-stdlib"],
  pytest: ["pytest"],
  postgresql: ["postgresql-runtime", "postgresql-wasm", "postgresql-files", "postgresql-cluster"],
  shop: ["shop-worker", "django", "shop"],
};

const OUTPUT_LIMIT = 100_000;
const START_SECONDS = 90;

export class Engine {
  /** @param {Need[]} needs */
  constructor(needs) {
    this.needs = needs;
    /** Such as { python: "3.14", postgresql: "18.6" }, once started. @type {Record<string, string>} */
    this.versions = {};
    /** @type {Promise<Sandbox> | undefined} */
    this.starting = undefined;
    /** Sandboxes that have all of the standard library. @type {WeakSet<Sandbox>} */
    this.whole = new WeakSet();
    /** @type {Promise<unknown>} */
    this.busy = Promise.resolve();
    /** @type {(text: string) => void} */
    this.onOutput = () => {};
  }

  /** Such as "Python 3.14, PostgreSQL 18.6". */
  describe() {
    const names = { python: "Python", postgresql: "PostgreSQL" };
    return Object.entries(names)
      .filter(([need]) => this.versions[need])
      .map(([need, name]) => `${name} ${this.versions[need]}`)
      .join(", ");
  }

  /** Names of the packs to fetch. */
  get packs() {
    return this.needs.flatMap((need) => PACKS[need]);
  }

  /**
   * Fetch and start, or wait for the start under way. Rejects with words for the reader.
   * @param {{ onProgress?: Progress, signal?: AbortSignal }} [options]
   * @returns {Promise<Sandbox>}
   */
  ready(options = {}) {
    this.starting ??= this.start(options).catch((error) => {
      this.starting = undefined;
      throw error;
    });
    return this.starting;
  }

  /** @param {{ onProgress?: Progress, signal?: AbortSignal }} options */
  async start(options) {
    const packs = await load(this.packs, options);
    const runtimes = Object.keys(packs).filter((name) => name.endsWith("-runtime"));
    const own = ["worker.js", ...runtimes.map((name) => name.replace("-runtime", "-worker.js"))];
    const scripts = [...runtimes.map((name) => packs[name]), ...(await Promise.all(own.map(text)))];
    for (const name of runtimes) delete packs[name];
    const sandbox = new Sandbox((message) => {
      if (message.kind === "output") this.onOutput(message.text);
    });
    const late = setTimeout(() => sandbox.end(`It did not start within ${START_SECONDS} seconds.`), START_SECONDS * 1000);
    try {
      await sandbox.start(scripts.flatMap((script) => [script, "\n"]));
      for (const need of /** @type {Need[]} */ (["postgresql", "python"])) {
        if (!this.needs.includes(need)) continue;
        const own = Object.fromEntries(Object.entries(packs).filter(([name]) => name.startsWith(`${need}-`)));
        this.versions[need] = (await sandbox.ask(need, { packs: own, ...(need === "python" ? await helpers() : {}) })).version;
      }
      if (packs.pytest) await sandbox.ask("add", { packs: { pytest: packs.pytest } });
    } catch (error) {
      sandbox.end("");
      throw error;
    } finally {
      clearTimeout(late);
    }
    return sandbox;
  }

  /**
   * Run a program: `argv` as after `python` on a command line. Never throws for the learner's mistake; throws what
   * `ready` throws.
   * @param {Record<string, string>} files
   * @param {string[]} argv
   * @param {Options} [options]
   * @returns {Promise<Result>}
   */
  run(files, argv, options = {}) {
    return this.perform("run", { files, argv }, options);
  }

  /**
   * Grade files with pytest: `tests` names the test files among them. The result holds `tests`, each with its name,
   * outcome and message.
   * @param {Record<string, string>} files
   * @param {string[]} tests
   * @param {Options} [options]
   * @returns {Promise<Result>}
   */
  judge(files, tests, options = {}) {
    return this.perform("judge", { files, tests }, options);
  }

  /**
   * Run statements on PostgreSQL, one by one, up to the first that fails.
   * @param {string[]} statements
   * @param {Options} [options]
   * @returns {Promise<Result>}
   */
  sql(statements, options = {}) {
    return this.perform("sql", { statements }, options);
  }

  /**
   * One thing at a time: the worker has one thread, and the output must be of this run.
   * @param {string} kind
   * @param {Record<string, any>} message
   * @param {Options} options
   * @returns {Promise<Result>}
   */
  async perform(kind, message, { seconds = 20, onStarted = () => {}, onOutput = () => {}, onProgress, signal }) {
    const turn = this.busy;
    let release = () => {};
    this.busy = new Promise((resolve) => (release = () => resolve(undefined)));
    try {
      await turn;
      const sandbox = await this.ready({ onProgress, signal });
      if (signal?.aborted) throw new DOMException("cancelled", "AbortError");
      onStarted();
      return await this.limited(sandbox, kind, message, seconds, onOutput, signal);
    } finally {
      release();
    }
  }

  /**
   * Fetch the part of the standard library that programs rarely import; false where it is here already.
   * @param {Sandbox} sandbox
   */
  async fetchRest(sandbox) {
    if (this.whole.has(sandbox)) return false;
    this.whole.add(sandbox);
    await sandbox.ask("addRest", { packs: await load(["python-stdlib-rest"]) });
    return true;
  }

  /**
   * @param {Sandbox} sandbox
   * @param {string} kind
   * @param {Record<string, any>} message
   * @param {number} seconds
   * @param {(text: string) => void} onOutput
   * @param {AbortSignal | undefined} signal
   * @returns {Promise<Result>}
   */
  async limited(sandbox, kind, message, seconds, onOutput, signal) {
    const started = performance.now();
    let output = "";
    /** @type {Ended} */
    let ended = "crash";
    /** @param {Ended} why */
    const end = (why) => {
      ended = why;
      this.starting = undefined;
      sandbox.end(why);
    };
    const stop = () => end("stopped");
    const timer = setTimeout(() => end("time"), seconds * 1000);
    signal?.addEventListener("abort", stop);
    this.onOutput = (text) => {
      output = (output + text).slice(0, OUTPUT_LIMIT);
      onOutput(text);
      if (output.length >= OUTPUT_LIMIT) end("output");
    };
    try {
      let answer = await sandbox.ask(kind, message);
      if (answer.missing && (await this.fetchRest(sandbox))) {
        output = "";
        answer = await sandbox.ask(kind, message);
      }
      return { ok: true, ...answer, output, milliseconds: answer.milliseconds, ended: "finished" };
    } catch (error) {
      if (ended === "crash") {
        console.warn(error);
        end("crash");
      }
      return { ok: false, output, milliseconds: performance.now() - started, ended };
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", stop);
      this.onOutput = () => {};
    }
  }
}

/** @param {string} name */
async function text(name) {
  const answer = await fetch(new URL(name, import.meta.url));
  if (!answer.ok) throw new Error(`${name} answered ${answer.status}. Reload the page.`);
  return answer.text();
}

/** The Python that every program finds beside it. */
async function helpers() {
  const [program, servers] = await Promise.all(["program.py", "servers.py"].map(text));
  return { program, files: { "servers.py": servers } };
}
