// <filter-list>: a search field that leaves of a list what holds every word. Without this script the form asks the server.
class FilterList extends HTMLElement {
  connectedCallback(): void {
    const field = this.querySelector<HTMLInputElement>('input[type="search"]');
    field?.form?.addEventListener("submit", (event) => event.preventDefault());
    field?.addEventListener("input", () => this.show(field.value));
    if (field?.value) this.show(field.value);
  }

  private show(typed: string): void {
    const words = typed.toLocaleLowerCase().split(/\s+/).filter(Boolean);
    let found = 0;
    for (const item of this.querySelectorAll<HTMLElement>("[data-words]")) {
      const fits = words.every((word) => item.dataset["words"]?.includes(word));
      item.hidden = !fits;
      found += Number(fits);
    }
    for (const group of this.querySelectorAll<HTMLElement>("[data-group]")) {
      group.hidden = !group.querySelector("[data-words]:not([hidden])");
    }
    const nothing = this.querySelector<HTMLElement>("[data-nothing]");
    if (nothing) nothing.hidden = found > 0;
  }
}

customElements.define("filter-list", FilterList);
