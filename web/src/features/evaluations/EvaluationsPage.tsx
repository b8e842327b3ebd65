// Runs of `riposte eval` beside each other: which figure rose, which fell, and what the baselines of the same run say.

import { ExperimentOutlined } from "@ant-design/icons";
import { queryOptions, useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { Select, Skeleton, Table } from "antd";
import { useMemo, useState } from "react";
import { api, need } from "../../api";
import { CopyButton, EmptyState, ErrorNotice, PageHeader } from "../../components";
import { Chart } from "../../components/Chart";
import { useI18n } from "../../i18n";
import { barsOf } from "./charts";
import { Comparison } from "./Comparison";
import "./evaluations.css";
import type { EvaluationSearch } from "./routes";
import { centre, firstFigure, groups, systemsOf, written, type FigureInfo, type Group, type Run } from "./runs";

const route = getRouteApi("/console/evaluations");
const COMMAND = "riposte eval replay conversations.jsonl --split 0.8";
const MOST_RUNS = 200;
/** Runs drawn beside each other when none are chosen. */
const DRAWN = 4;

const runsQuery = queryOptions({
  queryKey: ["evaluations"],
  queryFn: ({ signal }) => need(api.GET("/v1/evaluations", { params: { query: { limit: MOST_RUNS } }, signal })),
});

export default function EvaluationsPage() {
  const { t } = useI18n();
  const { data, error, refetch } = useQuery(runsQuery);
  const all = useMemo(() => groups(data?.items ?? []), [data]);
  return (
    <>
      <PageHeader title={t("evaluations.title")} lead={t("evaluations.lead")} />
      {error ? (
        <ErrorNotice error={error} onRetry={() => void refetch()} />
      ) : !data ? (
        <Skeleton active paragraph={{ rows: 8 }} title={false} />
      ) : all.length === 0 ? (
        <EmptyState icon={<ExperimentOutlined />} title={t("evaluations.empty")} text={t("evaluations.emptyText")}>
          <code>{COMMAND}</code> <CopyButton text={COMMAND} />
        </EmptyState>
      ) : (
        <Runs all={all} figures={data.figures} />
      )}
    </>
  );
}

function Runs({ all, figures }: { all: Group[]; figures: FigureInfo[] }) {
  const { t } = useI18n();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const change = (part: EvaluationSearch) => void navigate({ replace: true, search: (before) => ({ ...before, ...part }) });
  const group = all.find(({ task, set }) => task === search.task && set === search.set) ?? all[0];
  if (!group) return null;
  const known = figures.filter(({ name }) => group.runs.some(({ systems }) => Object.values(systems).some((of) => name in of)));
  const figure = known.find(({ name }) => name === search.figure) ?? firstFigure(known);
  return (
    <div className="evaluations" data-testid="evaluations">
      <div className="evaluations-filters">
        <Select
          aria-label={t("evaluations.what")}
          value={all.indexOf(group)}
          popupMatchSelectWidth={false}
          onChange={(place) => {
            const chosen = all[place];
            if (chosen) change({ task: chosen.task, set: chosen.set });
          }}
          options={all.map(({ task, set, runs }, value) => ({ value, label: t("evaluations.group", { task, set, n: runs.length }) }))}
          data-testid="evaluation-group"
        />
        <Select
          aria-label={t("evaluations.figure")}
          value={figure?.name}
          popupMatchSelectWidth={false}
          onChange={(name) => change({ figure: name })}
          options={known.map(({ name, better }) => ({ value: name, label: `${name} · ${t(`evaluations.better_${better}`)}` }))}
          data-testid="evaluation-figure"
        />
      </div>
      {figure && <OneGroup key={`${group.task} ${group.set}`} group={group} figure={figure} figures={known} />}
    </div>
  );
}

function OneGroup({ group, figure, figures }: { group: Group; figure: FigureInfo; figures: FigureInfo[] }) {
  const { t, format } = useI18n();
  const [chosen, choose] = useState<string[]>([]);
  const systems = systemsOf(group.runs);
  const picked = group.runs.filter(({ id }) => chosen.includes(id));
  // Oldest first, as time runs.
  const drawn = (picked.length > 0 ? picked : group.runs.slice(0, DRAWN)).toReversed();
  const label = (run: Run) => format.dateTime(run.at);
  const [before, now] = drawn.slice(-2);
  return (
    <>
      <div className="evaluations-charts">
        <Chart
          title={`${figure.name}, ${group.set}`}
          summary={t(`evaluations.chart_${figure.better}`)}
          fileName={`${group.task}-${group.set.replaceAll("/", "-")}-${figure.name}`}
          {...barsOf(t("evaluations.run"), drawn.map(label), systems, (system, place) => drawn[place]?.systems[system]?.[figure.name], figure.digits)}
        />
        {before && now && <Comparison before={before} now={now} figures={figures} systems={systems} />}
      </div>
      <Table<Run>
        size="middle"
        rowKey={({ id }) => id}
        dataSource={group.runs}
        pagination={{ hideOnSinglePage: true, pageSize: 20 }}
        scroll={{ x: "max-content" }}
        rowSelection={{
          selectedRowKeys: chosen,
          onChange: (keys) => choose(keys.map(String)),
          getCheckboxProps: (run) => ({ "aria-label": t("evaluations.choose", { run: label(run) }) }),
          columnTitle: <span className="unseen">{t("evaluations.chooseColumn")}</span>,
        }}
        columns={[
          { title: t("evaluations.at"), key: "at", render: (_value, run) => <span className="nowrap">{label(run)}</span> },
          ...systems.map((system) => ({
            title: system,
            key: system,
            className: "figure",
            sorter: (a: Run, b: Run) => centre(a.systems[system]?.[figure.name] ?? 0) - centre(b.systems[system]?.[figure.name] ?? 0),
            render: (_value: unknown, run: Run) => written(run.systems[system]?.[figure.name], figure.digits),
          })),
          { title: t("evaluations.asked"), key: "n", className: "figure", render: (_value, run) => format.number(run.n) },
          {
            title: t("evaluations.encoder"),
            key: "encoder",
            render: (_value, { encoder }) => <span title={encoder.fingerprint}>{`${encoder.name} (${encoder.fingerprint.slice(0, 8)})`}</span>,
          },
          { title: t("evaluations.took"), key: "took", className: "figure", render: (_value, run) => format.duration(run.seconds * 1000) },
        ]}
        data-testid="evaluation-runs"
      />
    </>
  );
}
