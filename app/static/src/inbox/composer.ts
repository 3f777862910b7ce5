// The composer: drafts that survive a change of page, files by drop and paste, and a bubble that is there at once.
import { Emoji } from "../composer/emoji";
import { fieldOf, type WritingField } from "../composer/field";
import { Formatting } from "../composer/formatting";
import { missing } from "../composer/pictures";
import { t } from "../page/words";
import { forgetAnswered } from "./answering";
import { Draft } from "./draft";
import { putBack, replyAll, takeExtras, type Extras } from "./extras";
import type { Kept } from "./draft_files";
import { Files } from "./files";
import { Limits } from "./limits";
import { signal } from "./live";
import type { Refused } from "./outbox";
import { send } from "./sending";

type Kind = "reply" | "note";

const TYPING_EVERY_MS = 2500;
const SHORT = 2000; // characters: what is longer is not counted from the start
const NEAR = 0.9; // of the limit

class ComposerBox extends HTMLElement {
  private draft!: Draft;
  private files!: Files;
  private formatting!: Formatting;
  private readonly limits = new Limits(this);
  private lastTyping = 0;
  private failed: { key: string; text: string } | null = null;
  private lastButton: HTMLButtonElement | null = null;
  private saysOfFiles = false; // what is wrong, as it is said now

  connectedCallback(): void {
    // a morph puts the box in place first, and its form right after
    if (this.querySelector("form")) this.begin();
    else queueMicrotask(() => this.isConnected && this.querySelector("form") && this.begin());
  }

  private begin(): void {
    this.draft = new Draft(this.dataset["conversation"] ?? "");
    const around = { mayStore: () => !this.tooMuch(), changed: () => this.problemOfFiles(), refused: (reason: string) => this.problem(reason, true) };
    this.files = new Files(this, this.form, this.querySelector(".composer-files"), around);
    this.form.addEventListener("submit", this.onSubmit);
    this.field.onInput(this.onInput);
    this.formatting = new Formatting(this, this.textarea, this.field, this.files);
    new Emoji(this, this.field);
    this.form.addEventListener("keydown", this.onKey);
    this.form.addEventListener("click", this.onClick);
    this.form.addEventListener("change", (event) => event.target !== this.textarea && this.showKind());
    document.addEventListener("tributary:refreshed", this.onRefreshed);
    document.addEventListener("tributary:refused", this.onRefused);
    document.dispatchEvent(new CustomEvent("tributary:waiting"));
    const taken = this.dataset["taken"] ?? "";
    const kept = this.draft.begin(this.text, taken);
    if (kept && (taken || !this.text)) this.field.setText(kept.text);
    if (kept) this.choose(kept.kind as Kind);
    this.markBegin();
    this.showKind();
  }

  disconnectedCallback(): void {
    document.removeEventListener("tributary:refreshed", this.onRefreshed);
    document.removeEventListener("tributary:refused", this.onRefused);
  }

  /** Put the cursor into the box, set to a reply or a note. */
  start(kind: Kind): void {
    this.choose(kind);
    this.field.focus();
  }

  private get form(): HTMLFormElement {
    return this.querySelector("form") as HTMLFormElement;
  }

  private get field(): WritingField {
    return fieldOf(this) as WritingField; // there whenever the form is
  }

  private get text(): string {
    return this.field.text();
  }

  private get textarea(): HTMLTextAreaElement {
    return this.querySelector(".composer-text") as HTMLTextAreaElement;
  }

  private get kind(): Kind {
    return this.querySelector<HTMLInputElement>('input[name="kind"]:checked')?.value === "note" ? "note" : "reply";
  }

  private choose(kind: Kind): void {
    const radio = this.querySelector<HTMLInputElement>(`input[name="kind"][value="${kind}"]`);
    if (radio && !radio.disabled) radio.checked = true;
    this.showKind();
  }

  private showKind(): void {
    this.textarea.placeholder = this.kind === "note" ? t("Write a note that only colleagues see…") : t("Write a reply…");
    this.formatting.show(this.kind);
    this.draft.keep(this.text, this.kind);
    const files = this.querySelector<HTMLInputElement>('input[name="files"]');
    if (files) files.accept = this.kind === "reply" ? this.limits.accept : "";
    this.count();
    this.problem(this.tooMuch());
  }

  /** Remember the newest message when a reply is begun: the server shows what came in since before it sends. */
  private markBegin(): void {
    if (!this.text) this.draft.seen = "";
    else this.draft.seen ||= this.newest();
    const field = this.querySelector<HTMLInputElement>('input[name="seen"]');
    if (field) field.value = this.draft.seen || this.newest();
  }

  private newest(): string {
    return this.closest<HTMLElement>("conversation-view")?.dataset["newest"] ?? "";
  }

  private readonly onInput = (): void => {
    this.markBegin();
    this.draft.keep(this.text, this.kind);
    this.problem(this.tooMuch());
    this.count();
    if (Date.now() - this.lastTyping > TYPING_EVERY_MS) {
      this.lastTyping = Date.now();
      signal("typing", { note: this.kind === "note" });
    }
  };

  private readonly onKey = (event: KeyboardEvent): void => {
    const field = event.target as HTMLElement;
    if (event.key === "Escape" && field.matches("textarea, [contenteditable]")) field.blur();
    if (event.key !== "Enter" || event.isComposing) return;
    const isWanted = event.ctrlKey || event.metaKey;
    if (!isWanted && !field.matches('input:not([type="checkbox"], [type="radio"], [type="file"])')) return;
    event.preventDefault(); // Enter in a line of text sends nothing
    const wanted = field.matches('[name="later_at"]') ? 'button[name="later"][value="at"]' : `[data-send="${this.kind}"]`;
    const button = this.querySelector<HTMLButtonElement>(wanted);
    if (button && (isWanted || field.matches('[name="later_at"]'))) this.form.requestSubmit(button);
  };

  private readonly onClick = (event: MouseEvent): void => {
    const pressed = (event.target as Element).closest<HTMLElement>("[data-reply-all], [data-anyhow], [data-open], [data-rewrite]");
    if (!pressed || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const everybody = pressed.dataset["replyAll"];
    if (everybody) replyAll(this.form, everybody);
    else if (pressed.hasAttribute("data-anyhow")) this.form.requestSubmit(this.lastButton);
    else if (pressed.hasAttribute("data-open")) this.form.requestSubmit(this.querySelector('[data-send="reply"]'));
    else this.showNews("");
    if (!pressed.matches("[data-anyhow], [data-open]")) this.field.focus();
  };

  private readonly onSubmit = (event: SubmitEvent): void => {
    event.preventDefault();
    if (!this.text.trim() && !this.keepsFiles() && !this.files.any()) return this.problem(t("Write something, or attach a file."));
    const reason = this.tooMuch() || this.lost() || (this.kind === "reply" ? this.limits.problemOfText(this.text.trim()) : "");
    if (reason) return this.problem(reason);
    this.lastButton = event.submitter as HTMLButtonElement | null;
    const isLater = this.files.isLater(() => this.isConnected && this.form.requestSubmit(this.lastButton));
    if (isLater) return this.problem(t("The files are still being stored: this leaves right after."));
    this.markBegin();
    const template = this.querySelector<HTMLTemplateElement>("template.pending-message");
    const outgoing = { form: this.form, button: this.lastButton, template, kind: this.kind };
    const text = this.text;
    const pictured = this.kind === "reply" ? text : "";
    this.files.intoForm(pictured);
    let files: Kept[] = [];
    // the same words again may have arrived the first time: under the same key they are stored once
    if (this.failed?.text === text) this.setKey(this.failed.key);
    const key = this.key();
    let extras: Extras = new Map();
    const seen = this.draft.seen;
    const back = (reason: string): void => {
      this.draft.seen = seen;
      this.giveBack(key, text, files, extras, reason);
    };
    const job = send(outgoing, { failed: back, changed: (html) => (back(""), this.showNews(html)) });
    if (!job) return;
    files = this.files.leave(pictured);
    extras = takeExtras(this.form);
    this.failed = null;
    this.showNews("");
    this.setKey(crypto.randomUUID().replaceAll("-", ""));
    this.field.setText("");
    this.draft.forget();
    this.draft.taken = this.draft.seen = "";
    this.problem("");
    this.count();
    forgetAnswered(this.form);
  };

  /** Show what was said meanwhile, "" for nothing; sent once more, the reply leaves. */
  private showNews(html: string): void {
    const place = this.querySelector(".composer-news-place");
    if (!place) return;
    place.innerHTML = html; // our own server's fragment, escaped there
    const news = place.querySelector<HTMLElement>(".composer-news");
    if (!news) return;
    this.draft.seen = news.dataset["newest"] ?? "";
    this.markBegin();
    this.draft.keep(this.text, this.kind);
    news.querySelector<HTMLElement>("button")?.focus();
    document.dispatchEvent(new CustomEvent("tributary:stale"));
  }

  /** Files of a reply that was taken back stay with the server, ticked. */
  private keepsFiles(): boolean {
    return this.kind === "reply" && this.querySelector('input[name="kept"]:checked') !== null;
  }

  private key(): string {
    return this.querySelector<HTMLInputElement>('input[name="client_key"]')?.value ?? "";
  }

  private setKey(key: string): void {
    const field = this.querySelector<HTMLInputElement>('input[name="client_key"]');
    if (field) field.value = key;
  }

  /** The words and files return with the reason; what was typed meanwhile is kept below them. */
  private giveBack(key: string, text: string, files: Kept[], extras: Extras, reason: string): void {
    this.field.setText(this.text ? `${text}\n\n${this.text}` : text);
    this.failed = { key, text };
    this.files.giveBack(files);
    putBack(this.form, extras);
    this.draft.taken = this.dataset["taken"] ?? "";
    this.draft.keep(this.text, this.kind);
    this.problem(reason);
    this.field.focus();
  }

  /** What waited for the connection comes back: the server refused it, or somebody took it back. */
  private readonly onRefused = (event: Event): void => {
    const { waiting, reason, news } = (event as CustomEvent<Refused>).detail;
    if (waiting.conversation !== this.dataset["conversation"]) return;
    this.choose(waiting.kind);
    this.lastButton = this.querySelector(`[name="then"][value="${CSS.escape(new Map(waiting.fields).get("then") ?? "")}"]`); // for "anyhow"
    this.draft.seen = new Map(waiting.fields).get("seen") ?? "";
    this.giveBack(waiting.key, waiting.text, [], new Map(waiting.fields), reason);
    this.files.giveBackIds(waiting.fields.flatMap(([name, value]) => (name === "draft_file" ? [value] : [])));
    if (news) this.showNews(news);
  };

  /** A reply that seemed lost may have been stored all the same: then its words need not be sent again. */
  private readonly onRefreshed = (): void => {
    if (!this.failed || !document.querySelector(`#k-${CSS.escape(this.failed.key)}[data-message]`)) return;
    if (this.text === this.failed.text) {
      this.files.leave(this.text);
      this.field.setText("");
      this.draft.forget();
      this.problem("");
    }
    this.failed = null;
  };

  /** Say what is wrong with the files, or that nothing is any more: what was said of the words stays. */
  private problemOfFiles(): void {
    if (this.tooMuch() || this.saysOfFiles) this.problem(this.tooMuch());
  }

  private problem(reason: string, isOfFiles = Boolean(reason) && reason === this.tooMuch()): void {
    this.saysOfFiles = isOfFiles;
    const line = this.querySelector<HTMLElement>(".composer-problem");
    if (line) Object.assign(line, { textContent: reason, hidden: !reason });
  }

  /** What is wrong with the files, for a reply: a note never leaves. */
  private tooMuch(): string {
    return this.kind === "reply" ? this.limits.problemOf(this.files.of(this.text)) : "";
  }

  /** Words that were brought back may name a picture that nobody has any more. */
  private lost(): string {
    const name = this.kind === "reply" && this.formatting.isOn ? missing(this.text, this.form, (id) => this.files.hasPicture(id)) : "";
    return name && t("The picture “{name}” is not here any more. Put it in again, or take it out.", { name });
  }

  /** Short limits are always counted, long ones near their end. */
  private count(): void {
    const line = this.querySelector<HTMLElement>(".composer-count");
    if (!line) return;
    const longest = this.kind === "reply" ? this.limits.longest : 0;
    const used = this.limits.length(this.text);
    const isNear = used > longest * NEAR;
    line.textContent = longest && (longest <= SHORT || isNear) ? `${used.toLocaleString("en")} / ${longest.toLocaleString("en")}` : "";
    line.classList.toggle("is-near", longest > 0 && isNear);
    line.classList.toggle("is-over", longest > 0 && used > longest);
  }
}

export function focusComposer(kind: Kind): boolean {
  const box = document.querySelector<ComposerBox>("composer-box");
  box?.start(kind);
  return box !== null;
}

customElements.define("composer-box", ComposerBox);
