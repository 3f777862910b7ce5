// <reply-leaving>: how long a reply can still be taken back, counted down; then the page is asked what became of it.
import { t } from "../page/words";

const EVERY_MS = 250;
const ASK_AFTER_MS = 4000; // what was due is looked for every three seconds

class ReplyLeaving extends HTMLElement {
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
    const words = this.querySelector("[data-left]");
    if (Number.isNaN(left) || !words) return;
    words.textContent = left > 0 ? t("Leaves in {seconds} s", { seconds: Math.ceil(left / 1000) }) : t("Leaving");
    if (left > -ASK_AFTER_MS) return;
    window.clearInterval(this.timer);
    document.dispatchEvent(new CustomEvent("tributary:stale"));
  }
}

/** Take back the reply that would leave last. */
export function undoSend(): boolean {
  const buttons = document.querySelectorAll<HTMLButtonElement>(".timeline-inner [data-undo]");
  const last = buttons[buttons.length - 1];
  last?.click();
  return last !== undefined;
}

customElements.define("reply-leaving", ReplyLeaving);
