// Bars of one figure: a group of bars a run, a colour a system.

import type { Cell } from "../../components";
import { centre, type Figure } from "./runs";

export function barsOf(runName: string, runs: string[], systems: string[], of: (system: string, place: number) => Figure | undefined, digits: number) {
  const values = (system: string) =>
    runs.map((_run, place) => {
      const figure = of(system, place);
      return figure === undefined ? null : Number(centre(figure).toFixed(digits + 1));
    });
  return {
    option: {
      grid: { left: 8, right: 8, top: 40, bottom: 4, containLabel: true },
      legend: { top: 0, left: 0, itemWidth: 12, itemHeight: 12 },
      tooltip: { trigger: "axis", axisPointer: { type: "shadow" } },
      xAxis: { type: "category", data: runs, axisTick: { show: false } },
      yAxis: { type: "value", scale: false },
      series: systems.map((system) => ({
        name: system,
        type: "bar",
        barMaxWidth: 36,
        data: values(system),
        label: { show: runs.length * systems.length <= 12, position: "top", formatter: ({ value }: { value: number | null }) => (value === null ? "" : value.toFixed(digits)) },
      })),
    },
    data: {
      head: [runName, ...systems],
      rows: runs.map((run, place): Cell[] => [run, ...systems.map((system) => values(system)[place] ?? "")]),
    },
  };
}
