// <reply-window>: how long the channel lets an agent answer freely, counted down; at its end the page is asked anew.
const EVERY_MS = 15_000;
const SOON_MS = 3_600_000;

class ReplyWindow extends HTMLElement {
  private timer = 0;

  connectedCallback(): void {
    this.timer = window.setInterval(() => this.show(), EVERY_MS);
    this.show();
  }

  disconnectedCallback(): void {
    window.clearInterval(this.timer);
  }

  private show(): void {
    const left = Date.parse(this.dataset["until"] ?? "") - Date.now();
    if (Number.isNaN(left)) return;
    const words = this.querySelector("[data-left]");
    if (words) words.textContent = stretch(left);
    this.classList.toggle("way-soon", left < SOON_MS);
    if (left > 0) return;
    window.clearInterval(this.timer);
    document.dispatchEvent(new CustomEvent("tributary:stale"));
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
