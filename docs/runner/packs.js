// Fetch the runtime packs: priced beforehand, checked against their hashes, kept for the next visit.

/** @typedef {{ url: string, sha256: string, wire: number, bytes: number }} Pack */
/** @typedef {(loaded: number, total: number) => void} Progress */

const HERE = new URL("./", import.meta.url);
// Other sites of the same owner may share this origin, so the name carries our path.
const CACHE = `nexus ${HERE.pathname} packs`;

/** @type {Promise<Record<string, Pack>> | undefined} */
let known;

/**
 * What can be fetched, by name.
 * @returns {Promise<Record<string, Pack>>}
 */
export function manifest() {
  known ??= fetch(new URL("packs/packs.json", HERE)).then(
    (answer) => {
      if (answer.ok) return answer.json().then((listing) => listing.packs);
      throw new Error(`the list of downloads answered ${answer.status}`);
    },
  ).catch((error) => {
    known = undefined;
    throw error;
  });
  return known;
}

/**
 * Bytes over the wire that the named packs still cost this reader.
 * @param {string[]} names
 * @returns {Promise<number>}
 */
export async function price(names) {
  const packs = await manifest();
  const kept = await openCache();
  let total = 0;
  for (const name of names) {
    if (!(await kept?.match(new URL(packs[name].url, HERE)))) total += packs[name].wire;
  }
  return total;
}

/**
 * The named packs, inflated. Throws `AbortError` when `signal` is aborted and `Error` with words for the reader when
 * the network, the server or the disk lets us down; what arrived whole is kept for the next try.
 * @param {string[]} names
 * @param {{ onProgress?: Progress, signal?: AbortSignal }} [options]
 * @returns {Promise<Record<string, ArrayBuffer>>}
 */
export async function load(names, { onProgress = () => {}, signal } = {}) {
  const packs = await manifest();
  const total = names.reduce((sum, name) => sum + packs[name].wire, 0);
  const loaded = new Map(names.map((name) => [name, 0]));
  // One that fails ends the others: their progress must not write over its words.
  const failed = new AbortController();
  const either = signal ? AbortSignal.any([signal, failed.signal]) : failed.signal;
  try {
    const inflated = await Promise.all(
      names.map(async (name) => {
        const bytes = await fetchPack(packs[name], either, (count) => {
          loaded.set(name, count);
          if (!either.aborted) onProgress([...loaded.values()].reduce((sum, each) => sum + each, 0), total);
        });
        return [name, await inflate(bytes)];
      }),
    );
    return Object.fromEntries(inflated);
  } catch (error) {
    failed.abort();
    throw error;
  }
}

/**
 * @param {Pack} pack
 * @param {AbortSignal} signal
 * @param {(count: number) => void} onCount
 * @returns {Promise<Uint8Array>}
 */
async function fetchPack(pack, signal, onCount) {
  const url = new URL(pack.url, HERE);
  const cache = await openCache();
  const kept = await cache?.match(url);
  if (kept) {
    onCount(pack.wire);
    return new Uint8Array(await kept.arrayBuffer());
  }
  const bytes = await download(url, signal, onCount);
  await verify(bytes, pack, url);
  // A full disk costs the reader a second download some day, not this run.
  await cache?.put(url, new Response(bytes)).catch(() => {});
  return bytes;
}

/**
 * @param {URL} url
 * @param {AbortSignal} signal
 * @param {(count: number) => void} onCount
 * @returns {Promise<Uint8Array<ArrayBuffer>>}
 */
async function download(url, signal, onCount) {
  let answer;
  /** @type {Uint8Array[]} */
  const parts = [];
  let count = 0;
  try {
    answer = await fetch(url, { signal });
    if (!answer.ok || !answer.body) throw new Error(`the server answered ${answer.status} for ${url.pathname}`);
    const reader = answer.body.getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      parts.push(part.value);
      count += part.value.length;
      onCount(count);
    }
  } catch (error) {
    if (signal.aborted) throw new DOMException("cancelled", "AbortError");
    if (error instanceof TypeError) {
      throw new Error(`the network stopped after ${megabytes(count)}. Try again when you are online.`);
    }
    throw error;
  }
  const whole = new Uint8Array(count);
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

/**
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @param {Pack} pack
 * @param {URL} url
 */
async function verify(bytes, pack, url) {
  // Some servers undo the compression on the way; then the length tells, and the hash of the file cannot match.
  if (!isGzip(bytes) && bytes.length === pack.bytes) return;
  if (!crypto.subtle) return;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const hex = [...digest].map((each) => each.toString(16).padStart(2, "0")).join("");
  if (hex !== pack.sha256) throw new Error(`${url.pathname} arrived damaged. Reload the page and try again.`);
}

/**
 * @param {Uint8Array} bytes
 * @returns {Promise<ArrayBuffer>}
 */
async function inflate(bytes) {
  if (!isGzip(bytes)) return /** @type {ArrayBuffer} */ (bytes.buffer);
  const stream = new Blob([/** @type {BlobPart} */ (bytes)]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
}

/** @param {Uint8Array} bytes */
function isGzip(bytes) {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** @returns {Promise<Cache | undefined>} */
async function openCache() {
  // Refused in some private windows and on plain http: then every visit downloads.
  return "caches" in globalThis ? caches.open(CACHE).catch(() => undefined) : undefined;
}

/** @param {number} count */
export function megabytes(count) {
  return `${(count / 1e6).toFixed(1)} MB`;
}
