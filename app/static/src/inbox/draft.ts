// What was typed and not sent, kept in this browser per conversation until it is.
const PREFIX = "draft:";
const OLDEST_MS = 30 * 24 * 3600 * 1000;

interface Kept {
  text: string;
  kind: string;
  at: number;
}

export class Draft {
  private readonly key: string;

  constructor(conversation: string) {
    const user = document.querySelector<HTMLMetaElement>('meta[name="user"]')?.content ?? "";
    this.key = `${PREFIX}${user}:${conversation}`;
  }

  keep(text: string, kind: string): void {
    try {
      if (!text) localStorage.removeItem(this.key);
      else localStorage.setItem(this.key, JSON.stringify({ text, kind, at: Date.now() } satisfies Kept));
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

  forget(): void {
    this.keep("", "");
  }
}
