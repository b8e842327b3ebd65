// Runs of `riposte eval` as the page compares them.

import type { Schemas } from "../../api";

export type Run = Schemas["KeptReport"];
export type FigureInfo = Schemas["FigureInfo"];
export type Figure = Schemas["Figure"];

/** Runs that may be held against each other: the same task over the same set. */
export interface Group {
  task: string;
  set: string;
  runs: Run[];
}

/** In the order of their newest run. */
export function groups(runs: Run[]): Group[] {
  const found = new Map<string, Group>();
  for (const run of runs) {
    const name = JSON.stringify([run.task, run.set]);
    const group = found.get(name) ?? { task: run.task, set: run.set, runs: [] };
    group.runs.push(run);
    found.set(name, group);
  }
  return [...found.values()];
}

/** The value, or the mean over the seeds. */
export const centre = (figure: Figure) => (typeof figure === "number" ? figure : figure.mean);

/** With the digits that mean something, and the standard error where several seeds were run. */
export function written(figure: Figure | undefined, digits: number): string {
  if (figure === undefined) return "–";
  if (typeof figure === "number") return figure.toFixed(digits);
  const exact = Math.max(digits, 1);
  return `${figure.mean.toFixed(exact)} ± ${figure.standard_error.toFixed(exact)}`;
}

/** Systems of these runs: the product first, then the others by name. */
export function systemsOf(runs: Run[]): string[] {
  const names = [...new Set(runs.flatMap((run) => Object.keys(run.systems)))].sort();
  return names.includes("riposte") ? ["riposte", ...names.filter((name) => name !== "riposte")] : names;
}

/** Which figure a reader is shown unasked: one that can rise, if there is any. */
export const firstFigure = (figures: FigureInfo[]) => figures.find(({ better }) => better === "higher") ?? figures[0];

/** Whether a change is for the better, for the worse, or neither; a change within twice the standard errors is neither. */
export function verdict(before: Figure | undefined, now: Figure | undefined, { better, digits }: FigureInfo): "better" | "worse" | "same" {
  if (before === undefined || now === undefined || better === "neutral") return "same";
  const error = (figure: Figure) => (typeof figure === "number" ? 0 : figure.standard_error);
  const noise = Math.max(2 * Math.hypot(error(before), error(now)), 0.5 * 10 ** -digits);
  const gain = (centre(now) - centre(before)) * (better === "higher" ? 1 : -1);
  return Math.abs(gain) <= noise ? "same" : gain > 0 ? "better" : "worse";
}
