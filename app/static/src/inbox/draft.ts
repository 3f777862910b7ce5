// What was typed and not sent, kept in this browser per conversation until it is, and on the server (shared_draft.ts).
import { SharedDraft } from "./shared_draft";

const PREFIX = "draft:";
const OLDEST_MS = 30 * 24 * 3600 * 1000;

interface Kept {
  text: string;
  kind: string;
  seen?: string; // the newest message when it was begun
  taken?: string; // the reply that was taken back whose words are in it
  mark?: string; // the server's state of it that was seen last
  at: number;
}

export class Draft {
  private readonly key: string;
  taken = "";
  seen = "";
  mark = "";
  private shared: SharedDraft | null = null;

  constructor(private readonly conversation: string) {
    const user = document.querySelector<HTMLMetaElement>('meta[name="user"]')?.content ?? "";
    this.key = `${PREFIX}${user}:${conversation}`;
  }

  keep(text: string, kind: string): void {
    this.store(text, kind);
    this.shared?.changed();
  }

  private store(text: string, kind: string): void {
    try {
      if (!text) localStorage.removeItem(this.key);
      else localStorage.setItem(this.key, JSON.stringify({ text, kind, at: Date.now(), taken: this.taken, seen: this.seen, mark: this.mark } satisfies Kept));
    } catch {
      // private windows may have no storage: the text still stands in the box
    }
  }

  read(): Kept | null {
    try {
      const kept = JSON.parse(localStorage.getItem(this.key) ?? "null") as Kept | null;
      return kept && Date.now() - kept.at < OLDEST_MS ? kept : null;
    } catch {
      return null;
    }
  }

  /** What stands in the box at the start: what was typed here, after a reply that was just taken back. */
  begin(standing: string, taken: string): Kept | null {
    const kept = this.read();
    this.taken = taken;
    this.seen = (kept?.taken ?? "") === taken ? (kept?.seen ?? "") : "";
    this.mark = kept?.mark ?? "";
    this.share(taken);
    if (!kept || kept.taken === taken || !(kept.taken || taken)) return kept;
    if (kept.taken) return null; // that reply was given up
    return { ...kept, kind: "reply", text: standing ? `${standing}\n\n${kept.text}` : kept.text };
  }

  /** Keep beside the words which state of the server's draft they were made from. */
  remember(mark: string): void {
    this.mark = mark;
    const kept = this.read();
    if (kept) this.store(kept.text, kept.kind);
  }

  /** What was taken back is kept by the server as it is: it is no draft of its own. */
  private share(taken: string): void {
    const box = document.querySelector<HTMLElement>(`composer-box[data-conversation="${CSS.escape(this.conversation)}"]`);
    if (box && !taken) this.shared = new SharedDraft(box, this.conversation, this);
  }

  forget(): void {
    this.store("", "");
    this.shared?.forget();
  }
}
