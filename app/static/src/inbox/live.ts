// The socket. A poke says that something changed, never what: the page fetches its own parts again.
import { io, type Socket } from "socket.io-client";
import type { HtmxEvent } from "../page/htmx_setup";
import { refreshLiveParts } from "../page/live_parts";
import { t } from "../page/words";
import { Pulse } from "./pulse";
import { Heard } from "./heard";
import { openContact, openConversation, refreshList, refreshPane } from "./regions";

interface Poke {
  name: string;
  ask?: string;
  conversation?: string; // missing where a case or contact changed: the room says that it concerns us
  contact?: string;
}

const HEARTBEAT_MS = 25_000;
const LONG_HIDDEN_MS = 60_000;
const ANSWER_MS = 2000; // for the server's word that a conversation is followed
const AGAIN_MS = 2000;
const MOST_TRIES = 5; // to follow a conversation: who may not see it any more never will
const WORDS = { live: () => t("Live"), reconnecting: () => t("Reconnecting…"), offline: () => t("Offline") } as const;

let socket: Socket | null = null;
const list = new Pulse(refreshList);
const pane = new Pulse(refreshPane);
const heard = new Heard();
let following: Promise<unknown> = Promise.resolve();

export function goLive(): void {
  socket = io("/", { transports: ["websocket"], reconnectionDelay: 500, reconnectionDelayMax: 5000 });
  socket.on("connect", onConnect);
  socket.on("disconnect", onDisconnect);
  socket.on("connect_error", onRefused);
  socket.on("poke", onPoke);
  for (const signal of ["typing", "viewing"] as const) {
    socket.on(signal, (detail: unknown) => document.dispatchEvent(new CustomEvent(`tributary:${signal}`, { detail })));
  }
  setInterval(() => socket?.connected && socket.emit("here"), HEARTBEAT_MS);
  window.addEventListener("online", onOnline);
  window.addEventListener("offline", () => show("offline"));
  document.addEventListener("visibilitychange", onVisibility);
}

/** Follow one conversation (or none): its pokes and signals reach this page. `tributary:watching` says from when on. */
export function watch(conversation: string | null): void {
  if (socket?.connected) following = follow(socket, conversation ?? "");
}

/** Wait until the open conversation is followed, or cannot be now: what is read from then on misses nothing. */
export function watching(): Promise<unknown> {
  return following;
}

async function follow(through: Socket, conversation: string, tries = 1): Promise<void> {
  const does: unknown = await through.timeout(ANSWER_MS).emitWithAck("watch", { conversation }).catch(() => false);
  if (!conversation || openConversation() !== conversation) return;
  if (does === true) document.dispatchEvent(new CustomEvent("tributary:watching", { detail: conversation }));
  else if (tries < MOST_TRIES) setTimeout(() => again(through, conversation, tries + 1), AGAIN_MS); // too many wishes at once
}

function again(through: Socket, conversation: string, tries: number): void {
  if (through.connected && openConversation() === conversation) following = follow(through, conversation, tries);
}

export function signal(name: "typing" | "viewing", data: Record<string, unknown> = {}): void {
  if (socket?.connected) socket.emit(name, data);
}

function onConnect(): void {
  show("live");
  heardNow();
  watch(openConversation());
  catchUp(); // what was said while nobody listened
}

function onDisconnect(reason: string): void {
  show(navigator.onLine ? "reconnecting" : "offline");
  if (reason === "io server disconnect") setTimeout(() => socket?.connect(), 500); // rooms are checked anew
}

function onRefused(): void {
  show(navigator.onLine ? "reconnecting" : "offline");
  if (socket && !socket.active) setTimeout(() => socket?.connect(), 5000);
}

function onOnline(): void {
  if (socket?.connected) show("live");
  else socket?.connect();
  catchUp();
}

let hiddenSince = 0;

function onVisibility(): void {
  if (document.hidden) {
    hiddenSince = Date.now();
  } else if (hiddenSince && Date.now() - hiddenSince > LONG_HIDDEN_MS) {
    catchUp();
  }
}

function catchUp(): void {
  pane.beat();
  list.beat();
  refreshLiveParts();
}

function onPoke(poke: Poke): void {
  heardNow();
  if (poke.name === "ask.answered") {
    document.dispatchEvent(new CustomEvent("tributary:answered", { detail: poke.ask ?? "" }));
    return;
  }
  document.dispatchEvent(new CustomEvent("tributary:poke", { detail: poke }));
  if (poke.name === "draft.changed") return; // the composer alone shows drafts
  if (poke.name === "access.changed") socket?.disconnect().connect();
  heard.note(poke.conversation, poke.name !== "conversation.read");
  const open = openConversation();
  const isOpen = open !== null && (poke.conversation ?? open) === open && (poke.contact ?? openContact()) === openContact();
  if (isOpen && poke.name !== "conversation.read") pane.beat();
  list.beat();
  refreshLiveParts(poke.name);
}

/** What was asked for before a poke may have been read before the change: it is asked for again. */
function shown(part: string, since: number): void {
  if (!heard.anySince(since)) return;
  if (part === "list") list.beat();
  else if (part === "pane" && heard.since(since, openConversation())) pane.beat();
}

const asked = new WeakMap<object, number>(); // requests of htmx: when they began

document.addEventListener("htmx:before:request", (event) => asked.set((event as HtmxEvent).detail.ctx, performance.now()));
document.addEventListener("htmx:after:swap", (event) => {
  const { ctx } = (event as HtmxEvent).detail;
  const since = asked.get(ctx);
  if (since === undefined) return;
  shown("pane", since);
  shown("list", since);
});
document.addEventListener("tributary:refreshed", (event) => {
  const { part, since } = (event as CustomEvent<{ part: string; since: number }>).detail;
  shown(part, since);
});
document.addEventListener("tributary:missed", (event) => {
  const { part } = (event as CustomEvent<{ part: string }>).detail;
  setTimeout(() => (part === "list" ? list : pane).beat(), AGAIN_MS * (1 + Math.random()));
});

let heardAt: Date | null = null;

/** When the server was heard last stands in the indicator's tip; screen readers hear it when the connection is lost. */
function heardNow(): void {
  heardAt = new Date();
  const badge = document.getElementById("live");
  if (badge) badge.title = heardWords();
}

function heardWords(): string {
  const time = heardAt?.toLocaleTimeString(document.documentElement.lang, { hourCycle: "h23" });
  return time ? t("Last update at {time}.", { time }) : "";
}

function show(state: keyof typeof WORDS): void {
  const badge = document.getElementById("live");
  if (badge) badge.dataset["state"] = state;
  const word = badge?.querySelector(".live-word");
  if (word && word.textContent !== WORDS[state]()) word.textContent = WORDS[state]();
  const since = badge?.querySelector(".live-since");
  if (since) since.textContent = state === "live" ? "" : heardWords();
  document.documentElement.dataset["live"] = state;
  document.dispatchEvent(new CustomEvent("tributary:live", { detail: { state } }));
}
