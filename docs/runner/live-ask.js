// Ask the tab that runs a live system, from anywhere on the site: another tab, or the service worker.

const SITE = new URL("../", import.meta.url);
/** Where a system answers, without a slash at the end. @param {string} system */
export const liveAt = (system) => new URL(`live/${system}`, SITE);
/** Of the lock that the running tab holds, and of the channel. Other sites of the same owner may share this origin. @param {string} system */
export const nameOf = (system) => `nexus ${SITE.pathname} ${system}`;
/** The system that answers at an address; "" where none does. @param {string} url */
export const systemAt = (url) => ["shop", "invoices", "gatekeeper"].find((each) => url.startsWith(`${liveAt(each)}/`)) ?? "";

const CLOSED = "Its tab was closed meanwhile. See what was done, then ask again.";
const START = "Press “Start the API” on the page of this API, then ask again.";

/** The answer of the tab that runs the system, however long it takes; 503 where none does. @param {string} system @param {Ask} request @returns {Promise<Answer>} */
export function relay(system, request) {
  const channel = new BroadcastChannel(nameOf(system));
  const id = Math.random();
  const ended = new AbortController();
  const { signal } = ended;
  const answered = new Promise((resolve) => {
    let taker = "";
    const ask = () => channel.postMessage({ kind: "ask", id, request });
    const give = () => resolve(problem(503, taker ? CLOSED : START));
    const hear = (/** @type {MessageEvent} */ { data }) => {
      if (data.kind === "taken" && data.id === id) taker = data.owner;
      if (data.kind === "answer" && data.id === id) resolve(data.answer);
      if (data.kind !== "owner" || data.owner === taker) return;
      // Whether a tab that was closed had done the work is not known: only what reads is asked again.
      if (!taker || ["GET", "HEAD"].includes(request.method)) ask();
      else give();
    };
    channel.addEventListener("message", hear, { signal });
    // Granted when no tab runs the system, and none waits to.
    navigator.locks.request(nameOf(system), { mode: "shared", signal }, give).catch(() => {});
    ask();
  });
  return answered.finally(() => {
    ended.abort();
    channel.close();
  });
}

/** @param {Request} request @returns {Promise<Ask>} */
export async function toAsk(request) {
  const { method, url, headers } = request;
  const path = url.slice(liveAt(systemAt(url)).href.length).split("#")[0];
  return { method, path, headers: Object.fromEntries(headers), body: new Uint8Array(await request.arrayBuffer()) };
}

/** @param {Answer} answer */
export function toResponse({ status, headers, body, sql, milliseconds }) {
  const told = { "X-Live-SQL-Count": String(sql.length), "X-Live-Milliseconds": milliseconds.toFixed(1) };
  const content = [204, 205, 304].includes(status) ? null : /** @type {BodyInit} */ (body);
  return new Response(content, { status, headers: { ...headers, ...told } });
}

/** An answer of the page's own: RFC 9457, as the system's. @param {503 | 504} status @param {string} detail @returns {Answer} */
export function problem(status, detail) {
  const title = status === 503 ? "The API is not running" : "The request was ended";
  const body = new TextEncoder().encode(JSON.stringify({ type: "about:blank", title, status, detail }));
  return { status, headers: { "Content-Type": "application/problem+json" }, body, sql: [], milliseconds: 0 };
}
