// The options of uPlot for a report: stacked bars on the left scale, lines on the right, or on the left where they are alone.
import uPlot from "uplot";
import { t } from "../page/words";
import { colourOf, dashOf, fillOf } from "./looks";
import { sayExactly, sayValue } from "./numbers";
import type { Column, Numbers } from "./table";

export interface Drawn {
  options: uPlot.Options;
  data: uPlot.AlignedData;
  columns: Column[]; // of each series but the first, which is time
  tops: (number | null)[][]; // of bars: how high each part of the stack reaches
}

const MOST_POINTS = 60;

export function drawn(host: HTMLElement, numbers: Numbers, zone: string, size: { width: number; height: number }): Drawn {
  const bars = withOthers(numbers).reverse(); // the highest part of the stack is drawn first
  const lines = numbers.columns.filter((column) => column.draw === "line");
  const tops = stacked(bars);
  const side = bars.length > 0 ? "right" : "left";
  const series: uPlot.Series[] = [
    {},
    ...bars.map((column) => barSeries(host, column)),
    ...lines.map((column) => lineSeries(host, column, side, numbers.at.length)),
  ];
  const units = { left: bars[0]?.unit ?? lines[0]?.unit ?? "messages", right: lines[0]?.unit ?? "net" };
  return {
    options: {
      ...size,
      series,
      padding: [12, bars.length && lines.length ? 0 : 16, 0, 0],
      legend: { show: false },
      cursor: { drag: { x: false, y: false }, points: { show: false }, y: false },
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), zone),
      scales: { x: { time: true, range: xRange(numbers.at) }, left: scale(units.left), right: scale(units.right) },
      axes: axes(host, timeAxis(numbers, size.width), units, bars.length > 0 && lines.length > 0),
    },
    data: [numbers.at, ...tops, ...lines.map((column) => column.values)] as uPlot.AlignedData,
    columns: [...bars, ...lines],
    tops,
  };
}

/** The bars, and what the table has beside them as one more: the stack reaches up to all messages. */
function withOthers(numbers: Numbers): Column[] {
  const bars = numbers.columns.filter((column) => column.draw === "bar");
  const rest = numbers.columns.filter((column) => column.draw === "" && column.tone !== "");
  if (!bars.length || !rest.length) return bars;
  const values = numbers.at.map((_, row) => rest.reduce((sum, column) => sum + (column.values[row] ?? 0), 0));
  const texts = values.map((value) => sayExactly(bars[0]?.unit ?? "", value));
  const others: Column = {
    name: t("Others"),
    unit: bars[0]?.unit ?? "",
    draw: "bar",
    tone: "others",
    values,
    texts,
    links: values.map(() => null),
  };
  return [...bars, others];
}

/** Heights of the stack, for columns from the top to the bottom. */
function stacked(bars: Column[]): (number | null)[][] {
  const rows = bars[0]?.values.length ?? 0;
  const sums = new Array<number>(rows).fill(0);
  const fromBottom = [...bars].reverse().map((column) =>
    column.values.map((value, row) => {
      sums[row] = (sums[row] ?? 0) + (value ?? 0);
      return sums[row] || null;
    }),
  );
  return fromBottom.reverse();
}

function barSeries(host: HTMLElement, column: Column): uPlot.Series {
  const fill = fillOf(host, column.tone);
  const paths = uPlot.paths.bars?.({ size: [0.72, 64], radius: 0 });
  return {
    label: column.name,
    scale: "left",
    fill: () => fill as string, // the types know colours only; canvases take patterns too
    stroke: colourOf(host, column.tone),
    width: column.tone === "abstained" ? 1 : 0,
    points: { show: false },
    ...(paths ? { paths } : {}),
  };
}

function lineSeries(host: HTMLElement, column: Column, scale: string, rows: number): uPlot.Series {
  const colour = colourOf(host, column.tone);
  return {
    label: column.name,
    scale,
    stroke: colour,
    width: 2.25,
    dash: dashOf(column.tone),
    spanGaps: true,
    points: { show: rows <= MOST_POINTS, size: 6, fill: colourOf(host, "paper"), stroke: colour, width: 2 },
  };
}

/** Half a bucket of air on both sides: the first and last bars are whole. */
function xRange(at: number[]): uPlot.Range.Function {
  const first = at[0] ?? 0;
  const last = at[at.length - 1] ?? first;
  const step = at.length > 1 ? (last - first) / (at.length - 1) : 3600;
  return () => [first - step * 0.6, last + step * 0.6];
}

function scale(unit: string): uPlot.Scale {
  if (unit === "net") return { range: (_plot, low, high) => [Math.min(-0.25, (low ?? 0) - 0.05), Math.max(0.25, (high ?? 0) + 0.05)] };
  if (unit === "share") return { range: (_plot, _low, high) => [0, Math.min(1, Math.max(0.1, high ?? 0) * 1.05)] };
  return { range: (_plot, _low, high) => [0, Math.max(4, high ?? 0) * 1.06] };
}

function axes(host: HTMLElement, time: uPlot.Axis, units: { left: string; right: string }, both: boolean): uPlot.Axis[] {
  const look = { stroke: colourOf(host, "ink"), grid: { stroke: colourOf(host, "grid"), width: 1 }, ticks: { show: false } };
  const font = `11px ${getComputedStyle(host).fontFamily}`;
  const left = { ...look, font, scale: "left", size: 52, values: sayer(units.left) };
  const right = { ...look, font, scale: "right", side: 1, size: 48, grid: { show: false }, values: sayer(units.right) };
  return [{ ...look, font, grid: { show: false }, ...time }, left, ...(both ? [right] : [])];
}

/** Names under some of the buckets, as many as there is room for. */
function timeAxis(numbers: Numbers, width: number): uPlot.Axis {
  const names = numbers.shortNames;
  const longest = Math.max(4, ...names.map((name) => Math.max(...name.split("\n").map((part) => part.length))));
  const span = (numbers.at[numbers.at.length - 1] ?? 0) - (numbers.at[0] ?? 0) || 1;
  const room = ((longest * 6.5 + 14) / Math.max(120, width - 110)) * span; // seconds that one name covers
  const shown = new Map<number, string>();
  let free = -Infinity;
  for (let index = 0; index < numbers.at.length; index += 1) {
    const at = numbers.at[index] ?? 0;
    if (at < free) continue;
    shown.set(at, names[index] ?? "");
    free = at + room;
  }
  return { splits: () => [...shown.keys()], values: (_plot, at) => at.map((one) => shown.get(one) ?? ""), size: 30 + 14 * Number(names.some((name) => name.includes("\n"))), space: 10 };
}

function sayer(unit: string): (plot: uPlot, values: number[]) => string[] {
  return (_plot, values) => values.map((value) => sayValue(unit, value));
}
