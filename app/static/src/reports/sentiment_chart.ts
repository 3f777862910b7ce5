// <sentiment-chart>: draws the table inside it. The table may be morphed at any time; the chart follows it.
import uPlot from "uplot";
import { type Drawn, drawn } from "./plot";
import type { Column, Numbers } from "./table";
import { TableChart } from "./table_chart";

class SentimentChart extends TableChart {
  protected readonly heights = { wide: 300, narrow: 220 };
  private shown: Drawn | null = null;

  protected make(numbers: Numbers, size: { width: number; height: number }, place: HTMLElement): uPlot {
    this.shown = drawn(this, numbers, this.dataset["zone"] ?? "UTC", size);
    this.shown.options.hooks = { setCursor: [(plot) => this.tell(plot)] };
    const plot = new uPlot(this.shown.options, this.shown.data, place);
    plot.over.addEventListener("click", () => this.open());
    return plot;
  }

  protected told(numbers: Numbers, row: number): { column: Column; tone: string }[] {
    const some = numbers.columns.filter((column) => column.values[row] !== null && column.texts[row] !== "0");
    return some.map((column) => ({ column, tone: column.tone }));
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

customElements.define("sentiment-chart", SentimentChart);
