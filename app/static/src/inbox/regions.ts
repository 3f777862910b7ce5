// Parts of the page that are fetched again and morphed in: the same fragments that the page was made of.
import htmx from "htmx.org";

const running = new Map<string, { controller: AbortController; again: boolean }>();

/** Fetch the fragment of a part (#list, #pane) and morph it in. Calls while one runs become one call after it. */
export async function refresh(part: string, address: string): Promise<boolean> {
  const current = running.get(part);
  if (current) {
    current.again = true;
    return false;
  }
  const controller = new AbortController();
  const state = { controller, again: false };
  running.set(part, state);
  try {
    return await fetchInto(part, address, controller.signal);
  } catch {
    return false; // the network is away; live.ts fetches again once it is back
  } finally {
    if (running.get(part) === state) running.delete(part);
    if (state.again) void refresh(part, addressOf(part) ?? address);
  }
}

/** Give up a running fetch: what it would show is not wanted any more. */
export function abandon(part: string): void {
  const state = running.get(part);
  if (!state) return;
  state.again = false;
  state.controller.abort();
  running.delete(part);
}

async function fetchInto(part: string, address: string, signal: AbortSignal): Promise<boolean> {
  const asked = location.href;
  const since = performance.now();
  const headers = partHeaders(part);
  const response = await fetch(address, { headers, signal, credentials: "same-origin" });
  if (response.status === 401) {
    location.href = response.headers.get("HX-Redirect") ?? "/sign-in";
    return false;
  }
  if (response.status >= 500 || response.status === 429) document.dispatchEvent(new CustomEvent("tributary:missed", { detail: { part } }));
  if (!response.ok) return false;
  const text = await response.text();
  if (signal.aborted) return false;
  if (location.href !== asked) {
    // the person has searched or gone elsewhere meanwhile: this would take them back
    const state = running.get(part);
    if (state) state.again = true;
    return false;
  }
  return swapInto(part, text, since);
}

export function partHeaders(part: string): Record<string, string> {
  return {
    "HX-Request": "true",
    "HX-Request-Type": "partial",
    "HX-Target": `section#${part}`,
    "HX-Current-URL": location.href,
    Accept: "text/html",
  };
}

/** Show a part; `since`: when it was asked for, by performance.now(). */
export async function swapInto(part: string, text: string, since: number): Promise<boolean> {
  const target = document.getElementById(part);
  if (!target) return false;
  document.dispatchEvent(new CustomEvent("tributary:before-refresh", { detail: { part } }));
  await htmx.swap({ text, target, sourceElement: target, swap: "innerMorph" });
  document.dispatchEvent(new CustomEvent("tributary:refreshed", { detail: { part, since } }));
  return true;
}

/** Where the current content of a part comes from, null where the page has no such part. */
export function addressOf(part: string): string | null {
  const element = document.getElementById(part);
  if (!element) return null;
  if (element.dataset["liveFrom"]) return element.dataset["liveFrom"];
  const here = new URL(location.href);
  if (part === "pane") {
    const id = openConversation();
    if (!id) return null;
    here.searchParams.set("messages", String(Math.max(80, messagesShown())));
    return `/inbox/c/${id}${here.search}`;
  }
  if (part !== "list") return here.pathname + here.search;
  here.searchParams.delete("timeline");
  here.searchParams.delete("before");
  for (const side of ["after", "before", "start"]) here.searchParams.delete(side);
  here.searchParams.set("rows", String(Math.max(40, document.querySelectorAll("#rows > .row-item").length)));
  const start = document.getElementById("rows-scroll")?.dataset["keptStart"]; // what was scrolled past stays away
  if (start) here.searchParams.set("start", start);
  return `/inbox${here.search}`;
}

export function openConversation(): string | null {
  return document.querySelector<HTMLElement>("conversation-view")?.dataset["conversation"] ?? null;
}

export function openContact(): string | null {
  return document.querySelector<HTMLElement>("conversation-view")?.dataset["contact"] ?? null;
}

/** Back and forward: show what the address says, without tearing the page (and its socket) down. */
function restore(event: Event): void {
  event.preventDefault();
  if (!document.querySelector(".workspace") || !/^\/inbox(\/c\/|$)/.test(location.pathname)) {
    location.reload();
    return;
  }
  abandon("pane");
  abandon("list");
  void refresh("pane", location.pathname + location.search);
  void refreshList();
}

function messagesShown(): number {
  return Math.min(500, document.querySelectorAll("conversation-view .message[data-message]").length);
}

export async function refreshList(): Promise<void> {
  const address = addressOf("list");
  if (address) await refresh("list", address);
}

export async function refreshPane(): Promise<void> {
  const address = addressOf("pane");
  if (address) await refresh("pane", address);
}

document.addEventListener("htmx:before:history:restore", restore);
document.addEventListener("tributary:changed", () => void refreshList());
document.addEventListener("tributary:stale", () => {
  void refreshPane();
  void refreshList();
});
