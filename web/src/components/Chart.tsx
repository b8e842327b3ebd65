// A chart with its figures: drawn by ECharts (loaded when the first chart is there), shown as a table on demand, downloaded as picture or CSV.

import { DownloadOutlined, PictureOutlined, TableOutlined } from "@ant-design/icons";
import { Button, Segmented, Skeleton, Tooltip, theme } from "antd";
import { useEffect, useRef, useState } from "react";
import { useI18n } from "../i18n";
import { useAppearance } from "./appearance";
import type { EChartsCoreOption, EChartsType } from "./chartEngine";
import { csv, offerFile, type Cell } from "./download";

interface Props {
  /** Heading, and the chart's name for screen readers. */
  title: string;
  /** What it says, in one sentence. */
  summary?: string;
  /** ECharts' option; leave colours to the theme. Tooltips are drawn on the canvas (`richText`): the page's policy admits no inline style. */
  option: EChartsCoreOption;
  /** The same figures: heading row and rows, for the table and the download. */
  data: { head: string[]; rows: Cell[][] };
  /** Without ending. */
  fileName: string;
  height?: number;
  onClick?: (event: { seriesIndex?: number; dataIndex?: number; name?: string; data?: unknown }) => void;
}

export function Chart({ title, summary, option, data, fileName, height = 280, onClick }: Props) {
  const { t } = useI18n();
  const [asTable, setAsTable] = useState(false);
  const engine = useRef<EChartsType | null>(null);
  const savePicture = () => {
    const url = engine.current?.getDataURL({ type: "png", pixelRatio: 2, backgroundColor: "#ffffff" });
    if (url) void fetchPicture(url).then((picture) => offerFile(`${fileName}.png`, picture));
  };
  return (
    <figure className="chart" aria-label={title} data-testid={`chart-${fileName}`}>
      <figcaption>
        <h3>{title}</h3>
        <span className="chart-actions">
          <Segmented
            size="small"
            aria-label={title}
            value={asTable ? "table" : "chart"}
            onChange={(value) => setAsTable(value === "table")}
            options={[
              { value: "chart", icon: <PictureOutlined />, title: t("common.chartShow") },
              { value: "table", icon: <TableOutlined />, title: t("common.chartTable") },
            ]}
          />
          <Tooltip title={t("common.chartPng")}>
            <Button size="small" type="text" icon={<PictureOutlined />} aria-label={t("common.chartPng")} disabled={asTable} onClick={savePicture} data-testid="chart-png" />
          </Tooltip>
          <Tooltip title={t("common.chartCsv")}>
            <Button
              size="small"
              type="text"
              icon={<DownloadOutlined />}
              aria-label={t("common.chartCsv")}
              onClick={() => offerFile(`${fileName}.csv`, csv([data.head, ...data.rows]), "text/csv;charset=utf-8")}
              data-testid="chart-csv"
            />
          </Tooltip>
        </span>
      </figcaption>
      {summary && <p className="quiet flush">{summary}</p>}
      {asTable ? <Figures {...data} height={height} /> : <Canvas option={option} height={height} engine={engine} label={summary ?? title} onClick={onClick} />}
    </figure>
  );
}

/** A data: address as a file, without asking anybody for it (the policy would refuse). */
async function fetchPicture(url: string): Promise<Blob> {
  const bytes = Uint8Array.from(atob(url.slice(url.indexOf(",") + 1)), (character) => character.charCodeAt(0));
  return Promise.resolve(new Blob([bytes], { type: "image/png" }));
}

function Figures({ head, rows, height }: { head: string[]; rows: Cell[][]; height: number }) {
  return (
    <div className="chart-table" style={{ height }} tabIndex={0} role="region" aria-label={head.join(", ")}>
      <table>
        <thead>
          <tr>
            {head.map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, line) => (
            <tr key={line}>
              {row.map((value, place) => (
                <td key={place} className={typeof value === "number" ? "figure" : undefined}>
                  {value}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface CanvasProps {
  option: EChartsCoreOption;
  height: number;
  label: string;
  engine: React.RefObject<EChartsType | null>;
  onClick?: Props["onClick"];
}

function Canvas({ option, height, label, engine, onClick }: CanvasProps) {
  const { dark } = useAppearance();
  const { token } = theme.useToken();
  const place = useRef<HTMLDivElement>(null);
  const [ready, setReady] = useState(false);

  useEffect(() => {
    let gone = false;
    let watch: ResizeObserver | undefined;
    void import("./chartEngine").then(({ init }) => {
      if (gone || !place.current) return;
      const chart = init(place.current, dark ? "dark" : undefined);
      engine.current = chart;
      watch = new ResizeObserver(() => chart.resize());
      watch.observe(place.current);
      setReady(true);
    });
    return () => {
      gone = true;
      watch?.disconnect();
      engine.current?.dispose();
      engine.current = null;
      setReady(false);
    };
  }, [dark, engine]);

  useEffect(() => {
    engine.current?.setOption(
      {
        backgroundColor: "transparent",
        color: dark ? ["#4fb8a6", "#8fb0f2", "#e5b454", "#d48fc0", "#9aa8af"] : ["#0d685c", "#3a63b8", "#b7791f", "#9c4a86", "#66737e"],
        textStyle: { fontFamily: token.fontFamily, color: token.colorTextSecondary },
        aria: { enabled: true },
        animation: token.motion,
        animationDuration: 250,
        ...option,
        tooltip: { confine: true, ...(option.tooltip as object | undefined), renderMode: "richText" },
      },
      true,
    );
  }, [option, ready, dark, token, engine]);

  useEffect(() => {
    const chart = engine.current;
    if (!chart || !onClick) return undefined;
    const listener = (event: object) => onClick(event);
    chart.on("click", listener);
    return () => {
      if (!chart.isDisposed()) chart.off("click", listener);
    };
  }, [onClick, ready, engine]);

  return (
    <div className="chart-place" style={{ height }}>
      {!ready && <Skeleton active paragraph={{ rows: 5 }} title={false} />}
      <div ref={place} role="img" aria-label={label} style={{ height, width: "100%", position: "absolute", inset: 0 }} />
    </div>
  );
}
