// A question to the models: posted, then its fragment is fetched again when a poke says that it was answered.
// The poke is a hint: a few looks without one are the net under it.

const LOOKS_MS = [1500, 3000, 6000, 12_000, 24_000];

/** One running question. Every state of its fragment is handed to `show`; `stop` ends it. */
export class Question {
  private id = "";
  private stopped = false;
  private timer = 0;
  private looks = 0;
  private fetching = false;
  private again = false;
  private readonly aborting = new AbortController();

  constructor(private readonly show: (answer: HTMLElement) => void) {
    document.addEventListener("tributary:answered", this.onAnswered);
  }

  async ask(conversation: string, kind: string, text = ""): Promise<void> {
    const token = document.querySelector<HTMLMetaElement>('meta[name="csrf-token"]')?.content ?? "";
    const body = new URLSearchParams({ kind, text });
    const headers = { "X-CSRFToken": token, "HX-Request": "true", Accept: "text/html" };
    await this.take(`/conversations/${conversation}/asks`, { method: "POST", body, headers });
  }

  stop(): void {
    this.stopped = true;
    this.aborting.abort(); // a newer question takes this one's place: looking for it would find nothing
    window.clearTimeout(this.timer);
    document.removeEventListener("tributary:answered", this.onAnswered);
  }

  private readonly onAnswered = (event: Event): void => {
    if (this.id && (event as CustomEvent<string>).detail === this.id) void this.look();
  };

  private async look(): Promise<void> {
    if (this.fetching) {
      this.again = true;
      return;
    }
    await this.take(`/asks/${this.id}`, { headers: { "HX-Request": "true", Accept: "text/html" } });
    if (this.again && !this.stopped) {
      this.again = false;
      await this.look();
    }
  }

  private async take(address: string, options: RequestInit): Promise<void> {
    this.fetching = true;
    const answer = await fetchFragment(address, { ...options, signal: this.aborting.signal });
    this.fetching = false;
    if (this.stopped) return;
    if (answer) {
      this.id = answer.dataset["ask"] ?? "";
      this.show(answer);
    }
    if (answer?.dataset["state"] === "answered" || answer?.dataset["state"] === "failed") this.stop();
    else this.lookLater();
  }

  private lookLater(): void {
    window.clearTimeout(this.timer);
    const wait = LOOKS_MS[this.looks++];
    if (!this.id || wait === undefined) this.stop();
    else this.timer = window.setTimeout(() => void this.look(), wait);
  }
}

async function fetchFragment(address: string, options: RequestInit): Promise<HTMLElement | null> {
  try {
    const response = await fetch(address, { credentials: "same-origin", ...options });
    if (!response.ok) return null; // a newer question took its place, or the session has ended
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    return page.querySelector<HTMLElement>(".answer");
  } catch {
    return null; // stopped, or the network is away: help is a convenience, nothing waits for it
  }
}

/** Remember that a suggestion was taken. */
export function rememberUse(ask: string, place: string): void {
  const token = document.querySelector<HTMLMetaElement>('meta[name="csrf-token"]')?.content ?? "";
  const headers = { "X-CSRFToken": token, "HX-Request": "true" };
  const body = new URLSearchParams({ place });
  const options: RequestInit = { method: "POST", body, headers, credentials: "same-origin", keepalive: true };
  void fetch(`/asks/${ask}/uses`, options).catch(() => undefined); // one use more or less
}
