// Fetch the runtime packs: priced beforehand, checked against their hashes, kept for the next visit.

import { get, once } from "./host.js";

const HERE = new URL("./", import.meta.url);
// Other sites of the same owner may share this origin, so the name carries our path.
const CACHE = `nexus ${HERE.pathname} packs`;

/** What can be fetched, by name. @type {() => Promise<Record<string, Pack>>} */
export const manifest = once(async () => (await (await get(new URL("packs/packs.json", HERE))).json()).packs);

// Refused in some private windows and on plain http: then every visit downloads.
const openCache = once(async () => ("caches" in globalThis ? caches.open(CACHE).catch(() => undefined) : undefined));

/** @type {Promise<unknown>[]} */
const keeping = [];
let room = true;

/** Whether the browser keeps all that was fetched: a full disk costs another download some day, not this run. */
export async function kept() {
  await Promise.all(keeping);
  return room;
}

/** Bytes over the wire that the named packs still cost this reader. @param {string[]} names */
export async function price(names) {
  const [packs, cache] = await Promise.all([manifest(), openCache()]);
  const here = await Promise.all(names.map((name) => cache?.match(new URL(packs[name].url, HERE))));
  return names.reduce((sum, name, place) => sum + (here[place] ? 0 : packs[name].wire), 0);
}

/**
 * The named packs, inflated. Throws what `fetch` throws when `signal` is aborted, and `Error` with words for the reader
 * when the network or the server lets us down; what arrived whole is kept for the next try.
 * @param {string[]} names
 * @param {Pick<Options, "onProgress" | "signal">} [options]
 * @returns {Promise<Record<string, ArrayBuffer>>}
 */
export async function load(names, { onProgress = () => {}, signal } = {}) {
  const packs = await manifest();
  const total = names.reduce((sum, name) => sum + packs[name].wire, 0);
  const counts = names.map(() => 0);
  // One that fails ends the others: their progress must not write over its words.
  const failed = new AbortController();
  const either = AbortSignal.any(signal ? [signal, failed.signal] : [failed.signal]);
  const arrivals = names.map(async (name, place) => {
    const bytes = await arrival(packs[name], either, (count) => {
      counts[place] = count;
      if (!either.aborted) onProgress(counts.reduce((sum, each) => sum + each), total);
    });
    return [name, bytes];
  });
  try {
    return Object.fromEntries(await Promise.all(arrivals));
  } catch (error) {
    failed.abort();
    throw error;
  }
}

/** @param {Pack} pack @param {AbortSignal} signal @param {(count: number) => void} onCount */
async function arrival(pack, signal, onCount) {
  const url = new URL(pack.url, HERE);
  const cache = await openCache();
  const here = await cache?.match(url);
  if (here) {
    onCount(pack.wire);
    return inflate(await here.arrayBuffer());
  }
  const bytes = await download(url, signal, onCount);
  const [intact, inflated] = await Promise.all([isIntact(bytes, pack), inflate(bytes).catch(() => undefined)]);
  if (!intact || !inflated) throw new Error(`${url.pathname} arrived damaged. Reload the page and try again.`);
  keeping.push(Promise.resolve(cache?.put(url, new Response(bytes))).catch(() => (room = false)));
  room &&= cache !== undefined;
  return inflated;
}

/** @param {URL} url @param {AbortSignal} signal @param {(count: number) => void} onCount */
async function download(url, signal, onCount) {
  let count = 0;
  const counter = new TransformStream({
    transform(/** @type {Uint8Array} */ part, out) {
      onCount((count += part.length));
      out.enqueue(part);
    },
  });
  try {
    const { body } = await get(url, signal);
    return await new Response(body?.pipeThrough(counter)).arrayBuffer();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new Error(`the network stopped after ${megabytes(count)}. Try again when you are online.`);
  }
}

/** @param {ArrayBuffer} bytes @param {Pack} pack */
async function isIntact(bytes, pack) {
  // Some servers undo the compression on the way; then the length tells, and the hash of the file cannot match.
  if (!crypto.subtle || (!isGzip(bytes) && bytes.byteLength === pack.bytes)) return true;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return pack.sha256 === Array.from(digest, (each) => each.toString(16).padStart(2, "0")).join("");
}

/** @param {ArrayBuffer} bytes */
async function inflate(bytes) {
  if (!isGzip(bytes)) return bytes;
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
}

/** @param {ArrayBuffer} bytes */
const isGzip = (bytes) => new DataView(bytes).getUint16(0) === 0x1f8b;

/** @param {number} count */
export const megabytes = (count) => `${(count / 1e6).toFixed(1)} MB`;
