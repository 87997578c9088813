// Hand requests for the live shop to the tab that runs it; everything else on the site passes by.
// It keeps nothing, since a browser ends it when it idles; so a new version may take over at once.

import { LIVE, relay, toAsk, toResponse } from "./runner/shop-ask.js";

const worker = /** @type {any} */ (self);

worker.addEventListener("install", () => worker.skipWaiting());
worker.addEventListener("activate", (/** @type {any} */ event) => event.waitUntil(worker.clients.claim()));
worker.addEventListener("fetch", (/** @type {any} */ event) => {
  if (event.request.url.startsWith(`${LIVE}/`)) event.respondWith(answer(event.request));
});

/** @param {Request} request */
async function answer(request) {
  const given = toResponse(await relay(await toAsk(request)));
  // A reader who opens the address gets the site's page for it, with a button that starts the shop.
  return given.status === 503 && request.mode === "navigate" ? fetch(request.url).catch(() => given) : given;
}
