// Help with the reply: suggestions, open questions and the tone of the draft in one line above the composer.
// Answers open over the timeline, so nothing moves; without the models the line says so and nothing else changes.
import { Question, rememberUse } from "./help/asking";
import { draftBox, draftField, expandShortcut, insert, isInDraft } from "./help/draft_text";
import "./help/summary";
import { ToneWatch } from "./help/tone";
import { openMessage } from "./help/message_link";
import { t } from "../page/words";

const KEYS: Record<string, string> = { KeyS: "suggestions", KeyQ: "questions", KeyT: "tone" };
const ON_FOCUS = ["suggestions", "questions"] as const;

class DraftHelpers extends HTMLElement {
  private readonly answers = new Map<string, HTMLElement>();
  private readonly questions = new Map<string, Question>();
  private tone: ToneWatch | undefined;
  private readonly words = new Map<string, string>();
  private opened = "";
  private newest = "";

  connectedCallback(): void {
    this.newest ||= this.dataset["newest"] ?? "";
    this.tone ??= new ToneWatch(this.conversation, (answer, text) => this.onTone(answer, text));
    this.addEventListener("click", this.onClick);
    document.addEventListener("keydown", this.onKey);
    document.addEventListener("focusin", this.onFocus);
    document.addEventListener("input", this.onInput);
    document.addEventListener("submit", this.onSubmit, true);
    document.addEventListener("tributary:refreshed", this.onRefreshed);
  }

  disconnectedCallback(): void {
    queueMicrotask(() => this.isConnected || this.stop()); // a morph may only have moved it
    document.removeEventListener("keydown", this.onKey);
    document.removeEventListener("focusin", this.onFocus);
    document.removeEventListener("input", this.onInput);
    document.removeEventListener("submit", this.onSubmit, true);
    document.removeEventListener("tributary:refreshed", this.onRefreshed);
  }

  private stop(): void {
    this.tone?.stop();
    for (const question of this.questions.values()) question.stop();
  }

  private get conversation(): string {
    return this.dataset["conversation"] ?? "";
  }

  private get panel(): HTMLElement {
    return this.querySelector(".helper-panel") as HTMLElement;
  }

  private button(kind: string): HTMLButtonElement | null {
    return this.querySelector<HTMLButtonElement>(`[data-helper="${kind}"]`);
  }

  private ask(kind: string, text = ""): void {
    this.questions.get(kind)?.stop();
    const question = new Question((answer) => this.take(kind, answer));
    this.questions.set(kind, question);
    void question.ask(this.conversation, kind, text);
  }

  private take(kind: string, answer: HTMLElement): void {
    this.answers.set(kind, answer);
    this.count(kind, answer);
    if (this.opened === kind) this.draw();
  }

  private count(kind: string, answer: HTMLElement): void {
    const isDone = answer.dataset["state"] === "answered";
    const found = isDone ? Number(answer.dataset["count"] ?? "0") : 0;
    const badge = this.button(kind)?.querySelector(".helper-count");
    if (badge) badge.textContent = found ? String(found) : "";
    this.button(kind)?.toggleAttribute("data-found", found > 0);
    this.say(kind, answer.querySelector<HTMLElement>("[data-word]")?.dataset["word"] ?? "");
  }

  /** Say something at the end of the line, each for itself: the answer of one does not wipe out what another said. */
  private say(about: string, words: string): void {
    this.words.set(about, words);
    const line = this.querySelector(".helper-word");
    if (line) line.textContent = [...this.words.values()].find(Boolean) ?? "";
  }

  private toggle(kind: string): void {
    if (this.opened === kind) {
      this.close();
      return;
    }
    this.opened = kind;
    if (kind === "tone") this.tone?.look(draftBox()?.value ?? "");
    else if (!this.answers.has(kind) || this.answers.get(kind)?.dataset["state"] !== "answered") this.ask(kind);
    this.draw();
  }

  private close(): void {
    this.opened = "";
    this.draw();
  }

  private draw(): void {
    const answer = this.answers.get(this.opened);
    const empty = this.opened === "tone" ? t("Write a reply: what should be looked at again is said here.") : "";
    if (answer) this.panel.replaceChildren(answer.cloneNode(true));
    else this.panel.textContent = empty;
    this.panel.hidden = !this.opened || (!answer && !empty);
    for (const button of this.querySelectorAll<HTMLElement>("[data-helper]")) {
      button.setAttribute("aria-expanded", String(button.dataset["helper"] === this.opened));
    }
  }

  private readonly onClick = (event: Event): void => {
    const target = event.target as HTMLElement;
    const helper = target.closest<HTMLElement>("[data-helper]");
    const suggestion = target.closest<HTMLElement>("[data-place]");
    const hint = target.closest<HTMLElement>(".hint");
    if (helper) this.toggle(helper.dataset["helper"] ?? "");
    else if (suggestion) this.takeUp(suggestion);
    else if (hint && target.closest("[data-show]")) this.tone?.point(hint);
    else if (hint && target.closest("[data-dismiss]")) this.dismiss(hint);
    else openMessage(event);
  };

  private takeUp(suggestion: HTMLElement): void {
    const words = suggestion.querySelector("[data-words]")?.textContent ?? "";
    const ask = suggestion.closest<HTMLElement>(".answer")?.dataset["ask"] ?? "";
    insert(words);
    rememberUse(ask, suggestion.dataset["place"] ?? "");
    this.close();
    draftField()?.focus();
  }

  private dismiss(hint: HTMLElement): void {
    this.tone?.dismiss(hint);
    const answer = this.answers.get("tone");
    answer?.querySelectorAll(".hint")[[...this.panel.querySelectorAll(".hint")].indexOf(hint)]?.remove();
    if (!answer) return;
    answer.dataset["count"] = String(answer.querySelectorAll(".hint").length);
    this.count("tone", answer);
    if (answer.dataset["count"] === "0") this.close();
    else this.draw();
  }

  private onTone(answer: HTMLElement, text: string): void {
    this.take("tone", answer);
    const isDone = answer.dataset["state"] === "answered";
    const wasSent = isDone && draftBox()?.value === "" && Number(answer.dataset["count"]) > 0;
    this.say("sent", wasSent ? t("Look again at what you just sent") : "");
    const open = this.answers.get("questions");
    if (isDone && text && Number(open?.dataset["count"]) + (open?.querySelectorAll(".is-in-draft").length ?? 0) > 0) {
      this.ask("questions", text); // tick off what the draft answers
    }
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    if (isInDraft(event.target)) void expandShortcut(event, this.conversation);
    if (event.key === "Escape" && this.opened) this.close();
    if (!event.altKey || event.ctrlKey || event.metaKey || event.getModifierState("AltGraph")) return;
    const kind = KEYS[event.code];
    const digit = /^Digit([1-9])$/.exec(event.code)?.[1];
    const suggestion = this.panel.querySelectorAll<HTMLElement>("[data-place]")[Number(digit) - 1];
    if (kind) this.toggle(kind);
    else if (suggestion && this.opened === "suggestions") this.takeUp(suggestion);
    else return;
    event.preventDefault();
  };

  private readonly onFocus = (event: FocusEvent): void => {
    if (!isInDraft(event.target)) return;
    for (const kind of ON_FOCUS) if (!this.answers.has(kind) && !this.questions.has(kind)) this.ask(kind);
  };

  private readonly onInput = (event: Event): void => {
    if (event.target === draftBox()) this.tone?.typed();
  };

  /** The reply is on its way already; what it says is looked at all the same. */
  private readonly onSubmit = (event: Event): void => {
    if ((event.target as HTMLElement).closest("composer-box")) this.tone?.look(draftBox()?.value ?? "");
  };

  /** Something new was said: what was known is no longer true. */
  private readonly onRefreshed = (): void => {
    const newest = this.dataset["newest"] ?? "";
    if (newest === this.newest) return;
    this.newest = newest;
    for (const kind of ON_FOCUS) if (this.questions.has(kind)) this.ask(kind);
  };
}

customElements.define("draft-helpers", DraftHelpers);
