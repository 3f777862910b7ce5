// Speaks to the server: who we are, the history, files over HTTP; words, typing and pokes over the socket.
import { io, type Socket } from "socket.io-client";
import type { Answer, History, Identity } from "./types";

const ANSWER_WITHIN_MS = 10_000;

export class Refused extends Error {}

export interface Listener {
  connected(): void;
  disconnected(): void;
  poked(): void;
  agentTyping(name: string): void;
  refused(): void;
}

export class Server {
  private socket: Socket | null = null;

  constructor(private readonly channel: string) {}

  /** Returns a visitor token. Throws Refused if the website's signature does not fit. */
  async greet(identity: Identity | null): Promise<string> {
    const answer = await fetch(this.path("visitors"), {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json" },
      body: JSON.stringify(identity ?? {}),
    });
    if (answer.status === 403) throw new Refused();
    if (!answer.ok) throw new Error(`greeting answered ${answer.status}`);
    return ((await answer.json()) as { token: string }).token;
  }

  /** Returns a page of the history. Throws Refused if the token is not good any more. */
  async history(token: string, before = ""): Promise<History> {
    const query = before ? `?before=${encodeURIComponent(before)}` : "";
    const answer = await fetch(this.path("messages") + query, { headers: this.headers(token), cache: "no-store" });
    if (answer.status === 403) throw new Refused();
    if (!answer.ok) throw new Error(`history answered ${answer.status}`);
    return (await answer.json()) as History;
  }

  async upload(token: string, clientId: string, text: string, files: File[], page: string): Promise<Answer> {
    const form = new FormData();
    if (text) form.set("text", text);
    for (const file of files) form.append("files", file);
    const query = new URLSearchParams({ client_id: clientId, page });
    const answer = await fetch(`${this.path("uploads")}?${query}`, {
      method: "POST",
      headers: this.headers(token),
      body: form,
    });
    if (answer.ok) return { ok: true };
    const body = (await answer.json().catch(() => ({}))) as { error?: string };
    return { ok: false, reason: body.error ?? "", again: answer.status >= 500 || answer.status === 429 };
  }

  connect(token: string, listener: Listener): void {
    this.leave();
    this.socket = io("/webchat", {
      transports: ["websocket"],
      auth: { channel: this.channel, visitor: token },
      reconnectionDelay: 500,
      reconnectionDelayMax: 15_000,
    });
    this.socket.on("connect", () => listener.connected());
    this.socket.on("disconnect", () => listener.disconnected());
    this.socket.on("connect_error", () => {
      // `active` says that the library tries again by itself; a refusal by the server it does not
      if (this.socket?.active) listener.disconnected();
      else listener.refused();
    });
    this.socket.on("poke", () => listener.poked());
    this.socket.on("typing", (signal: { name?: string }) => listener.agentTyping(signal.name ?? ""));
  }

  leave(): void {
    this.socket?.removeAllListeners();
    this.socket?.disconnect();
    this.socket = null;
  }

  get isConnected(): boolean {
    return this.socket?.connected ?? false;
  }

  say(event: "message" | "identify", data: Record<string, string>): Promise<Answer> {
    const socket = this.socket;
    if (!socket?.connected) return Promise.resolve({ ok: false, again: true });
    return socket
      .timeout(ANSWER_WITHIN_MS)
      .emitWithAck(event, data)
      .then((answer: Answer) => answer)
      .catch(() => ({ ok: false, again: true }));
  }

  signal(event: "typing" | "seen"): void {
    if (this.socket?.connected) this.socket.emit(event, {});
  }

  private path(name: string): string {
    return `/webchat/${encodeURIComponent(this.channel)}/${name}`;
  }

  private headers(token: string): Record<string, string> {
    return { Authorization: `Bearer ${token}`, Accept: "application/json" };
  }
}
