// Which conversations pokes told of, and when: what was asked for before is out of date.

const MOST = 500;

export class Heard {
  private readonly at = new Map<string, number>();
  private last = -1;
  private lastOfAll = -1; // one that names no conversation may mean any

  /** Note a poke; `changesPane`: also what stands in the conversation is another. */
  note(conversation: string | undefined, changesPane: boolean): void {
    this.last = performance.now();
    if (!changesPane) return;
    if (conversation === undefined) {
      this.lastOfAll = this.last;
      return;
    }
    this.at.delete(conversation); // so that the oldest comes first
    this.at.set(conversation, this.last);
    const [oldest] = this.at.keys();
    if (this.at.size > MOST && oldest !== undefined) this.at.delete(oldest);
  }

  anySince(moment: number): boolean {
    return this.last >= moment;
  }

  since(moment: number, conversation: string | null): boolean {
    return conversation !== null && Math.max(this.lastOfAll, this.at.get(conversation) ?? -1) >= moment;
  }
}
