// The draft of an open composer on the server: sent as one types, read and taken over by colleagues. What the server
// has not got yet is in this browser (draft.ts); the server never overwrites what this page did not show.
import { fieldOf, type WritingField } from "../composer/field";
import { say } from "../page/toast";
import { reasonOf } from "../page/htmx_setup";
import { t } from "../page/words";
import { watching } from "./live";

const PAUSE_MS = 1200;
const AGAIN_MS = 5000;
const CONFLICT = 409;
const MOST_ALIVE = 60_000; // bytes that a browser still sends while the page is left

export interface Local {
  text: string;
  kind: string;
  seen: string;
}

/** What the browser's own copy of the draft tells and keeps. */
export interface Copy {
  mark: string;
  seen: string;
  remember(mark: string): void;
}

export class SharedDraft {
  private mark: string; // the server's state that this page has seen
  private before = ""; // the one that was just sent: it is still there if sending failed
  private sent: Local | null = null; // what the server has
  private timer = 0;
  private busy = false;
  private round = 0; // grows as words are sent
  private isOpen = false; // nothing is stored before the server's own draft was read, or while two differ

  constructor(
    private readonly box: HTMLElement,
    private readonly conversation: string,
    private readonly copy: Copy,
  ) {
    this.mark = copy.mark;
    box.addEventListener("focusout", () => this.flush());
    box.addEventListener("click", this.onClick);
    document.addEventListener("visibilitychange", this.onLeave);
    window.addEventListener("pagehide", this.onLeave);
    document.addEventListener("tributary:poke", this.onPoke);
    document.addEventListener("tributary:watching", this.onWatching);
    void this.open();
  }

  /** The words changed: they are stored once their writer pauses. */
  changed(): void {
    this.timer ||= window.setTimeout(() => this.flush(), PAUSE_MS);
  }

  /** The words are on their way to the customer, and their draft with them. */
  forget(): void {
    this.round += 1;
    this.before = this.mark || this.before;
    this.sent = null;
    this.remember("");
    this.clearTimer();
  }

  private stop(): void {
    document.removeEventListener("visibilitychange", this.onLeave);
    window.removeEventListener("pagehide", this.onLeave);
    document.removeEventListener("tributary:poke", this.onPoke);
    document.removeEventListener("tributary:watching", this.onWatching);
  }

  private clearTimer(): void {
    window.clearTimeout(this.timer);
    this.timer = 0;
  }

  private remember(mark: string): void {
    this.mark = mark;
    this.copy.remember(mark);
    const field = this.box.querySelector<HTMLInputElement>('input[name="draft"]');
    if (field) field.value = mark;
  }

  private get field(): WritingField | null {
    return fieldOf(this.box);
  }

  private local(): Local {
    const kind = this.box.querySelector<HTMLInputElement>('input[name="kind"]:checked')?.value === "note" ? "note" : "reply";
    return { text: this.field?.text() ?? "", kind, seen: this.copy.seen };
  }

  private show(local: Local): void {
    this.field?.setText(local.text);
    this.copy.seen = local.seen;
    const radio = this.box.querySelector<HTMLInputElement>(`input[name="kind"][value="${local.kind === "note" ? "note" : "reply"}"]`);
    if (radio && !radio.disabled) radio.checked = true;
    radio?.dispatchEvent(new Event("change", { bubbles: true })); // the composer counts and keeps
  }

  private get address(): string {
    return `/conversations/${this.conversation}/draft`;
  }

  /** Read the server's draft and bring the two together: the newer one, or the writer's choice where both changed. */
  private async open(): Promise<void> {
    await watching();
    const response = await fetch(`${this.address}s`, { credentials: "same-origin", headers: { "HX-Request": "true" } }).catch(() => null);
    if (!response?.ok) {
      window.setTimeout(() => this.box.isConnected && void this.open(), AGAIN_MS);
      return;
    }
    this.draw(await response.text());
    const own = this.own();
    const here = this.local();
    this.isOpen = true;
    if (!own) {
      if (here.text) this.changed();
    } else if (own.mark === this.mark || own.text === here.text) {
      this.sent = own;
      this.remember(own.mark);
      if (own.text !== here.text) this.changed();
    } else if (!here.text.trim()) {
      if (!this.isWaiting(own.text)) this.take(own);
    } else {
      this.changed(); // refused, for it was written from another state: then the writer chooses
    }
  }

  /** Tell whether these words wait in this browser for the connection: they need not be written again. */
  private isWaiting(text: string): boolean {
    return [...document.querySelectorAll("article.is-waiting .message-text")].some((one) => one.textContent === text);
  }

  private take(own: Local & { mark: string }): void {
    this.remember(own.mark);
    this.sent = own;
    this.show(own);
  }

  private flush(isLeaving = false): void {
    this.clearTimer();
    const here = this.local();
    const isSame = here.text === (this.sent?.text ?? "") && (!here.text || here.kind === this.sent?.kind);
    if (!this.isOpen || isSame) return;
    if (this.busy && !isLeaving) this.changed();
    else void this.store(here, isLeaving);
  }

  private async store(here: Local, isLeaving: boolean): Promise<void> {
    const round = this.round;
    this.busy = true;
    const keepalive = isLeaving && new Blob([here.text]).size < MOST_ALIVE;
    const response = await fetch(this.address, { method: "POST", body: this.form(here), keepalive, headers: { "HX-Request": "true" } }).catch(() => null);
    const words = response ? await response.text().catch(() => "") : "";
    this.busy = false;
    if (round !== this.round) this.before = (response?.ok && words) || this.before; // it was sent meanwhile
    else if (response?.status === CONFLICT) this.clash(words);
    else if (response?.ok) this.stored(here, words);
    else if (this.box.isConnected) this.timer ||= window.setTimeout(() => this.flush(), AGAIN_MS);
  }

  private stored(here: Local, mark: string): void {
    this.sent = here;
    this.before = "";
    this.remember(mark);
  }

  private form(here: Local): FormData {
    const data = new FormData();
    data.set("csrf_token", document.querySelector<HTMLMetaElement>('meta[name="csrf-token"]')?.content ?? "");
    for (const name of ["text", "kind", "seen"] as const) data.set(name, here[name]);
    data.set("mark", this.mark);
    data.set("before", this.before);
    data.set("client_key", this.box.querySelector<HTMLInputElement>('input[name="client_key"]')?.value ?? "");
    return data;
  }

  private clash(html: string): void {
    this.isOpen = false;
    this.draw(html);
  }

  private draw(html: string): void {
    const place = this.box.querySelector<HTMLElement>(".drafts-place");
    if (!place) return;
    place.innerHTML = html; // our own server's fragment, escaped there
    place.hidden = !place.querySelector(".draft-conflict, .draft-of");
    this.box.dispatchEvent(new CustomEvent("draft-drawn"));
  }

  private own(): (Local & { mark: string }) | null {
    const found = this.box.querySelector<HTMLElement>(".drafts-found[data-mark]");
    const text = found?.querySelector<HTMLTextAreaElement>(".draft-own")?.value ?? "";
    return found ? { text, kind: found.dataset["kind"] ?? "", seen: found.dataset["seen"] ?? "", mark: found.dataset["mark"] ?? "" } : null;
  }

  private readonly onLeave = (): void => {
    if (!this.box.isConnected) this.stop();
    else if (document.hidden) this.flush(true);
    else if (this.isOpen) void this.look(); // one comes back from another tab
  };

  private readonly onPoke = (event: Event): void => {
    if (!this.box.isConnected) this.stop();
    const poke = (event as CustomEvent<{ name: string; conversation?: string }>).detail;
    if (poke.name === "draft.changed" && poke.conversation === this.conversation && this.isOpen) void this.look();
  };

  /** The connection is back: drafts may have changed while nobody told. */
  private readonly onWatching = (event: Event): void => {
    if (!this.box.isConnected) this.stop();
    else if (this.isOpen && (event as CustomEvent<string>).detail === this.conversation) void this.look();
  };

  /** Who else writes here has changed. */
  private async look(): Promise<void> {
    const response = await fetch(`${this.address}s`, { credentials: "same-origin" }).catch(() => null);
    const isRead = this.box.querySelector(".drafts-place details[open]") !== null;
    if (!response?.ok || !this.isOpen || isRead) return;
    this.draw(await response.text());
    this.follow();
  }

  /** Another tab of the same writer went on, or sent it: what stands here unchanged does likewise. */
  private follow(): void {
    const here = this.local();
    if (this.busy || !this.sent || here.text !== this.sent.text) return; // words of its own stay
    const own = this.own();
    if (own && own.mark !== this.mark) this.take(own);
    if (own || this.box.querySelector("[data-take-over]")) return; // who took it over has it now: that is told
    this.sent = null;
    this.remember("");
    this.show({ ...here, text: "" });
  }

  private readonly onClick = (event: MouseEvent): void => {
    const pressed = (event.target as Element).closest<HTMLElement>("[data-draft], [data-take-over], [data-earlier]");
    if (!pressed) return;
    const { takeOver, earlier, draft } = pressed.dataset;
    if (takeOver) void this.ask(`${this.address}s/${takeOver}/take-over`);
    else if (earlier) void this.ask(`${this.address}/earlier/${earlier}`);
    else this.choose(draft ?? "");
  };

  /** Take over a colleague's draft or bring back earlier words; what stands here is stored first, among the earlier. */
  private async ask(address: string): Promise<void> {
    const here = this.local();
    this.clearTimer();
    if (here.text.trim() && here.text !== this.sent?.text) await this.store(here, false);
    if (!this.isOpen) return;
    const response = await fetch(address, { method: "POST", body: this.form(here), headers: { "HX-Request": "true" } }).catch(() => null);
    if (!response?.ok) {
      say(response ? await reasonOf(response) : t("The server cannot be reached."), "error");
      return;
    }
    this.draw(await response.text());
    const own = this.own();
    if (own) this.take(own);
  }

  private choose(what: string): void {
    const own = this.own();
    this.isOpen = true;
    if (what === "theirs" && own) this.take(own);
    else this.remember(own?.mark ?? "");
    this.before = "";
    if (what === "drop") this.show({ ...this.local(), text: "" });
    this.draw("");
    this.flush();
    this.field?.focus();
    void this.look();
  }
}
