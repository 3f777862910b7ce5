// What survives a reload of the website: the visitor's token, what was not sent yet, what was read, the address left.
import type { Pending } from "./types";

interface Kept {
  token?: string;
  email?: string;
  readUpTo?: string;
  outbox?: { clientId: string; text: string; at: string }[];
}

/** Keeps values in a browser's storage, or only as long as this page where a browser forbids storage in frames. */
export class Memory {
  private kept: Kept = {};

  constructor(
    private readonly key: string,
    private readonly storage: () => Storage,
  ) {
    try {
      const value: unknown = JSON.parse(storage().getItem(key) ?? "{}");
      if (typeof value === "object" && value !== null) this.kept = value;
    } catch {
      this.kept = {};
    }
  }

  get token(): string | undefined {
    return this.kept.token;
  }

  get email(): string | undefined {
    return this.kept.email;
  }

  get readUpTo(): string | undefined {
    return this.kept.readUpTo;
  }

  set(values: Partial<Kept>): void {
    Object.assign(this.kept, values);
    try {
      this.storage().setItem(this.key, JSON.stringify(this.kept));
    } catch {
      // storage is forbidden or full: the values live as long as this page
    }
  }

  forgetToken(): void {
    delete this.kept.token;
    this.set({});
  }

  /** Files cannot be kept over a reload; words are. */
  keepOutbox(pending: readonly Pending[]): void {
    const words = pending.filter((one) => one.files.length === 0);
    this.set({ outbox: words.map(({ clientId, text, at }) => ({ clientId, text, at })) });
  }

  outbox(): Pending[] {
    return (this.kept.outbox ?? []).map((one) => ({ ...one, state: "waiting", reason: "", files: [] }));
  }
}
