// A request that a page shows, sent to a live system: edited, as anybody or as somebody who may log in.

import { element, output, resultUnder } from "./element.js";
import { codeOf } from "./lesson.js";
import { live } from "./live-bridge.js";
import { exchange } from "./live-panel.js";
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
  const api = live(place.what);
  // What the shop shows is open to everybody.
  const known = element("input", { type: "checkbox", checked: place.what !== "shop" || /^POST .*orders/.test(value) });
  const answer = resultUnder(place.bar);
  answer.classList.add("console-answer");
  place.bar.append(element("label", {}, known, " logged in first"));
  place.block.querySelector("pre")?.replaceWith(editor);
  await onStart(
    place,
    async (_, options) => {
      await api.start(options);
      answer.replaceChildren(...(await send(api, parse(editor.value), known.checked)));
    },
    clicked,
  );
}

/** @typedef {ReturnType<typeof live>} Api */

/** @param {Api} api @param {ReturnType<typeof parse>} request @param {boolean} known */
async function send(api, request, known) {
  const { method, path, headers, body } = request;
  const given = known ? { Authorization: `Bearer ${await token(api)}`, ...headers } : headers;
  const answer = await ask(api, method, path, body, given);
  const fields = Object.entries(answer.headers).filter(([name]) => SHOWN_HEADERS.includes(name.toLowerCase()));
  const lines = [...fields.map((field) => field.join(": ")), "", pretty(answer.text)];
  return [exchange({ ...answer, method, path }), output("Answer", lines.join("\n"))];
}

/** Of the first who may log in. @param {Api} api */
async function token(api) {
  const { token, email, password } = /** @type {Login} */ (api.about?.logins[0]);
  if (token) return token;
  const { text } = await ask(api, "POST", "/api/v1/users/login/", JSON.stringify({ email, password }), {});
  return JSON.parse(text).access;
}

/** @param {Api} api @param {string} method @param {string} path @param {string} body @param {Record<string, string>} headers */
async function ask(api, method, path, body, headers) {
  const answer = await api.ask({ method, path, headers: { ...JSON_ONLY, ...headers }, body: new TextEncoder().encode(body) });
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
