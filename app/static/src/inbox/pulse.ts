// How often a part may be fetched while pokes keep coming.

const SHORTEST_PAUSE_MS = 25;
const PAUSE_PER_RUN = 2; // a server that answers slowly is asked less often

/** Runs a task at once; calls during it, and during the pause after it, become one more run. Nothing starves. */
export class Pulse {
  private busy = false;
  private again = false;

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
    setTimeout(() => this.rest(), Math.max(SHORTEST_PAUSE_MS, PAUSE_PER_RUN * took));
  }

  private rest(): void {
    this.busy = false;
    if (this.again) void this.run();
  }
}
