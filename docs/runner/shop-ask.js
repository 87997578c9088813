// Ask the tab that runs the live shop, from anywhere on the site: another tab, or the service worker.

/** `path` begins under the shop's address, with its query. */
/** @typedef {{ method: string, path: string, headers: Record<string, string>, body: Uint8Array }} Ask */
/** `sql`: each statement with its milliseconds. */
/** @typedef {{ status: number, headers: Record<string, string>, body: Uint8Array, sql: [string, number][], milliseconds: number }} Answer */

const SITE = new URL("../", import.meta.url);
/** Where the shop answers, without a slash at the end. */
export const LIVE = new URL("live/shop", SITE);
/** Of the lock that the running tab holds, and of the channel. Other sites of the same owner may share this origin. */
export const NAME = `nexus ${SITE.pathname} shop`;

const AGAIN_MILLISECONDS = 250;
const channel = new BroadcastChannel(NAME);
const TITLES = /** @type {Record<number, string>} */ ({ 503: "The API is not running", 504: "The request was ended" });

/** Whether a tab runs the shop, or is about to. */
export async function running() {
  const { held = [], pending = [] } = await navigator.locks.query();
  return [...held, ...pending].some((lock) => lock.name === NAME);
}

/**
 * Ask until a tab takes the request, then wait for its answer for as long as that tab lives.
 * @param {Ask} request
 * @returns {Promise<Answer>}
 */
export async function relay(request) {
  const id = crypto.randomUUID();
  let taker = "";
  const ended = new AbortController();
  let timer;
  try {
    return await new Promise((resolve) => {
      const hear = (/** @type {MessageEvent} */ { data }) => {
        if (data.kind === "taken" && data.id === id) taker = data.owner;
        if (data.kind === "answer" && data.id === id) resolve(data.answer);
        if (data.kind !== "owner" || !taker || data.owner === taker) return;
        // Its tab was closed meanwhile. Whether that one had done the work is not known: only what reads is asked again.
        if (["GET", "HEAD"].includes(request.method)) taker = "";
        else resolve(problem(503, "Its tab was closed meanwhile. See what was done, then ask again."));
      };
      const ask = () => taker || channel.postMessage({ kind: "ask", id, request });
      channel.addEventListener("message", hear, { signal: ended.signal });
      timer = setInterval(async () => {
        if (await running()) ask();
        else resolve(problem(503, "Press “Start the API” on a page of this site, then ask again."));
      }, AGAIN_MILLISECONDS);
      ask();
    });
  } finally {
    clearInterval(timer);
    ended.abort();
  }
}

/**
 * @param {Request} request
 * @returns {Promise<Ask>}
 */
export async function toAsk(request) {
  const path = request.url.slice(LIVE.href.length).split("#")[0];
  const body = request.method === "GET" ? new Uint8Array() : new Uint8Array(await request.arrayBuffer());
  return { method: request.method, path, headers: Object.fromEntries(request.headers), body };
}

/** @param {Answer} answer */
export function toResponse({ status, headers, body, sql, milliseconds }) {
  const told = { "X-Shop-SQL-Count": String(sql.length), "X-Shop-Milliseconds": milliseconds.toFixed(1) };
  const content = [204, 205, 304].includes(status) ? null : /** @type {BodyInit} */ (body);
  return new Response(content, { status, headers: { ...headers, ...told } });
}

/**
 * An answer of the page's own: RFC 9457, as the shop's.
 * @param {503 | 504} status
 * @param {string} detail
 * @returns {Answer}
 */
export function problem(status, detail) {
  const body = new TextEncoder().encode(JSON.stringify({ type: "about:blank", title: TITLES[status], status, detail }));
  return { status, headers: { "Content-Type": "application/problem+json" }, body, sql: [], milliseconds: 0 };
}
