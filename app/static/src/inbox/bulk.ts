// <bulk-bar>: which conversations are ticked, also those whose rows have left the page; ranges by Shift; x on a row.
import { t, tn } from "../page/words";

class BulkBar extends HTMLElement {
  private readonly chosen = new Set<string>();
  private last: string | null = null;
  private isAll = false; // a list that is fetched again brings fresh fields: what was chosen in them is put back
  private deed = "";
  private asked = "";

  connectedCallback(): void {
    document.addEventListener("click", this.onClick);
    document.addEventListener("keydown", this.onKey);
    document.addEventListener("submit", this.onSubmit, true);
    document.addEventListener("tributary:rows", this.show);
    document.addEventListener("htmx:after:swap", this.onSwap);
    this.addEventListener("change", this.onChange);
    this.isAll = this.piece<HTMLInputElement>("all")?.checked ?? false;
    this.deed = this.choice()?.value ?? "";
    this.asked = this.list()?.dataset["asked"] ?? "";
    for (const box of this.boxes()) if (box.checked) this.chosen.add(box.value); // the browser brought them back
    this.show();
  }

  disconnectedCallback(): void {
    document.removeEventListener("click", this.onClick);
    document.removeEventListener("keydown", this.onKey);
    document.removeEventListener("submit", this.onSubmit, true);
    document.removeEventListener("tributary:rows", this.show);
    document.removeEventListener("htmx:after:swap", this.onSwap);
  }

  private list(): HTMLElement | null {
    return document.getElementById("rows-scroll");
  }

  private boxes(): HTMLInputElement[] {
    return [...document.querySelectorAll<HTMLInputElement>("#rows .row-check")];
  }

  private piece<Kind extends HTMLElement>(name: string): Kind | null {
    return this.querySelector<Kind>(`[data-bulk-${name}]`);
  }

  private choice(): HTMLSelectElement | null {
    return this.querySelector<HTMLSelectElement>("#bulk-do");
  }

  private tick(box: HTMLInputElement, isOn: boolean): void {
    if (isOn) this.chosen.add(box.value);
    else this.chosen.delete(box.value);
    if (!isOn) this.isAll = false;
  }

  /** Tick from the last one to this one, as it is. */
  private range(box: HTMLInputElement): void {
    const boxes = this.boxes();
    const from = boxes.findIndex((one) => one.value === this.last);
    const to = boxes.indexOf(box);
    if (from < 0) return;
    for (const one of boxes.slice(Math.min(from, to), Math.max(from, to) + 1)) this.tick(one, box.checked);
  }

  private clear(): void {
    this.chosen.clear();
    this.last = null;
    this.isAll = false;
    this.deed = "";
    this.show();
  }

  private readonly onChange = (event: Event): void => {
    const field = event.target as HTMLElement;
    if (field instanceof HTMLInputElement && field.matches("[data-bulk-all]")) this.isAll = field.checked;
    if (field instanceof HTMLSelectElement) this.deed = field.value;
    this.show();
  };

  private readonly onClick = (event: MouseEvent): void => {
    const target = event.target as HTMLElement;
    if (target.matches("#rows .row-check")) {
      const box = target as HTMLInputElement;
      this.tick(box, box.checked);
      if (event.shiftKey) this.range(box);
      this.last = box.value;
    } else if (target.closest("[data-bulk-page]")) for (const box of this.boxes()) this.tick(box, true);
    else if (target.closest("[data-bulk-none]")) return this.clear();
    else return;
    this.show();
  };

  private readonly onKey = (event: KeyboardEvent): void => {
    const target = event.target as HTMLElement;
    const row = target.closest<HTMLElement>("#rows .row-item");
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape" && this.chosen.size && (row || this.contains(target))) this.clear();
    else if (event.key.toLowerCase() === "x" && row && target.matches(".row")) this.toggle(row, event.shiftKey);
    else return;
    event.preventDefault();
  };

  private toggle(row: HTMLElement, isRange: boolean): void {
    const box = row.querySelector<HTMLInputElement>(".row-check");
    if (!box) return;
    box.checked = isRange || !box.checked;
    this.tick(box, box.checked);
    if (isRange) this.range(box);
    this.last = box.value;
    this.show();
  }

  private readonly onSubmit = (event: Event): void => {
    const ids = this.piece<HTMLInputElement>("ids");
    const pressed = (event as SubmitEvent).submitter as HTMLButtonElement | null;
    const isAnswer = (event.target as HTMLElement).id === "bulk-sure"; // it names what was selected itself
    if (isAnswer && pressed?.value !== "nothing") this.clear();
    if ((event.target as HTMLElement).id === "bulk-form" && ids) ids.value = [...this.chosen].join(",");
  };

  private readonly onSwap = (event: Event): void => {
    const asked = this.list()?.dataset["asked"] ?? "";
    const { ctx } = (event as CustomEvent<{ ctx?: { sourceElement?: Element } }>).detail;
    const isAsked = document.querySelector("#bulk [data-bulk-asks]") !== null; // nothing is done yet
    const wasSent = ctx?.sourceElement?.id === "bulk-form" && !isAsked;
    if (isAsked) document.querySelector<HTMLElement>("#bulk [data-bulk-asks] button")?.focus();
    if (asked !== this.asked || wasSent) this.clear(); // another list, or it is being done
    this.asked = asked;
    this.show();
  };

  private readonly show = (): void => {
    const boxes = this.boxes();
    for (const box of boxes) box.checked = this.chosen.has(box.value);
    const many = this.chosen.size;
    const all = this.isAll;
    const [box, choice] = [this.piece<HTMLInputElement>("all"), this.choice()];
    if (box) box.checked = all;
    if (choice && choice.value !== this.deed) choice.value = this.deed;
    this.classList.toggle("bulk-on", many > 0);
    const count = this.piece("count");
    const words = all ? t("All in this result") : tn("{count} selected", "{count} selected", many);
    if (count && count.textContent !== words) count.textContent = words;
    const page = this.piece("page");
    if (page) page.hidden = all || boxes.every((box) => box.checked);
    const none = this.piece("none");
    if (none) none.hidden = false;
  };
}

customElements.define("bulk-bar", BulkBar);
