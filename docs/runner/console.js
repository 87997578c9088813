// A request that a lesson shows, sent to the live shop: edited, as anybody or as a customer.

import { element } from "./element.js";
import { shop } from "./shop-bridge.js";
import { exchange } from "./shop-exchange.js";
import { onStart } from "./start.js";

const SHOWN_HEADERS = ["content-type", "location", "www-authenticate", "allow", "retry-after", "cache-control", "etag"];

/** A request as text: its line, its headers, an empty line, its body. @param {string} text */
function parse(text) {
  const [head, ...rest] = text.split(/\n\s*\n/);
  const [line, ...fields] = head.trim().split("\n");
  const [method, path] = line.split(" ");
  const headers = Object.fromEntries(fields.map((field) => [field.split(":")[0], field.slice(field.indexOf(":") + 1).trim()]));
  return { method, path, headers, body: rest.join("\n\n").trim() };
}

/**
 * @param {import("./page.js").Place} place under a fenced block that holds a request
 * @param {boolean} clicked
 */
export async function begin(place, clicked) {
  const written = (place.block.querySelector("code")?.textContent ?? "").trim();
  const editor = element("textarea", { className: "run-editor", value: written, rows: written.split("\n").length, spellcheck: false, "aria-label": "Request" });
  const customer = element("input", { type: "checkbox", checked: /^POST .*orders/.test(written) });
  const answer = element("div", { className: "run-result console-answer", hidden: true });
  place.bar.append(element("label", {}, customer, " as a customer, logged in first"));
  place.bar.before(editor);
  place.bar.after(answer);
  const work = async (/** @type {unknown} */ _, /** @type {import("./engine.js").Options} */ options) => {
    await shop.start(options);
    answer.replaceChildren(...(await send(parse(editor.value), customer.checked)));
    answer.hidden = false;
  };
  await onStart(place, work, clicked);
}

/**
 * @param {ReturnType<typeof parse>} request
 * @param {boolean} asCustomer
 */
async function send({ method, path, headers, body }, asCustomer) {
  /** @type {Record<string, string>} */
  const given = { Accept: "application/json", ...(body && { "Content-Type": "application/json" }), ...headers };
  if (asCustomer) given.Authorization ??= `Bearer ${await token()}`;
  const answer = await shop.ask({ method, path, headers: given, body: new TextEncoder().encode(body) });
  const fields = Object.entries(answer.headers).filter(([name]) => SHOWN_HEADERS.includes(name.toLowerCase()));
  const text = [...fields.map((field) => field.join(": ")), "", pretty(answer.body)].join("\n");
  return [exchange({ method, path, ...answer }), element("pre", { tabIndex: 0 }, text)];
}

/** Of the first customer in the shop's data. */
async function token() {
  const [who] = shop.about?.customers ?? [];
  const headers = { "Content-Type": "application/json", Accept: "application/json" };
  const body = new TextEncoder().encode(JSON.stringify(who));
  const answer = await shop.ask({ method: "POST", path: "/api/v1/users/login/", headers, body });
  return JSON.parse(new TextDecoder().decode(answer.body)).access;
}

/** @param {Uint8Array} body */
function pretty(body) {
  const text = new TextDecoder().decode(body);
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
