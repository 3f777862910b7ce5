// The one script tag on a website: a bubble, and behind it a frame that holds the chat. It keeps to itself: a shadow
// root, no global style, nothing read from the page but `window.TributaryChat` and its address.
import { icon, make } from "./widget/dom";
import { hear, post, type ToFrame, type ToHost } from "./widget/host";
import { loaderStyle } from "./widget/loader_style";
import type { Identity } from "./widget/types";
import { words } from "./widget/words";

interface Channel {
  path: string;
  title: string;
  side: string;
  colour: string;
  ink: string;
}

interface Handle extends Partial<Identity> {
  open?(): void;
  close?(): void;
  /** Say who the customer is (signed by your server), or null after they signed out. */
  identify?(identity: Identity | null): void;
}

declare global {
  interface Window {
    TributaryChatChannel?: Channel;
    TributaryChat?: Handle;
  }
}

const script = document.currentScript as HTMLScriptElement | null;
const channel = window.TributaryChatChannel;
if (script && channel) start(channel, new URL(script.src).origin);

function start(settings: Channel, home: string): void {
  const handle: Handle = (window.TributaryChat ??= {});
  if (handle.open) return; // the tag is there twice
  const flag = `tributary-chat:${settings.path}`;
  let identity = identityOf(handle);
  let isOpen = false;
  let frame: HTMLIFrameElement | null = null;
  let isReady = false; // the frame listens; before, it is a blank page of the website's own

  const place = make("div", { id: "tributary-chat" });
  const root = place.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(loaderStyle);
  root.adoptedStyleSheets = [sheet];
  place.style.setProperty("--accent", settings.colour);
  place.style.setProperty("--accent-ink", settings.ink);
  const badge = make("span", { class: "badge", hidden: "" });
  const bubble = make("button", { type: "button", class: "bubble", "aria-expanded": "false" }, icon("bubble"), icon("down"), badge);
  const panel = make("div", { class: "panel", hidden: "" });
  const box = make("div", { class: settings.side === "left" ? "box left" : "box" }, panel, bubble);
  root.append(box);
  label(0);

  function say(message: ToFrame): void {
    if (isReady && frame?.contentWindow) post(frame.contentWindow, home, message);
  }

  function hello(): void {
    say({ type: "hello", page: location.href, identity, isOpen });
  }

  function load(): void {
    if (frame) return;
    frame = make("iframe", { title: settings.title, src: home + settings.path });
    panel.append(frame);
    remember(flag);
  }

  function show(open: boolean): void {
    if (open === isOpen) return;
    isOpen = open;
    if (open) load();
    panel.hidden = !open;
    box.classList.toggle("open", open);
    bubble.setAttribute("aria-expanded", String(open));
    label(0);
    say({ type: open ? "opened" : "closed" });
    if (open) frame?.focus();
    else bubble.focus();
  }

  function label(unread: number): void {
    const name = isOpen ? words.close : `${words.open}: ${settings.title}`;
    bubble.setAttribute("aria-label", unread && !isOpen ? `${name} (${words.unread(unread)})` : name);
    badge.hidden = unread === 0 || isOpen;
    badge.textContent = unread > 9 ? "9+" : String(unread);
  }

  hear<ToHost>(
    () => frame?.contentWindow ?? null,
    (origin) => origin === home,
    (message) => {
      if (message.type === "ready") {
        isReady = true;
        hello();
      } else if (message.type === "close") show(false);
      else label(message.count);
    },
  );
  bubble.addEventListener("click", () => show(!isOpen));
  handle.open = () => show(true);
  handle.close = () => show(false);
  handle.identify = (next) => {
    identity = next;
    hello();
  };
  whenReady(() => {
    document.body.append(place);
    if (wasHere(flag)) load(); // somebody who chatted before sees answers without opening the panel
  });
}

function identityOf(handle: Handle): Identity | null {
  return handle.user && handle.signature ? { user: handle.user, signature: handle.signature } : null;
}

function whenReady(work: () => void): void {
  if (document.body) work();
  else addEventListener("DOMContentLoaded", work, { once: true });
}

function remember(flag: string): void {
  try {
    localStorage.setItem(flag, "1");
  } catch {
    // the website's storage is closed: the frame is loaded at the first click instead
  }
}

function wasHere(flag: string): boolean {
  try {
    return localStorage.getItem(flag) !== null;
  } catch {
    return false;
  }
}
