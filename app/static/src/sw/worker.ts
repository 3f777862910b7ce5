// The service worker: what the product does without a page, and without a connection. Whatever changes something
// (every POST) goes to the server untouched; a page is never older than the server's answer while the server answers.
import { asset, forgetOtherBuilds, install, isAsset, offlinePage } from "./assets";
import { worker } from "./build";
import * as kept from "./kept";
import { draw, follow, unsubscribe } from "./push";
import { page, part, placeOf, recheck } from "./reading";

interface Asked {
  recheck?: "now" | "doubted";
  leave?: true;
}

worker.addEventListener("install", (event) => {
  event.waitUntil(install().then(() => worker.skipWaiting()));
});

worker.addEventListener("activate", (event) => {
  event.waitUntil(forgetOtherBuilds().then(() => worker.clients.claim()));
});

worker.addEventListener("fetch", (event) => {
  const { request } = event;
  const address = new URL(request.url);
  if (address.origin !== worker.location.origin) return;
  if (request.method !== "GET") {
    if (address.pathname === "/sign-out" && request.mode === "navigate") event.respondWith(signOut(request));
    return;
  }
  if (isAsset(address)) event.respondWith(asset(request));
  else if (request.mode === "navigate" && request.destination === "document") event.respondWith(page(event));
  else {
    const place = placeOf(request);
    if (place) event.respondWith(part(event, place));
  }
});

worker.addEventListener("message", (event) => {
  const asked = event.data as Asked;
  if (asked.leave) event.waitUntil(leave().then(() => event.ports[0]?.postMessage("left")));
  else if (asked.recheck) event.waitUntil(recheck(asked.recheck === "doubted").catch(() => undefined)); // asked again with the next page
});

worker.addEventListener("push", (event) => event.waitUntil(draw(event.data)));
worker.addEventListener("notificationclick", (event) => event.waitUntil(follow(event.notification)));

/** Nothing that was read here stays, whether the server hears of it or not. */
async function signOut(request: Request): Promise<Response> {
  await leave();
  try {
    return await fetch(request);
  } catch {
    return offlinePage();
  } finally {
    await kept.forgetAll(); // what was on its way meanwhile
  }
}

async function leave(): Promise<void> {
  await kept.forgetAll();
  await unsubscribe();
}
