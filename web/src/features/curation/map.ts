// What the map of clusters draws: a bubble each, area by number of questions, colour by state.

import type { Schemas } from "../../api";
import { STATES } from "./routes";

export type MapPoint = Schemas["MapPoint"];

/** Diameter in pixels of the largest cluster's bubble, and of the smallest that can be hit. */
const LARGEST = 84;
const SMALLEST = 8;
/** Clusters that carry their name without being pointed at; more would cover each other. */
const NAMED = 40;

interface Look {
  state: (state: MapPoint["state"]) => string;
  /** What the bubble says when pointed at. */
  about: (point: MapPoint) => string;
  /** What parts bubbles that overlap: the colour of the ground. */
  border: string;
  /** Colour of names. */
  ink: string;
}

/** Area follows the number of questions, so that twice as many look like twice as much. */
export const diameter = (size: number, largest: number) => Math.max(SMALLEST, LARGEST * Math.sqrt(size / Math.max(largest, 1)));

/** ECharts' option; each item carries its cluster's id for the click. */
export function mapOption(points: MapPoint[], look: Look): Record<string, unknown> {
  const bySize = [...points].sort((a, b) => b.size - a.size);
  const largest = bySize[0]?.size ?? 1;
  const named = new Set(bySize.slice(0, NAMED).map(({ id }) => id));
  const axis = { type: "value", min: -1.12, max: 1.12, show: false };
  return {
    grid: { left: 8, right: 8, top: 40, bottom: 8 },
    legend: { top: 0, left: 0, itemWidth: 12, itemHeight: 12, icon: "circle" },
    tooltip: { trigger: "item", formatter: ({ data }: { data: { point: MapPoint } }) => look.about(data.point) },
    xAxis: axis,
    yAxis: axis,
    dataZoom: [
      { type: "inside", xAxisIndex: 0, filterMode: "none", minSpan: 5 },
      { type: "inside", yAxisIndex: 0, filterMode: "none", minSpan: 5 },
    ],
    series: STATES.map((state) => ({
      name: look.state(state),
      type: "scatter",
      // The small ones on top, or the large would hide them.
      data: bySize
        .filter((point) => point.state === state)
        .map((point) => ({
          value: [point.x, point.y],
          name: point.name,
          point,
          symbolSize: diameter(point.size, largest),
          label: { show: named.has(point.id) },
        })),
      itemStyle: { opacity: 0.6, borderWidth: 1, borderColor: look.border },
      label: { position: "bottom", distance: 2, formatter: "{b}", width: 150, overflow: "truncate", fontSize: 12, color: look.ink, textBorderColor: look.border, textBorderWidth: 2 },
      labelLayout: { hideOverlap: true },
      emphasis: { focus: "self", label: { show: true }, itemStyle: { opacity: 0.9 } },
      cursor: "pointer",
    })).filter(({ data }) => data.length > 0),
  };
}
