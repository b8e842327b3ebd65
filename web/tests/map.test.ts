import { expect, test } from "vitest";
import { diameter, mapOption, type MapPoint } from "../src/features/curation/map";

const point = (id: string, size: number, state: MapPoint["state"] = "open"): MapPoint => ({ id, name: `cluster ${id}`, state, language: "en", size, customers: 3, share: 0.1, x: 0, y: 0 });
interface Drawn {
  name: string;
  data: { point: MapPoint; symbolSize: number; label: { show: boolean } }[];
}

test("four times the questions is twice the diameter, and the smallest can still be hit", () => {
  expect(diameter(100, 100) / diameter(25, 100)).toBeCloseTo(2);
  expect(diameter(1, 100_000)).toBeGreaterThanOrEqual(8);
});

test("every cluster is drawn once, under its state, the large ones below the small ones", () => {
  const points = [point("a", 5), point("b", 50), point("c", 20, "approved")];
  const series = mapOption(points, { state: (state) => state, about: ({ name }) => name, border: "#fff", ink: "#000" }).series as Drawn[];
  expect(series.map(({ name, data }) => [name, data.map((item) => item.point.id)])).toEqual([
    ["open", ["b", "a"]],
    ["approved", ["c"]],
  ]);
});

test("of many clusters only the largest carry their name", () => {
  const points = Array.from({ length: 200 }, (_, place) => point(String(place), place + 1));
  const [series] = mapOption(points, { state: String, about: String, border: "#fff", ink: "#000" }).series as Drawn[];
  const named = series?.data.filter(({ label }) => label.show) ?? [];
  expect(named.length).toBeLessThan(60);
  expect(Math.min(...named.map((item) => item.point.size))).toBeGreaterThan(140);
});
