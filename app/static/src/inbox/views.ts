// Saved views: the one that is shown is marked, the filter form is drawn again as it is filled in, and the views of the
// list of all can be dragged (buttons do the same).

/** Mark the view whose list is shown; the list's own fragment does not bring the views along. */
function mark(): void {
  const shown = new URLSearchParams(document.getElementById("rows-scroll")?.dataset["asked"] ?? "").get("saved") ?? "";
  for (const view of document.querySelectorAll<HTMLElement>("[data-view]")) {
    if (view.dataset["view"] === shown) view.setAttribute("aria-current", "true");
    else view.removeAttribute("aria-current");
  }
}

document.addEventListener("htmx:after:swap", mark);
document.addEventListener("tributary:refreshed", mark);

/** What a condition looks at decides what it can be compared with: the server draws the form again. */
class FilterBuilder extends HTMLElement {
  connectedCallback(): void {
    this.addEventListener("change", (event) => {
      const target = event.target as HTMLElement;
      if (!target.matches(".filter-field, [data-redraw]")) return;
      const draw = this.querySelector<HTMLButtonElement>('button[value="draw"]');
      this.querySelector("form")?.requestSubmit(draw);
    });
  }
}

class ViewOrder extends HTMLElement {
  private dragged: HTMLElement | null = null;

  connectedCallback(): void {
    this.addEventListener("dragstart", (event) => this.begin(event));
    this.addEventListener("dragover", (event) => this.move(event));
    this.addEventListener("dragend", () => this.end());
    this.addEventListener("drop", (event) => event.preventDefault());
  }

  private begin(event: DragEvent): void {
    this.dragged = (event.target as HTMLElement).closest<HTMLElement>(".view-line");
    this.dragged?.classList.add("view-dragged");
    if (event.dataTransfer) event.dataTransfer.effectAllowed = "move";
  }

  private move(event: DragEvent): void {
    const over = (event.target as HTMLElement).closest<HTMLElement>(".view-line");
    if (!this.dragged || !over) return;
    event.preventDefault();
    if (over === this.dragged) return;
    const { top, height } = over.getBoundingClientRect();
    if (event.clientY < top + height / 2) over.before(this.dragged);
    else over.after(this.dragged);
  }

  private end(): void {
    this.dragged?.classList.remove("view-dragged");
    if (this.dragged) this.querySelector<HTMLFormElement>("#view-order")?.requestSubmit();
    this.dragged = null;
  }
}

customElements.define("filter-builder", FilterBuilder);
customElements.define("view-order", ViewOrder);
