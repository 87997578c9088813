// The reader's text of one file: kept across reloads, never over a lesson that has changed meanwhile.

/** @typedef {{ was: string, now: string }} Draft what the lesson said when the reader edited, and what they made of it */

/** The same name that page.js looks for. @param {string} title */
const key = (title) => `nexus ${new URL("../", import.meta.url).pathname} draft ${location.pathname} ${title}`;

/** @param {string} title @returns {Draft | undefined} */
export function read(title) {
  try {
    return JSON.parse(localStorage.getItem(key(title)) ?? "null") ?? undefined;
  } catch {
    return undefined; // storage is refused, or was written by something else
  }
}

/**
 * Keep a draft; with the lesson's own text, forget it. Returns false where the browser would not keep it.
 * @param {string} title
 * @param {Draft} draft
 */
export function write(title, draft) {
  try {
    if (draft.now === draft.was) localStorage.removeItem(key(title));
    else localStorage.setItem(key(title), JSON.stringify(draft));
    return true;
  } catch {
    return false;
  }
}

/**
 * The address of this page with a text in its fragment: it never reaches a server, and runs only after a click.
 * @param {string} title
 * @param {string} text
 */
export async function link(title, text) {
  const stream = new Blob([JSON.stringify({ title, text })]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  const code = btoa(Array.from(bytes, (each) => String.fromCharCode(each)).join(""));
  return `${location.href.split("#")[0]}#code=${code.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")}`;
}

/**
 * What a shared address carries, or undefined.
 * @param {string} fragment
 * @returns {Promise<{ title: string, text: string } | undefined>}
 */
export async function shared(fragment) {
  const code = /^#code=([\w-]+)$/.exec(fragment)?.[1];
  if (!code) return undefined;
  try {
    const bytes = Uint8Array.from(atob(code.replaceAll("-", "+").replaceAll("_", "/")), (each) => each.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
    const { title, text } = JSON.parse(await new Response(stream).text());
    return typeof title === "string" && typeof text === "string" ? { title, text } : undefined;
  } catch {
    return undefined; // cut off on its way, as chats do
  }
}
