// Parts of any page that say in data-live on which pokes they change: fetched again from the page's own address, at
// most once in data-live-pause milliseconds, and never under a menu that is open. data-live-from: from that address.
import { addressOf, refresh } from "../inbox/regions";

const DEFAULT_PAUSE_MS = 2000;
const waiting = new Map<string, number>(); // timers by id

/** Fetch the parts that live on a poke; without a name all of them, for what was said while nobody listened. */
export function refreshLiveParts(name?: string): void {
  for (const part of document.querySelectorAll<HTMLElement>("[data-live][id]")) {
    const names = part.dataset["live"]?.split(" ") ?? [];
    if (name === undefined || names.includes(name)) schedule(part);
  }
}

function schedule(part: HTMLElement): void {
  if (waiting.has(part.id)) return;
  const pause = Number(part.dataset["livePause"] ?? DEFAULT_PAUSE_MS);
  waiting.set(part.id, window.setTimeout(() => void run(part.id), pause));
}

async function run(id: string): Promise<void> {
  waiting.delete(id);
  const part = document.getElementById(id);
  if (!part) return;
  if (document.hidden || part.querySelector("details.drop[open], form :focus")) schedule(part);
  else await refresh(id, addressOf(id) ?? location.pathname + location.search);
}
