// <reply-window>: how long the channel lets an agent answer freely, counted down; at its end the page is asked anew.
const EVERY_MS = 15_000;
const AGAIN_MS = 5_000; // where the server's clock is behind ours the window is still open: ask again, not at once
const SOON_MS = 3_600_000;

class ReplyWindow extends HTMLElement {
  private timer = 0;

  connectedCallback(): void {
    this.show();
  }

  disconnectedCallback(): void {
    window.clearTimeout(this.timer);
  }

  private show(): void {
    window.clearTimeout(this.timer);
    const left = Date.parse(this.dataset["until"] ?? "") - Date.now();
    if (Number.isNaN(left)) return;
    const words = this.querySelector("[data-left]");
    if (words) words.textContent = stretch(left);
    this.classList.toggle("way-soon", left < SOON_MS);
    this.timer = window.setTimeout(() => this.show(), left > 0 ? Math.min(EVERY_MS, left + 50) : AGAIN_MS);
    if (left <= 0) document.dispatchEvent(new CustomEvent("tributary:stale"));
  }
}

/** The two largest units, as the server says them: "3 h 12 min". */
function stretch(milliseconds: number): string {
  const minutes = Math.max(0, Math.floor(milliseconds / 60_000));
  const [days, hours, rest] = [Math.floor(minutes / 1440), Math.floor((minutes % 1440) / 60), minutes % 60];
  if (days) return hours ? `${days} d ${hours} h` : `${days} d`;
  if (hours) return rest ? `${hours} h ${rest} min` : `${hours} h`;
  return minutes ? `${minutes} min` : "less than a minute";
}

customElements.define("reply-window", ReplyWindow);
