// Hand requests for a live system to the tab that runs it; everything else on the site passes by.
// It keeps nothing, since a browser ends it when it idles; so a new version may take over at once.

import { relay, systemAt, toAsk, toResponse } from "./runner/live-ask.js";

const worker = /** @type {any} */ (self);

worker.addEventListener("install", () => worker.skipWaiting());
worker.addEventListener("activate", (/** @type {any} */ event) => event.waitUntil(worker.clients.claim()));
worker.addEventListener("fetch", (/** @type {any} */ event) => {
  const system = systemAt(event.request.url);
  if (system) event.respondWith(answer(system, event.request));
});

/** @param {string} system @param {Request} request */
async function answer(system, request) {
  const given = toResponse(await relay(system, await toAsk(request)));
  // A reader who opens the address gets the site's page for it, with a button that starts the system.
  return given.status === 503 && request.mode === "navigate" ? fetch(request.url).catch(() => given) : given;
}
