// <rows-window>: the list's rows around what is in sight. Rows that are scrolled past leave the page, and a gap of
// their height stays; they come back by their place in the order (a cursor), whatever changed meanwhile.
import htmx from "htmx.org";
import { partHeaders, refreshList } from "./regions";

const PAGE = 40;
const MOST = 160; // rows in the page
const NEAR_PX = 800; // fetched before they come into sight
const JUMP_ROWS = 800; // further than this from the top, the first rows are fetched afresh

class RowsWindow extends HTMLElement {
  static observedAttributes = ["data-asked"];
  private index = 0; // rows above the first one here
  private isTrimmed = false; // there were rows below the last one here
  private busy = false;
  private asked = 0; // goes up when another list is shown: what is on its way belongs to the old one
  private refreshing = false;
  private seen: { id: string; top: number }[] = [];
  private focused: { id: string; at: number } | null = null;
  private away = ""; // the row that had the focus when it left the page

  connectedCallback(): void {
    this.classList.add("rows-window-on");
    this.addEventListener("scroll", this.onScroll, { passive: true });
    this.addEventListener("keydown", this.onKey);
    document.addEventListener("tributary:before-refresh", this.beforeRefresh);
    document.addEventListener("tributary:refreshed", this.afterRefresh);
    document.addEventListener("htmx:after:swap", this.afterSwap);
    this.settle();
  }

  disconnectedCallback(): void {
    this.removeEventListener("scroll", this.onScroll);
    this.removeEventListener("keydown", this.onKey);
    document.removeEventListener("tributary:before-refresh", this.beforeRefresh);
    document.removeEventListener("tributary:refreshed", this.afterRefresh);
    document.removeEventListener("htmx:after:swap", this.afterSwap);
  }

  /** Another list: begin at its top. */
  attributeChangedCallback(_name: string, before: string | null, after: string | null): void {
    if (before === null || before === after) return;
    this.asked += 1;
    this.forget();
    this.seen = [];
    this.scrollTop = 0;
  }

  /** The rows in the page, in order. */
  rows(): HTMLElement[] {
    return [...this.querySelectorAll<HTMLElement>("#rows > .row-item")];
  }

  /** Show the list's first rows. */
  async toTop(): Promise<void> {
    this.scrollTop = 0;
    if (!this.index) return;
    this.forget();
    await refreshList();
  }

  /** Bring the row before or after another one into the page; null at the end of the list. */
  async beside(row: HTMLElement | undefined, by: 1 | -1): Promise<HTMLElement | null> {
    const next = this.near(row, by);
    if (next || !row) return next;
    await (by > 0 ? this.loadAfter() : this.loadBefore());
    return this.near(row, by);
  }

  private near(row: HTMLElement | undefined, by: 1 | -1): HTMLElement | null {
    const rows = this.rows();
    return row ? (rows[rows.indexOf(row) + by] ?? null) : (rows[0] ?? null);
  }

  private forget(): void {
    this.index = 0;
    this.isTrimmed = false;
    this.away = "";
    delete this.dataset["keptStart"];
    for (const gap of this.gaps()) gap.style.height = "";
  }

  private gaps(): HTMLElement[] {
    return [...this.querySelectorAll<HTMLElement>(":scope > .rows-gap")];
  }

  private gap(name: "above" | "below"): HTMLElement {
    return this.querySelector<HTMLElement>(`#rows-${name}`) as HTMLElement;
  }

  private get goesOn(): boolean {
    return this.isTrimmed || this.querySelector("#more") !== null;
  }

  private readonly onScroll = (): void => {
    if (!this.refreshing) void this.fill();
  };

  /** Fetch until what is in sight, and a little more, is here. */
  private async fill(): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    try {
      while (this.isConnected && (await this.fillOnce())) await new Promise((done) => requestAnimationFrame(done));
    } finally {
      this.busy = false;
    }
  }

  private async fillOnce(): Promise<boolean> {
    const rows = this.rows();
    const [first, last] = [rows[0], rows[rows.length - 1]];
    if (!first || !last) return false;
    const box = this.getBoundingClientRect();
    if (this.index > JUMP_ROWS && this.scrollTop < NEAR_PX) {
      await this.toTop();
      return false;
    }
    if (this.index > 0 && first.getBoundingClientRect().top > box.top - NEAR_PX) return this.loadBefore();
    if (this.goesOn && last.getBoundingClientRect().bottom < box.bottom + NEAR_PX) return this.loadAfter();
    return false;
  }

  private async loadAfter(): Promise<boolean> {
    const last = this.rows().pop();
    const found = last && this.goesOn ? await this.fetchRows("after", last) : null;
    if (!found || !last?.isConnected) return false;
    this.querySelector("#more")?.remove();
    const height = this.put(found, () => last.parentElement?.append(found));
    const below = this.gap("below");
    const goesOn = this.querySelector("#more") !== null;
    below.style.height = goesOn ? `${Math.max(0, below.offsetHeight - height)}px` : "";
    this.isTrimmed = false;
    this.trimAbove();
    this.settle();
    return true;
  }

  private async loadBefore(): Promise<boolean> {
    const first = this.rows()[0];
    const found = first && this.index ? await this.fetchRows("before", first) : null;
    if (!found || !first?.isConnected) return false;
    const many = found.querySelectorAll(".row-item").length;
    const top = first.getBoundingClientRect().top;
    const height = this.put(found, () => first.before(found));
    const above = this.gap("above");
    this.index = many < PAGE ? 0 : Math.max(1, this.index - many);
    above.style.height = this.index ? `${Math.max(1, above.offsetHeight - height)}px` : "";
    this.scrollTop += first.getBoundingClientRect().top - top; // what is looked at stays where it is
    this.trimBelow();
    this.settle();
    return many > 0;
  }

  private async fetchRows(side: "after" | "before", row: HTMLElement): Promise<DocumentFragment | null> {
    const asked = this.asked;
    const here = new URLSearchParams(this.dataset["asked"] ?? "");
    here.set(side, row.dataset["place"] ?? "");
    here.set("rows", String(PAGE));
    const address = `/inbox?${here.toString()}`;
    const response = await fetch(address, { headers: partHeaders("more"), credentials: "same-origin" }).catch(() => null);
    if (!response?.ok || asked !== this.asked) return null; // the next scroll tries again
    const parsed = new DOMParser().parseFromString(`<ol>${await response.text()}</ol>`, "text/html");
    const fragment = document.createDocumentFragment();
    fragment.append(...parsed.querySelectorAll("ol > li"));
    for (const known of fragment.querySelectorAll(".row-item")) if (document.getElementById(known.id)) known.remove();
    if (side === "before") fragment.querySelector("#more")?.remove();
    return fragment;
  }

  /** Put rows in and return their height in pixels. */
  private put(found: DocumentFragment, place: () => void): number {
    const added = [...found.children] as HTMLElement[];
    place();
    for (const row of added) htmx.process(row);
    return added.reduce((sum, row) => sum + row.offsetHeight, 0);
  }

  private trimAbove(): void {
    const extra = this.rows().slice(0, Math.max(0, this.rows().length - MOST));
    if (!extra.length) return;
    const height = this.drop(extra);
    const above = this.gap("above");
    above.style.height = `${above.offsetHeight + height}px`;
    this.index += extra.length;
  }

  private trimBelow(): void {
    const extra = this.rows().slice(MOST);
    if (!extra.length) return;
    this.querySelector("#more")?.remove();
    const height = this.drop(extra);
    const below = this.gap("below");
    below.style.height = `${below.offsetHeight + height}px`;
    this.isTrimmed = true;
  }

  private drop(rows: HTMLElement[]): number {
    const height = rows.reduce((sum, row) => sum + row.offsetHeight, 0);
    const focused = rows.find((row) => row.contains(document.activeElement));
    if (focused) {
      this.away = focused.id;
      this.focus({ preventScroll: true }); // the keyboard stays in the list
    }
    for (const row of rows) row.remove();
    return height;
  }

  /** Say to screen readers which row of how many each is, and to the page where the window begins. */
  private settle(): void {
    const rows = this.rows();
    const total = this.dataset["total"] || "-1";
    rows.forEach((row, at) => {
      row.setAttribute("aria-posinset", String(this.index + at + 1));
      row.setAttribute("aria-setsize", total);
    });
    if (this.index && rows[0]) this.dataset["keptStart"] = rows[0].dataset["place"] ?? "";
    else delete this.dataset["keptStart"];
    const back = this.away ? document.getElementById(this.away) : null;
    if (back && document.activeElement === this) back.querySelector<HTMLElement>(".row")?.focus({ preventScroll: true });
    if (back) this.away = "";
    this.dispatchEvent(new CustomEvent("tributary:rows", { bubbles: true }));
  }

  private readonly beforeRefresh = (event: Event): void => {
    if ((event as CustomEvent<{ part: string }>).detail.part !== "list") return;
    this.refreshing = true;
    const box = this.getBoundingClientRect();
    const rows = this.rows();
    this.seen = [];
    if (this.index || this.scrollTop > 0) {
      for (const row of rows) {
        const { top, bottom } = row.getBoundingClientRect();
        if (bottom > box.top && top < box.bottom) this.seen.push({ id: row.id, top });
      }
    }
    const at = rows.findIndex((row) => row.contains(document.activeElement));
    this.focused = at < 0 ? null : { id: rows[at]?.id ?? "", at };
  };

  private readonly afterRefresh = (event: Event): void => {
    if ((event as CustomEvent<{ part: string }>).detail.part !== "list") return;
    this.refreshing = false;
    if (!this.dataset["startsAt"] && this.index) this.forget();
    if (this.querySelector("#more")) this.isTrimmed = false;
    const kept = this.seen.find(({ id }) => document.getElementById(id));
    const row = kept && document.getElementById(kept.id);
    if (kept && row) this.scrollTop += row.getBoundingClientRect().top - kept.top;
    if (this.focused && !document.getElementById(this.focused.id)) {
      const rows = this.rows(); // the row has left the list: the one in its place is next
      rows[Math.min(this.focused.at, rows.length - 1)]?.querySelector<HTMLElement>(".row")?.focus({ preventScroll: true });
    }
    this.settle();
    void this.fill();
  };

  private readonly afterSwap = (): void => {
    if (!this.refreshing) this.settle();
  };

  private readonly onKey = (event: KeyboardEvent): void => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key] as 1 | -1 | undefined;
    const target = event.target as HTMLElement;
    if (event.ctrlKey || event.metaKey || event.altKey || !(target === this || target.matches(".row, .row-check"))) return;
    const row = target.closest<HTMLElement>(".row-item") ?? undefined;
    if (by) void this.beside(row, by).then((next) => next && show(next));
    else if (event.key === "Home") void this.toTop().then(() => this.rows()[0] && show(this.rows()[0] as HTMLElement));
    else if (event.key === "End") void Promise.resolve(this.rows().pop()).then((last) => last && show(last));
    else return;
    event.preventDefault();
  };
}

function show(row: HTMLElement): void {
  row.querySelector<HTMLElement>(".row")?.focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
}

customElements.define("rows-window", RowsWindow);
