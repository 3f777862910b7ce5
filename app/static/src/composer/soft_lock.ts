// A colleague is writing a reply here: said before one begins, and gone once their draft is left alone. Who writes anyway
// says so once; the server then sends their reply without asking again.
class SoftLock extends HTMLElement {
  private timer = 0;

  connectedCallback(): void {
    this.hidden = this.isKnown;
    this.timer = window.setTimeout(() => this.lookAgain(), (Number(this.dataset["seconds"]) + 1) * 1000);
    this.addEventListener("click", this.onClick);
  }

  disconnectedCallback(): void {
    window.clearTimeout(this.timer);
  }

  private get form(): HTMLFormElement | null {
    return this.closest("form");
  }

  private get isKnown(): boolean {
    const known = this.form?.querySelectorAll<HTMLInputElement>('input[name="known"]') ?? [];
    return [...known].some((one) => one.value === this.dataset["key"]);
  }

  private lookAgain(): void {
    const detail = { name: "draft.changed", conversation: this.dataset["conversation"] };
    document.dispatchEvent(new CustomEvent("tributary:poke", { detail }));
  }

  private readonly onClick = (event: MouseEvent): void => {
    const key = (event.target as Element).closest<HTMLElement>("[data-write-anyway]")?.dataset["writeAnyway"];
    if (!key || !this.form) return;
    const input = document.createElement("input");
    Object.assign(input, { type: "hidden", name: "known", value: key });
    this.form.append(input);
    this.hidden = true;
    this.form.querySelector<HTMLElement>("textarea.composer-text")?.focus();
  };
}

customElements.define("soft-lock", SoftLock);
