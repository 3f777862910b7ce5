// Looks at the draft while it is written and once more when it is sent. It says what it thinks and stops nothing.
import { Question } from "./asking";
import { draftBox, draftField, isReply } from "./draft_text";

const PAUSE_MS = 900; // after the last key
const LONGEST_MS = 6000; // while somebody types without a pause
const SHORTEST_DRAFT = 8;

export class ToneWatch {
  private checked = ""; // the words of the last answer
  private asked = "";
  private timer = 0;
  private since = 0;
  private question: Question | null = null;
  private readonly dismissed = new Set<string>();

  constructor(
    private readonly conversation: string,
    private readonly show: (answer: HTMLElement, text: string) => void,
  ) {}

  stop(): void {
    window.clearTimeout(this.timer);
    this.question?.stop();
  }

  typed(): void {
    window.clearTimeout(this.timer);
    this.since ||= Date.now();
    const wait = Math.max(0, Math.min(PAUSE_MS, this.since + LONGEST_MS - Date.now()));
    this.timer = window.setTimeout(() => this.look(draftBox()?.value ?? ""), wait);
  }

  /** Look at these words now, unless that has been done. */
  look(text: string): void {
    window.clearTimeout(this.timer);
    this.since = 0;
    if (!isReply() || text.trim().length < SHORTEST_DRAFT || text === this.asked) return;
    this.asked = text;
    this.question?.stop();
    this.question = new Question((answer) => {
      if (answer.dataset["state"] === "answered") {
        this.checked = text;
        this.withoutDismissed(answer, text);
      } else if (answer.dataset["state"] === "failed") {
        this.asked = "";
      }
      this.show(answer, text);
    });
    void this.question.ask(this.conversation, "tone", text);
  }

  /** Dismiss a hint for as long as this conversation is open. */
  dismiss(hint: HTMLElement): void {
    this.dismissed.add(keyOf(hint, this.checked));
  }

  /** Select the words that a hint is about, if they are still there. */
  point(hint: HTMLElement): void {
    draftField()?.select(wordsOf(hint, this.checked));
  }

  private withoutDismissed(answer: HTMLElement, text: string): void {
    for (const hint of answer.querySelectorAll<HTMLElement>(".hint")) {
      if (this.dismissed.has(keyOf(hint, text))) hint.remove();
      const quote = hint.querySelector(".hint-quote");
      if (quote) quote.textContent = hint.dataset["hint"] === "language" ? "" : clipped(wordsOf(hint, text));
    }
    answer.dataset["count"] = String(answer.querySelectorAll(".hint").length);
  }
}

function wordsOf(hint: HTMLElement, text: string): string {
  return text.slice(Number(hint.dataset["start"]), Number(hint.dataset["end"]));
}

function keyOf(hint: HTMLElement, text: string): string {
  const kind = hint.dataset["hint"] ?? "";
  return kind === "language" ? kind : `${kind} ${wordsOf(hint, text)}`;
}

function clipped(words: string): string {
  return words.length > 90 ? `${words.slice(0, 88)}…` : words;
}
