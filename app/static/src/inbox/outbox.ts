// Replies and notes that could not be sent: kept in this browser until the server answers, under the client key they were
// written with, so that one which arrived after all is stored once. What the server refuses goes back to its draft.
import { reasonOf } from "../page/htmx_setup";
import { say } from "../page/toast";
import { Draft } from "./draft";
import { openConversation, partHeaders, swapInto } from "./regions";
import { t } from "../page/words";

export interface Waiting {
  key: string;
  conversation: string;
  address: string;
  kind: "reply" | "note";
  text: string;
  fields: [string, string][];
  at: number;
}

export interface Refused {
  waiting: Waiting;
  reason: string;
  news: string; // a fragment that says what was written meanwhile
}

const EVERY_MS = 5000;
const OLDEST_MS = 12 * 3600 * 1000;
const CONFLICT = 409;
const LATER = [401, 408, 429]; // signed out, or too busy: not refused

const user = document.querySelector<HTMLMetaElement>('meta[name="user"]')?.content ?? "";
const place = `outbox:${user}`;
let timer = 0;

export function waiting(): Waiting[] {
  try {
    return JSON.parse(localStorage.getItem(place) ?? "[]") as Waiting[];
  } catch {
    return [];
  }
}

/** Keep one until it is sent; false where this browser keeps nothing. */
export function keep(one: Waiting): boolean {
  try {
    store([...waiting().filter((other) => other.key !== one.key), one]);
  } catch {
    return false;
  }
  schedule();
  return true;
}

/** Take one back before it was sent; null where it is gone already. */
export function take(key: string): Waiting | null {
  const found = waiting().find((one) => one.key === key) ?? null;
  if (found) store(waiting().filter((one) => one.key !== key));
  return found;
}

function store(all: Waiting[]): void {
  if (all.length) localStorage.setItem(place, JSON.stringify(all));
  else localStorage.removeItem(place);
  document.dispatchEvent(new CustomEvent("tributary:waiting"));
}

function schedule(): void {
  timer ||= window.setTimeout(() => ((timer = 0), void deliver()), EVERY_MS);
}

/** Send what waits, oldest first, in one tab at a time. */
export async function deliver(): Promise<void> {
  if (!user || !waiting().length) return;
  await navigator.locks.request(place, { ifAvailable: true }, async (lock) => {
    if (!lock) return;
    for (const one of waiting()) if (!(await settle(one))) break;
  });
  if (waiting().length) schedule();
}

/** Send one; false where the server is still away. */
async function settle(one: Waiting): Promise<boolean> {
  if (Date.now() - one.at > OLDEST_MS) {
    refuse(one, t("It waited for the connection too long to be sent without asking you."), "");
    return true;
  }
  const since = performance.now();
  let response: Response;
  try {
    response = await fetch(one.address, { method: "POST", body: body(one), headers: partHeaders("pane"), credentials: "same-origin" });
  } catch {
    return false;
  }
  if (response.status >= 500 || LATER.includes(response.status)) return false;
  const isHtml = response.headers.get("Content-Type")?.startsWith("text/html");
  if (response.ok) await stored(one, await response.text(), since);
  else if (response.status === CONFLICT && isHtml) asked(one, await response.text());
  else refuse(one, await reasonOf(response), "");
  return true;
}

function body(one: Waiting): FormData {
  const data = new FormData();
  for (const [name, value] of one.fields) data.append(name, value);
  data.set("csrf_token", document.querySelector<HTMLMetaElement>('meta[name="csrf-token"]')?.content ?? "");
  return data;
}

async function stored(one: Waiting, pane: string, since: number): Promise<void> {
  if (openConversation() === one.conversation) await swapInto("pane", pane, since); // first: the bubble becomes the message
  take(one.key);
  document.dispatchEvent(new CustomEvent("tributary:changed"));
}

/** The server shows what is to be read or decided before it is sent. Nobody is there to decide it: sent without the
 * answer it would resolve, or not resolve, against its writer's wish, so its words go back and the reason is told. */
function asked(one: Waiting, html: string): void {
  const shown = new DOMParser().parseFromString(html, "text/html").querySelector<HTMLElement>("[data-reason]");
  refuse(one, shown?.dataset["reason"] ?? t("Something was written meanwhile: read it, then send."), html);
}

function refuse(one: Waiting, reason: string, news: string): void {
  if (!take(one.key) || handBack({ waiting: one, reason, news })) return;
  say(t("What you wrote without a connection was not sent. {reason} Its words are in the draft of that conversation.", { reason }), "error");
}

/** Give the words to the composer of their conversation; false where it is not open: then they are its draft. */
export function handBack(refused: Refused): boolean {
  const { waiting: one } = refused;
  if (document.querySelector(`composer-box[data-conversation="${CSS.escape(one.conversation)}"]`)) {
    document.dispatchEvent(new CustomEvent<Refused>("tributary:refused", { detail: refused }));
    return true;
  }
  const draft = new Draft(one.conversation);
  const standing = draft.read();
  draft.seen = new Map(one.fields).get("seen") ?? "";
  draft.keep(standing?.text ? `${one.text}\n\n${standing.text}` : one.text, one.kind);
  return false;
}

document.addEventListener("tributary:live", (event) => {
  if ((event as CustomEvent<{ state: string }>).detail.state === "live") void deliver();
});
