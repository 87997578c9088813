// The reader's text of one file: kept across reloads, never over a lesson that has changed meanwhile.

import { held, keep } from "./storage.js";

/** The same name that page.js looks for. @param {string} title */
const key = (title) => `draft ${location.pathname} ${title}`;

/** @param {string} title @returns {Draft | undefined} */
export function read(title) {
  try {
    return JSON.parse(held(key(title)));
  } catch {
    return undefined; // there is none, or something else wrote it
  }
}

/** Keep a draft; with the lesson's own text, forget it. False where the browser would not. @param {string} title @param {Draft} draft */
export const write = (title, draft) => keep(key(title), draft.now === draft.was ? "" : JSON.stringify(draft));

/** @param {BlobPart} bytes @param {GenericTransformStream} through */
const passed = (bytes, through) => new Response(new Blob([bytes]).stream().pipeThrough(through));

/**
 * The address of this page with a text in its fragment: it never reaches a server, and runs only after a click.
 * @param {string} title
 * @param {string} text
 */
export async function link(title, text) {
  const packed = passed(JSON.stringify({ title, text }), new CompressionStream("deflate-raw"));
  const bytes = new Uint8Array(await packed.arrayBuffer());
  const code = btoa(Array.from(bytes, (each) => String.fromCharCode(each)).join(""));
  return `${location.href.split("#")[0]}#code=${code.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")}`;
}

/** What a shared address carries, if anything. @param {string} fragment @returns {Promise<{ title: string, text: string } | undefined>} */
export async function shared(fragment) {
  const code = /^#code=([\w-]+)$/.exec(fragment)?.[1];
  if (!code) return undefined;
  try {
    const bytes = Uint8Array.from(atob(code.replaceAll("-", "+").replaceAll("_", "/")), (each) => each.charCodeAt(0));
    const { title, text } = await passed(bytes, new DecompressionStream("deflate-raw")).json();
    return typeof title === "string" && typeof text === "string" ? { title, text } : undefined;
  } catch {
    return undefined; // cut off on its way, as chats do
  }
}
