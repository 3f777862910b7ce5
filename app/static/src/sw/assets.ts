// Scripts, styles and fonts of this build, taken from the cache first: their addresses change when they do.
import { build } from "./build";

const PREFIX = "assets:";
const FONTS = "/static/dist/files/";
const NAME = PREFIX + build.id;

/** Fetch everything of this build, past the browser's own cache, before the worker takes over. */
export async function install(): Promise<void> {
  const cache = await caches.open(NAME);
  await cache.addAll([...build.assets, build.page].map((address) => new Request(address, { cache: "reload" })));
}

export async function forgetOtherBuilds(): Promise<void> {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith(PREFIX) && name !== NAME).map((name) => caches.delete(name)));
}

/** Files of another build are none of ours: they go to the network. */
export function isAsset(address: URL): boolean {
  return address.pathname.startsWith(FONTS) || build.assets.includes(address.pathname + address.search);
}

export async function asset(request: Request): Promise<Response> {
  const cache = await caches.open(NAME);
  const kept = await cache.match(request);
  if (kept) return kept;
  const response = await fetch(request);
  if (response.ok) await cache.put(request, response.clone());
  return response;
}

export async function offlinePage(): Promise<Response> {
  const cache = await caches.open(NAME);
  return (await cache.match(build.page)) ?? Response.error();
}
