// <alert-chart>: draws the hours in the table inside it, the band of what is not unusual, and when the alert was on.
import uPlot from "uplot";
import { colourOf } from "./looks";
import { sayDay, sayValue } from "./numbers";
import type { Column, Numbers } from "./table";
import { TableChart } from "./table_chart";

class AlertChart extends TableChart {
  protected readonly heights = { wide: 260, narrow: 200 };

  protected make(numbers: Numbers, size: { width: number; height: number }, place: HTMLElement): uPlot {
    const data = [numbers.at, ...numbers.columns.map((column) => column.values)] as uPlot.AlignedData;
    return new uPlot({ ...this.options(numbers), ...size }, data, place);
  }

  protected told(numbers: Numbers): { column: Column; tone: string }[] {
    return numbers.columns.map((column) => ({ column, tone: "" }));
  }

  private options(numbers: Numbers): Omit<uPlot.Options, "width" | "height"> {
    const zone = this.dataset["zone"] ?? "UTC";
    const look = { stroke: colourOf(this, "ink"), ticks: { show: false }, font: `11px ${getComputedStyle(this).fontFamily}` };
    const grid = { stroke: colourOf(this, "grid"), width: 1 };
    const place = (draw: string): number => numbers.columns.findIndex((column) => column.draw === draw) + 1;
    const unit = numbers.columns[0]?.unit ?? "messages";
    return {
      series: [{}, ...numbers.columns.map((column) => this.series(column))],
      bands: place("high") > 0 ? [{ series: [place("high"), place("low")], fill: colourOf(this, "band") }] : [],
      padding: [12, 16, 0, 0],
      legend: { show: false },
      cursor: { drag: { x: false, y: false }, points: { show: false }, y: false },
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), zone),
      scales: { x: { time: true }, y: { range: (_plot, low, high) => range(unit, low ?? 0, high ?? 0) } },
      axes: [
        { ...look, grid: { show: false }, size: 36, values: (_plot, splits) => splits.map((at) => this.moment(at)) },
        { ...look, grid, size: 52, values: (_plot, splits) => splits.map((value) => sayValue(unit, value)) },
      ],
      hooks: { drawClear: [(plot) => this.shade(plot)], setCursor: [(plot) => this.tell(plot)] },
    };
  }

  private series(column: Column): uPlot.Series {
    const dashes: Record<string, number[]> = { usual: [6, 5], limit: [2, 4] };
    const edge = column.draw === "low" || column.draw === "high";
    return {
      label: column.name,
      stroke: colourOf(this, column.tone),
      width: edge ? 0 : column.draw === "line" ? 2.25 : 1.5,
      dash: dashes[column.draw] ?? [],
      spanGaps: true,
      points: { show: false },
    };
  }

  /** Colour the hours of the alert, behind everything else. */
  private shade(plot: uPlot): void {
    const opened = Number(this.dataset["opened"]);
    const closed = Number(this.dataset["closed"] || plot.scales["x"]?.max || 0);
    const from = Math.max(plot.bbox.left, plot.valToPos(opened, "x", true));
    const until = Math.min(plot.bbox.left + plot.bbox.width, plot.valToPos(closed, "x", true));
    plot.ctx.save();
    plot.ctx.fillStyle = colourOf(this, "alert");
    plot.ctx.fillRect(from, plot.bbox.top, Math.max(2, until - from), plot.bbox.height);
    plot.ctx.fillStyle = colourOf(this, "alert-edge");
    plot.ctx.fillRect(from, plot.bbox.top, 2 * devicePixelRatio, plot.bbox.height);
    plot.ctx.restore();
  }

  private moment(seconds: number): string {
    const zone = this.dataset["zone"] ?? "UTC";
    const at = new Date(seconds * 1000);
    const hour = at.toLocaleTimeString("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit" });
    return hour === "00:00" ? sayDay(at, zone) : hour;
  }
}

function range(unit: string, low: number, high: number): [number, number] {
  if (unit === "net") return [Math.min(-0.5, low - 0.05), Math.max(0.5, high + 0.05)];
  return [0, unit === "share" ? Math.min(1, Math.max(0.2, high * 1.1)) : Math.max(4, high * 1.1)];
}

customElements.define("alert-chart", AlertChart);
