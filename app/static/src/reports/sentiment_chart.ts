// <sentiment-chart>: draws the table inside it. The table may be morphed at any time; the chart follows it.
import uPlot from "uplot";
import { type Drawn, drawn } from "./plot";
import { type Numbers, readNumbers } from "./table";

const HEIGHT = 300;
const LOW = 220; // on narrow screens

class SentimentChart extends HTMLElement {
  private plot: uPlot | null = null;
  private shown: Drawn | null = null;
  private numbers: Numbers | null = null;
  private tip: HTMLElement | null = null;
  private planned = 0;
  private readonly changes = new MutationObserver(() => this.plan());
  private readonly sizes = new ResizeObserver(() => this.plan());
  private readonly dark = matchMedia("(prefers-color-scheme: dark)");
  private readonly onTheme = (): void => this.plan();

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
    const size = { width: place.clientWidth, height: place.clientWidth < 560 ? LOW : HEIGHT };
    this.shown = drawn(this, this.numbers, this.dataset["zone"] ?? "UTC", size);
    this.shown.options.hooks = { setCursor: [(plot) => this.say(plot)] };
    place.replaceChildren();
    this.plot = new uPlot(this.shown.options, this.shown.data, place);
    this.tip = document.createElement("div");
    this.tip.className = "chart-tip";
    this.tip.hidden = true;
    this.plot.over.append(this.tip);
    this.plot.over.addEventListener("click", () => this.open());
    this.plot.over.addEventListener("mouseleave", () => this.tip && (this.tip.hidden = true));
  }

  /** Say the numbers of the bucket under the pointer. */
  private say(plot: uPlot): void {
    const row = plot.cursor.idx;
    const left = plot.cursor.left ?? -1;
    if (!this.tip || !this.numbers || row === null || row === undefined || left < 0) return;
    const lines = this.numbers.columns.filter((column) => column.values[row] !== null && column.texts[row] !== "0");
    this.tip.replaceChildren(line(this.numbers.names[row] ?? "", "", ""), ...lines.map((c) => line(c.name, c.texts[row] ?? "", c.tone)));
    this.tip.hidden = false;
    const width = plot.over.clientWidth;
    this.tip.style.left = `${Math.max(0, left > width / 2 ? left - this.tip.offsetWidth - 14 : left + 14)}px`;
  }

  /** Go to the messages behind the part that was clicked; between the parts, to all of the bucket. */
  private open(): void {
    const row = this.plot?.cursor.idx;
    const top = this.plot?.cursor.top ?? -1;
    if (!this.plot || !this.shown || !this.numbers || row === null || row === undefined || top < 0) return;
    const link = this.linkAt(row, top) ?? this.numbers.columns[0]?.links[row];
    if (link) location.href = link;
  }

  private linkAt(row: number, top: number): string | null {
    const { plot, shown } = this;
    if (!plot || !shown) return null;
    const bars = shown.tops.length;
    const near = shown.columns.findIndex((column, index) => {
      const value = column.values[row];
      return index >= bars && typeof value === "number" && Math.abs(plot.valToPos(value, bars ? "right" : "left") - top) < 12;
    });
    if (near >= 0) return shown.columns[near]?.links[row] ?? null;
    const height = plot.posToVal(top, "left");
    for (let index = bars - 1; index >= 0; index -= 1) {
      if (height <= (shown.tops[index]?.[row] ?? -1)) return shown.columns[index]?.links[row] ?? null;
    }
    return null;
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

customElements.define("sentiment-chart", SentimentChart);
