// How often a part may be fetched while pokes keep coming.

const SHORTEST_PAUSE_MS = 25;
// A server that answers slowly is asked less often. The second run comes soon: what was just shown is being understood.
const PAUSE_AFTER_FIRST = 0.5;
const PAUSE_AFTER_MORE = 2; // times what the run took

/** Runs a task at once; calls during it, and during the pause after it, become one more run. Nothing starves. */
export class Pulse {
  private busy = false;
  private again = false;
  private runs = 0;

  constructor(private readonly task: () => Promise<unknown>) {}

  beat(): void {
    if (this.busy) this.again = true;
    else void this.run();
  }

  private async run(): Promise<void> {
    this.busy = true;
    this.again = false;
    const began = performance.now();
    await this.task();
    const took = performance.now() - began;
    const share = this.runs === 0 ? PAUSE_AFTER_FIRST : PAUSE_AFTER_MORE;
    this.runs += 1;
    setTimeout(() => this.rest(), Math.max(SHORTEST_PAUSE_MS, share * took));
  }

  private rest(): void {
    this.busy = false;
    if (this.again) void this.run();
    else this.runs = 0;
  }
}
