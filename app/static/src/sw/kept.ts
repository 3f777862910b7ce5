// What is kept for reading without a connection: the list, the conversations read last, and the formatted mails in them.
// It belongs to one user and one build. The server says on each answer for whom it may be kept; whatever says otherwise
// (another user, nobody, the setting is off) empties everything.
import { build } from "./build";

const PREFIX = "kept:";
const AT = "X-Kept-At";
const FOR = "X-Offline-For"; // "user days", or "nobody"
const MOST = { pane: 20, list: 5, frame: 200, page: 1 } as const;
const DAY_MS = 86_400_000;
const UNAUTHORISED = 401;
const LOST = [403, 404];

export type Kind = keyof typeof MOST;

export interface Place {
  kind: Kind;
  name: string; // conversation, list address or frame address
}

let generation = 0; // goes up when everything is forgotten: answers asked for before are not kept

export function begin(): number {
  return generation;
}

/** Forget everything, for whoever it was. */
export async function forgetAll(): Promise<void> {
  generation += 1;
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith(PREFIX)).map((name) => caches.delete(name)));
}

/**
 * Keep an answer at a place (null: nowhere), or forget what its like says must not be kept.
 * `began` is what `begin` returned before asking.
 */
export async function settle(place: Place | null, response: Response, began: number): Promise<void> {
  if (response.status === UNAUTHORISED || (response.redirected && new URL(response.url).pathname === "/sign-in")) {
    await forgetAll();
    return;
  }
  if (place && LOST.includes(response.status)) await forget([place]);
  const allowed = response.headers.get(FOR);
  if (allowed === null) return;
  const [user, days] = allowed.split(" ");
  if (!user || !days) {
    await forgetAll();
    return;
  }
  const name = `${PREFIX}${build.id}:${days}:${user}`;
  await forgetOthers(name);
  if (place && response.ok && (!response.redirected || place.kind === "page")) await put(name, place, response, began);
}

async function put(name: string, place: Place, response: Response, began: number): Promise<void> {
  const headers = new Headers(response.headers);
  headers.set(AT, new Date().toISOString());
  const body = await response.blob();
  if (began !== generation) return;
  const cache = await caches.open(name);
  await cache.put(addressOf(place), new Response(body, { status: response.status, headers }));
  if (began === generation) await prune();
  else await caches.delete(name); // somebody signed out while it was written
}

async function forgetOthers(name: string): Promise<void> {
  const names = await caches.keys();
  const user = name.split(":")[3];
  for (const other of names.filter((each) => each.startsWith(PREFIX) && each !== name)) {
    if (other.split(":")[3] === user) stale.push(...(await conversations(other)));
    await caches.delete(other);
  }
}

const stale: string[] = []; // conversations that an older build kept: fetched anew, once

export function takeStale(): string[] {
  return stale.splice(0);
}

export async function find(place: Place): Promise<Response | null> {
  await prune();
  const name = await current();
  return (name && (await (await caches.open(name)).match(addressOf(place)))) || null;
}

/** Forget these, and the formatted mails that stood in them. */
export async function forget(places: Place[]): Promise<void> {
  const name = await current();
  if (!name || !places.length) return;
  const cache = await caches.open(name);
  for (const place of places) await cache.delete(addressOf(place));
  await forgetLooseFrames(name);
}

/** Forget every list: somebody may see less than it shows. */
export async function forgetLists(): Promise<void> {
  const name = await current();
  if (!name) return;
  await forget((await entries(name)).map((one) => one.place).filter((place) => place.kind === "list" || place.kind === "page"));
}

/** The conversations that are kept, by public id. */
export async function keptConversations(): Promise<string[]> {
  const name = await current();
  return name ? conversations(name) : [];
}

/** When something of a kind was kept last, in milliseconds; 0 where there is none. */
export async function newest(kind: Kind): Promise<number> {
  const name = await current();
  return (name ? (await entries(name)).find((one) => one.place.kind === kind)?.at : 0) ?? 0;
}

export function keptAt(response: Response): string {
  return response.headers.get(AT) ?? "";
}

async function current(): Promise<string | null> {
  const names = await caches.keys();
  return names.find((name) => name.startsWith(`${PREFIX}${build.id}:`)) ?? null;
}

async function conversations(name: string): Promise<string[]> {
  return (await entries(name)).filter((one) => one.place.kind === "pane").map((one) => one.place.name);
}

interface Entry {
  place: Place;
  at: number;
  request: Request;
}

/** Everything under a name, newest first. */
async function entries(name: string): Promise<Entry[]> {
  const cache = await caches.open(name);
  const found: Entry[] = [];
  for (const request of await cache.keys()) {
    const response = await cache.match(request);
    if (response) found.push({ place: placeOf(request.url), at: Date.parse(keptAt(response)), request });
  }
  return found.sort((one, other) => other.at - one.at);
}

/** Forget what is too old, and the oldest of what is too much. */
async function prune(): Promise<void> {
  const name = await current();
  if (!name) return;
  const oldest = Date.now() - Number(name.split(":")[2]) * DAY_MS;
  const counts: Record<Kind, number> = { pane: 0, list: 0, frame: 0, page: 0 };
  const gone = (await entries(name)).filter(({ place, at }) => !(at > oldest) || ++counts[place.kind] > MOST[place.kind]);
  await forget(gone.map((one) => one.place));
}

async function forgetLooseFrames(name: string): Promise<void> {
  const cache = await caches.open(name);
  const all = await entries(name);
  const panes = all.filter((one) => one.place.kind === "pane");
  const texts = await Promise.all(panes.map(async (one) => (await cache.match(one.request))?.text() ?? ""));
  for (const { place, request } of all.filter((one) => one.place.kind === "frame")) {
    if (!texts.some((text) => text.includes(place.name))) await cache.delete(request);
  }
}

function addressOf({ kind, name }: Place): string {
  return `/kept/${kind}/${encodeURIComponent(name)}`;
}

function placeOf(address: string): Place {
  const [, , kind, name] = new URL(address).pathname.split("/");
  return { kind: kind as Kind, name: decodeURIComponent(name ?? "") };
}
