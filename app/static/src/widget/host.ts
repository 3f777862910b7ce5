// The conversation between the frame and the website around it, by postMessage, both sides checking who speaks.
import type { Identity } from "./types";

export type ToFrame =
  | { type: "hello"; page: string; identity: Identity | null; isOpen: boolean }
  | { type: "opened" }
  | { type: "closed" };
export type ToHost = { type: "ready" } | { type: "close" } | { type: "unread"; count: number };

const MARK = "tributary-chat";

export function post(target: Window, origin: string, message: ToFrame | ToHost): void {
  target.postMessage({ mark: MARK, ...message }, origin);
}

/** Hear messages of one kind from one window and from origins that pass the check; everything else is ignored. */
export function hear<Message extends ToFrame | ToHost>(
  source: () => Window | null,
  isTrusted: (origin: string) => boolean,
  handle: (message: Message, origin: string) => void,
): void {
  addEventListener("message", (event: MessageEvent<unknown>) => {
    const data = event.data;
    if (event.source !== source() || !isTrusted(event.origin)) return;
    if (typeof data !== "object" || data === null || !("mark" in data) || data.mark !== MARK) return;
    handle(data as unknown as Message, event.origin);
  });
}

/** The same rule as connectors/origins.py: "https://*.shop.example" stands for every host under it. */
export function isAllowed(origin: string, allowed: readonly string[]): boolean {
  return allowed.some((entry) => {
    const [scheme, host] = entry.split("://*.");
    if (host === undefined) return origin === entry;
    return origin.startsWith(`${scheme}://`) && origin.endsWith(`.${host}`);
  });
}
