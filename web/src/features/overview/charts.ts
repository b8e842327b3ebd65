// What the charts of the overview draw, made of the service's figures.

import type { Schemas } from "../../api";
import type { Cell } from "../../components";

export type Overview = Schemas["Overview"];

/** A heading row and rows, and the option that draws them. */
export interface Drawn {
  option: Record<string, unknown>;
  data: { head: string[]; rows: Cell[][] };
}

interface Series {
  name: string;
  values: number[];
}

/** Bars on each other, a bar a day. */
export function stacked(dayName: string, days: string[], series: Series[]): Drawn {
  return {
    option: {
      grid: { left: 8, right: 8, top: 36, bottom: 4, containLabel: true },
      legend: { top: 0, left: 0, itemWidth: 12, itemHeight: 12 },
      tooltip: { trigger: "axis", axisPointer: { type: "shadow" } },
      xAxis: { type: "category", data: days, axisTick: { show: false } },
      yAxis: { type: "value", minInterval: 1 },
      series: series.map(({ name, values }) => ({ name, type: "bar", stack: "all", barMaxWidth: 28, data: values })),
    },
    data: { head: [dayName, ...series.map(({ name }) => name)], rows: days.map((day, place) => [day, ...series.map(({ values }) => values[place] ?? 0)]) },
  };
}

/** Lying bars, the longest on top. */
export function ranked(nameOf: string, countOf: string, items: { name: string; count: number }[]): Drawn {
  const sorted = [...items].sort((a, b) => b.count - a.count);
  const rising = [...sorted].reverse();
  return {
    option: {
      grid: { left: 8, right: 40, top: 4, bottom: 4, containLabel: true },
      tooltip: { trigger: "item" },
      xAxis: { type: "value", minInterval: 1, splitLine: { show: false }, axisLabel: { show: false } },
      yAxis: { type: "category", data: rising.map(({ name }) => name), axisTick: { show: false }, axisLabel: { width: 220, overflow: "truncate" } },
      series: [{ type: "bar", barMaxWidth: 18, data: rising.map(({ count }) => count), label: { show: true, position: "right" } }],
    },
    data: { head: [nameOf, countOf], rows: sorted.map(({ name, count }) => [name, count]) },
  };
}

/** The share of `part`, or nothing where there is nothing to share. */
export const share = (part: number, whole: number): number | null => (whole > 0 ? part / whole : null);
