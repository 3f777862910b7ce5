// <copy-text>: a text with a button that takes it along. Without this script the text is there to be marked by hand.
import { t } from "./words";

class CopyText extends HTMLElement {
  connectedCallback(): void {
    const button = this.querySelector<HTMLButtonElement>("[data-copy]");
    const text = this.querySelector<HTMLInputElement | HTMLTextAreaElement>("input, textarea");
    if (!button || !text) return;
    button.hidden = false;
    text.addEventListener("focus", () => text.select());
    button.addEventListener("click", () => void copy(text, button));
  }
}

async function copy(text: HTMLInputElement | HTMLTextAreaElement, button: HTMLButtonElement): Promise<void> {
  const before = button.textContent;
  try {
    await navigator.clipboard.writeText(text.value);
    button.textContent = t("Copied");
  } catch {
    text.select(); // no clipboard without https: the text is marked, the keyboard does the rest
    button.textContent = t("Press Ctrl+C");
  }
  setTimeout(() => (button.textContent = before), 2000);
}

customElements.define("copy-text", CopyText);
