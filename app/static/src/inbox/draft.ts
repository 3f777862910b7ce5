// What was typed and not sent, kept in this browser per conversation until it is.
const PREFIX = "draft:";
const OLDEST_MS = 30 * 24 * 3600 * 1000;

interface Kept {
  text: string;
  kind: string;
  seen?: string; // the newest message when it was begun
  taken?: string; // the reply that was taken back whose words are in it
  at: number;
}

export class Draft {
  private readonly key: string;
  taken = "";
  seen = "";

  constructor(conversation: string) {
    const user = document.querySelector<HTMLMetaElement>('meta[name="user"]')?.content ?? "";
    this.key = `${PREFIX}${user}:${conversation}`;
  }

  keep(text: string, kind: string): void {
    try {
      if (!text) localStorage.removeItem(this.key);
      else localStorage.setItem(this.key, JSON.stringify({ text, kind, at: Date.now(), taken: this.taken, seen: this.seen } satisfies Kept));
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
    if (!kept || kept.taken === taken || !(kept.taken || taken)) return kept;
    if (kept.taken) return null; // that reply was given up
    return { ...kept, kind: "reply", text: standing ? `${standing}\n\n${kept.text}` : kept.text };
  }

  forget(): void {
    this.keep("", "");
  }
}
