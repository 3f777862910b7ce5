// What every chart over a table does: follow the table, the size and the theme, and say the numbers under the pointer.
import uPlot from "uplot";
import { type Column, type Numbers, readNumbers } from "./table";

export abstract class TableChart extends HTMLElement {
  protected plot: uPlot | null = null;
  protected numbers: Numbers | null = null;
  private tip: HTMLElement | null = null;
  private planned = 0;
  private readonly changes = new MutationObserver(() => this.plan());
  private readonly sizes = new ResizeObserver(() => this.plan());
  private readonly dark = matchMedia("(prefers-color-scheme: dark)");
  private readonly onTheme = (): void => this.plan();

  /** Height of the plot, and on narrow screens. */
  protected abstract readonly heights: { wide: number; narrow: number };

  protected abstract make(numbers: Numbers, size: { width: number; height: number }, place: HTMLElement): uPlot;

  /** The columns that the tip names for a row, and whether each has its tone beside it. */
  protected abstract told(numbers: Numbers, row: number): { column: Column; tone: string }[];

  connectedCallback(): void {
    const table = this.querySelector(".as-table");
    if (table) this.changes.observe(table, { childList: true, subtree: true, attributes: true, characterData: true });
    this.sizes.observe(this);
    this.dark.addEventListener("change", this.onTheme);
    this.plan();
  }

  disconnectedCallback(): void {
    this.changes.disconnect();
    this.sizes.disconnect();
    this.dark.removeEventListener("change", this.onTheme);
    cancelAnimationFrame(this.planned);
    this.planned = 0;
    this.plot?.destroy();
    this.plot = null;
  }

  private plan(): void {
    if (!this.planned) this.planned = requestAnimationFrame(() => this.draw());
  }

  private draw(): void {
    this.planned = 0;
    const table = this.querySelector("table");
    const place = this.querySelector<HTMLElement>(".plot");
    if (!table || !place) return;
    this.plot?.destroy();
    this.numbers = readNumbers(table);
    const { wide, narrow } = this.heights;
    place.replaceChildren();
    this.plot = this.make(this.numbers, { width: place.clientWidth, height: place.clientWidth < 560 ? narrow : wide }, place);
    this.tip = document.createElement("div");
    this.tip.className = "chart-tip";
    this.tip.hidden = true;
    this.plot.over.append(this.tip);
    this.plot.over.addEventListener("mouseleave", () => this.tip && (this.tip.hidden = true));
  }

  /** Say the numbers of the bucket under the pointer. */
  protected tell(plot: uPlot): void {
    const row = plot.cursor.idx;
    const left = plot.cursor.left ?? -1;
    if (!this.tip || !this.numbers || row === null || row === undefined || left < 0) return;
    const lines = this.told(this.numbers, row).map(({ column, tone }) => line(column.name, column.texts[row] ?? "", tone));
    this.tip.replaceChildren(line(this.numbers.names[row] ?? "", "", ""), ...lines);
    this.tip.hidden = false;
    const width = plot.over.clientWidth;
    this.tip.style.left = `${Math.max(0, left > width / 2 ? left - this.tip.offsetWidth - 14 : left + 14)}px`;
  }
}

function line(name: string, text: string, tone: string): HTMLElement {
  const row = document.createElement("div");
  const label = document.createElement("span");
  label.textContent = name;
  row.append(label);
  if (tone) label.className = `tip-name tone-${tone}`;
  if (text) {
    const value = document.createElement("b");
    value.textContent = text;
    row.append(value);
  }
  return row;
}
