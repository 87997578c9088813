// A request that a lesson shows, sent to the live shop: edited, as anybody or as a customer.

import { element, output, resultUnder } from "./element.js";
import { codeOf } from "./lesson.js";
import { shop } from "./shop-bridge.js";
import { exchange } from "./shop-panel.js";
import { onStart } from "./start.js";

const SHOWN_HEADERS = ["content-type", "location", "www-authenticate", "allow", "retry-after", "cache-control", "etag"];
const JSON_ONLY = { Accept: "application/json", "Content-Type": "application/json" };

/** A request as text: its line, its headers, an empty line, its body. @param {string} text */
function parse(text) {
  const [head, ...rest] = text.trim().split(/\n\s*\n/);
  const [line, ...fields] = head.split("\n");
  const [method, path] = line.split(" ");
  const headers = Object.fromEntries(fields.map((field) => [field.split(":")[0], field.slice(field.indexOf(":") + 1).trim()]));
  return { method, path, headers, body: rest.join("\n\n") };
}

/** @type {Begin} */
export async function begin(place, clicked) {
  const value = codeOf(place.block);
  const rows = value.split("\n").length;
  const editor = element("textarea", { className: "run-editor", value, rows, spellcheck: false, "aria-label": "Request" });
  const customer = element("input", { type: "checkbox", checked: /^POST .*orders/.test(value) });
  const answer = resultUnder(place.bar);
  answer.classList.add("console-answer");
  place.bar.append(element("label", {}, customer, " as a customer, logged in first"));
  place.block.querySelector("pre")?.replaceWith(editor);
  await onStart(
    place,
    async (_, options) => {
      await shop.start(options);
      answer.replaceChildren(...(await send(parse(editor.value), customer.checked)));
    },
    clicked,
  );
}

/** @param {ReturnType<typeof parse>} request @param {boolean} asCustomer */
async function send(request, asCustomer) {
  const { method, path, headers, body } = request;
  const given = asCustomer ? { Authorization: `Bearer ${await token()}`, ...headers } : headers;
  const answer = await ask(method, path, body, given);
  const fields = Object.entries(answer.headers).filter(([name]) => SHOWN_HEADERS.includes(name.toLowerCase()));
  const lines = [...fields.map((field) => field.join(": ")), "", pretty(answer.text)];
  return [exchange({ ...answer, method, path }), output("Answer", lines.join("\n"))];
}

/** Of the first customer in the shop's data. */
async function token() {
  const { text } = await ask("POST", "/api/v1/users/login/", JSON.stringify(shop.about?.customers[0]), {});
  return JSON.parse(text).access;
}

/** @param {string} method @param {string} path @param {string} body @param {Record<string, string>} headers */
async function ask(method, path, body, headers) {
  const answer = await shop.ask({ method, path, headers: { ...JSON_ONLY, ...headers }, body: new TextEncoder().encode(body) });
  return { ...answer, text: new TextDecoder().decode(answer.body) };
}

/** @param {string} text */
function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
