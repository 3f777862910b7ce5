// Pages and their parts: from the network whenever it answers, else as they were kept, and marked as such.
import { offlinePage } from "./assets";
import { worker } from "./build";
import * as kept from "./kept";
import type { Place } from "./kept";

const CONVERSATION = /^\/inbox\/c\/([0-9a-f-]{36})$/;
const FRAME = /^\/messages\/[0-9a-f-]{36}\/html$/;
const PARTS_OF_LISTS = ["after", "before", "start", "rows"];

/** Where an answer is kept, null for what never is: parts of a conversation, and every other page. */
export function placeOf(request: Request): Place | null {
  const { pathname, searchParams } = new URL(request.url);
  if (request.destination === "iframe") return FRAME.test(pathname) ? { kind: "frame", name: pathname } : null;
  const part = request.headers.get("HX-Target")?.split("#")[1];
  const id = CONVERSATION.exec(pathname)?.[1];
  if (part === "pane" && id && !searchParams.has("timeline") && !searchParams.has("before")) return { kind: "pane", name: id };
  if (part === "list" && (id || pathname === "/inbox")) return { kind: "list", name: listName(searchParams) };
  return null;
}

/** The name of a list: its filters, whichever rows of it were asked for. */
function listName(asked: URLSearchParams): string {
  const filters = new URLSearchParams(asked);
  for (const name of [...PARTS_OF_LISTS, "messages"]) filters.delete(name);
  filters.sort();
  return `?${filters}`;
}

/** A part of a page, or a formatted mail. */
export async function part(event: FetchEvent, place: Place): Promise<Response> {
  const began = kept.begin();
  try {
    const response = await fetch(event.request);
    event.waitUntil(kept.settle(place, response.clone(), began).then(fill));
    return response;
  } catch (problem) {
    if (event.request.signal.aborted) throw problem;
    const found = await kept.find(place);
    if (!found) throw problem;
    if (place.kind !== "frame") await tell(event.clientId, place, kept.keptAt(found));
    return found;
  }
}

/** A whole page. Without a connection the kept list is the shell of every conversation: the page fetches the rest. */
export async function page(event: FetchEvent): Promise<Response> {
  const began = kept.begin();
  const { pathname, searchParams } = new URL(event.request.url);
  try {
    const response = await fetch(event.request);
    const isShell = pathname === "/inbox" && !["search", ...PARTS_OF_LISTS].some((name) => searchParams.has(name));
    event.waitUntil(kept.settle(isShell ? SHELL : null, response.clone(), began));
    return response;
  } catch {
    const isInbox = pathname === "/" || pathname === "/inbox" || CONVERSATION.test(pathname);
    return (isInbox ? await shell() : null) ?? offlinePage();
  }
}

const SHELL: Place = { kind: "page", name: "inbox" };
const SHELL_AGES_MS = 600_000;

async function shell(): Promise<Response | null> {
  const found = await kept.find(SHELL);
  if (!found) return null;
  const text = (await found.text()).replace("<head>", `<head>\n  <meta name="kept-at" content="${kept.keptAt(found)}">`);
  return new Response(text, { status: 200, headers: found.headers });
}

/** Ask which kept conversations may still be seen, and forget the others. `doubted`: what may be seen has changed. */
export async function recheck(doubted: boolean): Promise<void> {
  const ids = await kept.keptConversations();
  if (!ids.length) return;
  const began = kept.begin();
  const query = new URLSearchParams(ids.map((id) => ["c", id]));
  const response = await fetch(`/offline/kept?${query}`, { headers: { Accept: "application/json" } });
  await kept.settle(null, response, began);
  if (!response.ok || began !== kept.begin()) return;
  const { seen } = (await response.json()) as { seen: string[] };
  const lost = ids.filter((id) => !seen.includes(id));
  await kept.forget(lost.map((name) => ({ kind: "pane", name })));
  if (lost.length || doubted) await kept.forgetLists();
  await fill();
}

/** Keep the shell beside the conversations, and anew what an older build kept. */
async function fill(): Promise<void> {
  const began = kept.begin();
  for (const id of kept.takeStale()) {
    const headers = { "HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": "section#pane", Accept: "text/html" };
    await kept.settle({ kind: "pane", name: id }, await fetch(`/inbox/c/${id}`, { headers }), began);
  }
  if (!(await kept.keptConversations()).length || Date.now() - (await kept.newest("page")) < SHELL_AGES_MS) return;
  await kept.settle(SHELL, await fetch("/inbox", { headers: { Accept: "text/html" } }), began);
}

async function tell(client: string, place: Place, at: string): Promise<void> {
  (await worker.clients.get(client))?.postMessage({ kept: place.kind, at });
}
