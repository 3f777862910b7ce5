// <search-field>: hints that follow what is typed. Without this script they are a plain list behind the question mark.
class SearchField extends HTMLElement {
  connectedCallback(): void {
    this.addEventListener("input", (event) => {
      if (event.target === this.text) this.suggest(true);
    });
    this.addEventListener("focusin", (event) => {
      if (event.target === this.text) this.suggest(true);
    });
    this.addEventListener("keydown", (event) => this.onKey(event));
    this.addEventListener("click", (event) => {
      const hint = (event.target as Element).closest<HTMLElement>(".search-hint");
      if (hint) this.take(hint.dataset["insert"] ?? "");
      else if ((event.target as Element).closest("summary")) this.showAll();
      else if (event.target === this.text) setTimeout(() => this.suggest(true)); // after what a click elsewhere closes
    });
    this.addEventListener("submit", () => this.close());
    document.addEventListener("tributary:refreshed", this.again);
    this.addEventListener("focusout", (event) => {
      if (!this.contains(event.relatedTarget as Node | null)) this.close();
    });
  }

  disconnectedCallback(): void {
    document.removeEventListener("tributary:refreshed", this.again);
  }

  /** A refreshed list shows every hint, as the server made it. */
  private again = (): void => {
    if (this.menu?.open && document.activeElement === this.text) this.suggest(true);
  };

  private get text(): HTMLInputElement | null {
    return this.querySelector<HTMLInputElement>(".search-text");
  }

  private get menu(): HTMLDetailsElement | null {
    return this.querySelector<HTMLDetailsElement>(".search-help");
  }

  private get hints(): HTMLElement[] {
    return [...this.querySelectorAll<HTMLElement>(".search-hint")];
  }

  /** Show the hints that go on with the word at the caret: operators first, values once an operator stands there. */
  private suggest(open: boolean): void {
    const word = this.wordAtCaret().toLowerCase().replace(/^-/, "");
    let shown = 0;
    for (const hint of this.hints) {
      const insert = (hint.dataset["insert"] ?? "").toLowerCase();
      const fits = insert.trim() !== word && insert.startsWith(word);
      const isValue = hint.classList.contains("search-value");
      hint.hidden = !(fits && (word.includes(":") ? isValue : !isValue));
      if (!hint.hidden) shown += 1;
    }
    const menu = this.menu;
    if (menu) menu.open = open && shown > 0;
  }

  private showAll(): void {
    for (const hint of this.hints) hint.hidden = hint.classList.contains("search-value");
  }

  private take(insert: string): void {
    const text = this.text;
    if (!text) return;
    const end = text.selectionStart ?? text.value.length;
    const word = this.wordAtCaret();
    const start = end - word.length;
    const before = text.value.slice(0, start) + (word.startsWith("-") ? "-" : "");
    text.value = before + insert + text.value.slice(end);
    text.focus();
    const caret = before.length + insert.length;
    text.setSelectionRange(caret, caret);
    this.suggest(true);
  }

  private onKey(event: KeyboardEvent): void {
    const shown = this.hints.filter((hint) => !hint.hidden);
    if (event.key === "Escape") {
      if (this.menu?.open) {
        this.close();
        this.text?.focus();
        this.close(); // focusing opens it
      } else this.text?.blur();
      event.stopPropagation();
      return;
    }
    const by = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (!by || !this.menu?.open || !shown.length) return;
    const at = shown.indexOf(document.activeElement as HTMLElement) + by;
    if (at < 0) this.text?.focus();
    else shown[Math.min(at, shown.length - 1)]?.focus();
    event.preventDefault();
  }

  private wordAtCaret(): string {
    const text = this.text;
    if (!text) return "";
    const before = text.value.slice(0, text.selectionStart ?? text.value.length);
    return before.slice(Math.max(before.lastIndexOf(" "), before.lastIndexOf("\t")) + 1);
  }

  private close(): void {
    if (this.menu) this.menu.open = false;
  }
}

customElements.define("search-field", SearchField);

export function focusSearch(): boolean {
  const text = document.querySelector<HTMLInputElement>(".search-text");
  text?.focus();
  text?.select();
  return text !== null;
}
