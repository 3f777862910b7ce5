// The socket. A poke says that something changed, never what: the page fetches its own parts again.
import { io, type Socket } from "socket.io-client";
import { refreshLiveParts } from "../page/live_parts";
import { t } from "../page/words";
import { Pulse } from "./pulse";
import { openConversation, refreshList, refreshPane } from "./regions";

interface Poke {
  name: string;
  ask?: string;
  conversation?: string; // missing where a case or contact changed: the room says that it concerns us
}

const HEARTBEAT_MS = 25_000;
const LONG_HIDDEN_MS = 60_000;
const WORDS = { live: () => t("Live"), reconnecting: () => t("Reconnecting…"), offline: () => t("Offline") } as const;

let socket: Socket | null = null;
const list = new Pulse(refreshList);
const pane = new Pulse(refreshPane);

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

/** Follow one conversation (or none): its pokes and signals reach this page. */
export function watch(conversation: string | null): void {
  if (socket?.connected) socket.emit("watch", { conversation: conversation ?? "" });
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
  const open = openConversation();
  const isOpen = open !== null && (poke.conversation ?? open) === open;
  if (isOpen && poke.name !== "conversation.read") pane.beat();
  list.beat();
  refreshLiveParts(poke.name);
}

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
