// A week-by-week line small enough for a table's row. Drawn as it is, without ECharts: a page of 200 rows has 200 of them.

interface Props {
  values: number[];
  /** What it says, for screen readers. */
  label: string;
  width?: number;
  height?: number;
}

const MARGIN = 2;

export function Sparkline({ values, label, width = 88, height = 24 }: Props) {
  const highest = Math.max(1, ...values);
  const step = values.length > 1 ? (width - 2 * MARGIN) / (values.length - 1) : 0;
  const points = values.map((value, place): [number, number] => [MARGIN + place * step, height - MARGIN - (value / highest) * (height - 2 * MARGIN)]);
  const line = points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ");
  const last = points.at(-1);
  return (
    <svg className="sparkline" width={width} height={height} viewBox={`0 0 ${width} ${height}`} role="img" aria-label={label}>
      <polyline points={line} />
      {last && <circle cx={last[0]} cy={last[1]} r="2" />}
    </svg>
  );
}
