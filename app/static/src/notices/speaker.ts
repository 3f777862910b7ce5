// Of all tabs of this browser one speaks: whoever holds the lock. Tabs tell each other what was told, and what is looked at.
import { openConversation } from "../inbox/regions";

type Said = { told: string[] } | { asks: true } | { looking: string };

const MOST_REMEMBERED = 500;

export class Speaker {
  private readonly channel: BroadcastChannel;
  private readonly told = new Set<string>();
  private looked = new Set<string>();
  speaks = false;

  constructor(user: string) {
    const name = `notices:${user}`;
    this.channel = new BroadcastChannel(name);
    this.channel.addEventListener("message", (event: MessageEvent<Said>) => this.hear(event.data));
    void navigator.locks.request(name, () => {
      this.speaks = true;
      return new Promise(() => undefined); // held until this tab goes
    });
  }

  /** Ask the other tabs what they look at; the answers come within milliseconds. */
  ask(): void {
    this.looked = new Set();
    this.channel.postMessage({ asks: true } satisfies Said);
  }

  isLookedAt(conversation: string): boolean {
    return conversation === lookingAt() || this.looked.has(conversation);
  }

  isNew(key: string): boolean {
    return !this.told.has(key);
  }

  tell(keys: string[]): void {
    this.remember(keys);
    this.channel.postMessage({ told: keys } satisfies Said);
  }

  private hear(said: Said): void {
    if ("told" in said) this.remember(said.told);
    else if ("looking" in said) this.looked.add(said.looking);
    else if (lookingAt()) this.channel.postMessage({ looking: lookingAt() ?? "" } satisfies Said);
  }

  private remember(keys: string[]): void {
    for (const key of keys) this.told.add(key);
    for (const key of this.told) {
      if (this.told.size <= MOST_REMEMBERED) break;
      this.told.delete(key);
    }
  }
}

/** The conversation before somebody's eyes, if this tab is. */
function lookingAt(): string | null {
  return document.hidden || !document.hasFocus() ? null : openConversation();
}
