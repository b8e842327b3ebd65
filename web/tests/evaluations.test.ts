import { expect, test } from "vitest";
import { firstFigure, groups, systemsOf, verdict, written, type FigureInfo, type Run } from "../src/features/evaluations/runs";

const run = (id: string, task: string, set: string, systems: Run["systems"] = {}): Run => ({
  id,
  at: "2026-05-06T01:14:56Z",
  task,
  set,
  systems,
  n: 10,
  seconds: 1,
  encoder: { name: "e", fingerprint: "0123456789abcdef" },
});
const figure = (name: string, better: FigureInfo["better"], digits = 3): FigureInfo => ({ name, better, digits });

test("runs of one task over one set belong together, the newest group first", () => {
  const found = groups([run("c", "replay", "shop"), run("b", "intents", "shop"), run("a", "replay", "shop")]);
  expect(found.map(({ task, runs }) => [task, runs.map(({ id }) => id)])).toEqual([
    ["replay", ["c", "a"]],
    ["intents", ["b"]],
  ]);
});

test("the product stands before its baselines", () => {
  expect(systemsOf([run("a", "replay", "shop", { dense: {}, riposte: {} }), run("b", "replay", "shop", { bm25: {} })])).toEqual(["riposte", "bm25", "dense"]);
});

test("figures are written with their error, and a missing one is said to be missing", () => {
  expect([written(0.5, 3), written({ mean: 0.5, standard_error: 0.0123 }, 3), written(undefined, 3), written(7, 0)]).toEqual(["0.500", "0.500 ± 0.012", "–", "7"]);
});

test("a change counts when it is more than chance, in the direction of the figure", () => {
  const hit = figure("hit@1", "higher");
  const spread = (mean: number) => ({ mean, standard_error: 0.02 });
  expect(verdict(0.5, 0.6, hit)).toBe("better");
  expect(verdict(0.6, 0.5, hit)).toBe("worse");
  expect(verdict(0.05, 0.09, figure("ece", "lower"))).toBe("worse");
  expect(verdict(0.5, 0.5004, hit)).toBe("same");
  expect(verdict(spread(0.5), spread(0.54), hit)).toBe("same");
  expect(verdict(spread(0.5), spread(0.57), hit)).toBe("better");
  expect(verdict(0.4, 0.9, figure("coverage", "neutral"))).toBe("same");
  expect(verdict(undefined, 0.5, hit)).toBe("same");
});

test("a figure that can rise is shown first", () => {
  expect(firstFigure([figure("coverage", "neutral"), figure("hit@1", "higher")])?.name).toBe("hit@1");
  expect(firstFigure([figure("coverage", "neutral")])?.name).toBe("coverage");
  expect(firstFigure([])).toBeUndefined();
});
