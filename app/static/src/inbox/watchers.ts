// Who else looks at this conversation, and who is typing: signals that nobody stores, forgotten after a while.
import { signal } from "./live";
import { t } from "../page/words";

interface Signal {
  conversation: string;
  user?: string;
  name?: string;
  who?: "agent" | "customer";
  asks?: boolean;
  left?: boolean;
}

interface Seen {
  name: string;
  viewing: number;
  typing: number;
}

const VIEWING_MS = 40_000;
const TYPING_MS = 6_000;
const CUSTOMER = "customer";

export class Watchers {
  private readonly seen = new Map<string, Seen>();
  private readonly timer: number;

  constructor(
    private readonly view: HTMLElement,
    private readonly id: string,
  ) {
    document.addEventListener("tributary:viewing", this.onViewing);
    document.addEventListener("tributary:typing", this.onTyping);
    this.timer = window.setInterval(() => this.draw(), 2000);
  }

  stop(): void {
    window.clearInterval(this.timer);
    document.removeEventListener("tributary:viewing", this.onViewing);
    document.removeEventListener("tributary:typing", this.onTyping);
  }

  private readonly onViewing = (event: Event): void => {
    const said = (event as CustomEvent<Signal>).detail;
    if (said.conversation !== this.id || !said.user || said.user === me()) return;
    if (said.left) this.seen.delete(said.user);
    else this.note(said.user, said.name ?? "").viewing = Date.now() + VIEWING_MS;
    if (said.asks && !document.hidden) signal("viewing");
    this.draw();
  };

  private readonly onTyping = (event: Event): void => {
    const said = (event as CustomEvent<Signal>).detail;
    if (said.conversation !== this.id || said.user === me()) return;
    const key = said.who === CUSTOMER ? CUSTOMER : (said.user ?? "");
    this.note(key, said.name ?? "").typing = Date.now() + TYPING_MS;
    this.draw();
  };

  private note(key: string, name: string): Seen {
    const known = this.seen.get(key) ?? { name, viewing: 0, typing: 0 };
    this.seen.set(key, known);
    return known;
  }

  private draw(): void {
    const now = Date.now();
    const shelf = this.view.querySelector(".watchers");
    const template = document.querySelector<HTMLTemplateElement>("#watcher");
    if (!shelf || !template) return;
    const there = [...this.seen].filter(([, one]) => one.viewing > now || one.typing > now);
    const state = there.map(([key, one]) => `${key}${one.typing > now ? "!" : ""}`).join();
    if (shelf.getAttribute("data-state") === state) return;
    shelf.setAttribute("data-state", state);
    shelf.replaceChildren(...there.map(([key, one]) => face(template, key, one, one.typing > now)));
  }
}

function face(template: HTMLTemplateElement, key: string, one: Seen, isTyping: boolean): Node {
  const copy = template.content.cloneNode(true) as DocumentFragment;
  const name = key === CUSTOMER ? t("The customer") : one.name;
  const disc = copy.querySelector(".avatar-disc");
  if (disc) disc.textContent = key === CUSTOMER ? "…" : initials(one.name);
  const word = copy.querySelector(".watcher-word");
  if (word) word.textContent = isTyping ? t("{name} is typing", { name }) : t("{name} is looking", { name });
  copy.firstElementChild?.classList.toggle("is-typing", isTyping);
  copy.firstElementChild?.setAttribute("title", word?.textContent ?? "");
  return copy;
}

function initials(name: string): string {
  const words = name.split(/\s+/).filter(Boolean);
  return ((words[0]?.[0] ?? "?") + (words.length > 1 ? (words[words.length - 1]?.[0] ?? "") : "")).toUpperCase();
}

function me(): string {
  return document.querySelector<HTMLMetaElement>('meta[name="user"]')?.content ?? "";
}
