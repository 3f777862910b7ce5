// What was written and is not in the history yet: sent in order, each until it is stored or refused for good.
import type { Memory } from "./memory";
import type { Answer, Pending } from "./types";

const TRY_AGAIN_MS = 5_000;

export interface Owner {
  deliver(one: Pending): Promise<Answer>;
  canSend(): boolean;
  changed(): void;
  stored(): void;
}

export class Outbox {
  pending: Pending[];
  private isSending = false;

  constructor(
    private readonly memory: Memory,
    private readonly owner: Owner,
  ) {
    this.pending = memory.outbox();
  }

  add(text: string, files: File[]): void {
    const at = new Date().toISOString();
    this.pending.push({ clientId: newId(), text, files, at, state: "waiting", reason: "" });
    this.memory.keepOutbox(this.pending);
    this.owner.changed();
  }

  retry(clientId: string): void {
    for (const one of this.pending) if (one.clientId === clientId) one.state = "waiting";
    this.owner.changed();
    void this.flush();
  }

  /** Forget what the history shows by now. */
  settle(shown: ReadonlySet<string>): void {
    this.pending = this.pending.filter((one) => !shown.has(one.clientId));
    this.memory.keepOutbox(this.pending);
  }

  /** Tells whether something is stored that the history has not shown yet. */
  hasStored(): boolean {
    return this.pending.some((one) => one.state === "sent");
  }

  async flush(): Promise<void> {
    if (this.isSending) return;
    this.isSending = true;
    try {
      for (let one = this.next(); one && this.owner.canSend(); one = this.next()) {
        if (await this.isDone(one)) continue;
        setTimeout(() => void this.flush(), TRY_AGAIN_MS);
        break;
      }
    } finally {
      this.isSending = false;
    }
    if (this.hasStored()) this.owner.stored();
  }

  private next(): Pending | undefined {
    return this.pending.find((one) => one.state === "waiting");
  }

  /** True once a message needs nothing more from us, stored or refused; false if it should be tried again. */
  private async isDone(one: Pending): Promise<boolean> {
    one.state = "sending";
    this.owner.changed();
    const answer = await this.owner.deliver(one).catch((): Answer => ({ ok: false, again: true }));
    one.state = answer.ok ? "sent" : answer.again ? "waiting" : "failed";
    one.reason = answer.ok ? "" : (answer.reason ?? "");
    this.owner.changed();
    return one.state !== "waiting";
  }
}

/** 128 random bits; `crypto.randomUUID` is missing on pages without https. */
function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
