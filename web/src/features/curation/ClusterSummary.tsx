// How often it is asked, week by week, and what the cluster is known by.

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Tag } from "antd";
import { useMemo } from "react";
import { api, need } from "../../api";
import { everyWeek } from "../../components";
import { Chart } from "../../components/Chart";
import { useI18n } from "../../i18n";
import type { Cluster } from "./api";
import { Trend } from "./ClusterBits";

export function ClusterSummary({ cluster }: { cluster: Cluster }) {
  const { t, format } = useI18n();
  const weeks = useMemo(() => everyWeek(cluster.weeks), [cluster.weeks]);
  const option = useMemo(
    () => ({
      grid: { left: 8, right: 16, top: 16, bottom: 4, containLabel: true },
      tooltip: { trigger: "axis" },
      xAxis: { type: "category", data: weeks.map((week) => format.date(week.week)), axisTick: { show: false } },
      yAxis: { type: "value", minInterval: 1 },
      series: [{ type: "bar", name: t("curation.size"), data: weeks.map((week) => week.questions), barMaxWidth: 18, itemStyle: { borderRadius: [3, 3, 0, 0] } }],
    }),
    [weeks, format, t],
  );
  return (
    <div className="cluster-summary">
      <Chart
        title={t("curation.perWeek")}
        option={option}
        data={{ head: [t("curation.week"), t("curation.size")], rows: weeks.map((week) => [format.date(week.week), week.questions]) }}
        fileName="weeks"
        height={200}
      />
      <section className="panel" aria-label={t("curation.facts")}>
        <dl className="figures">
          <div>
            <dt>{t("curation.size")}</dt>
            <dd data-testid="cluster-size">{format.number(cluster.size)}</dd>
          </div>
          <div>
            <dt>{t("curation.customers")}</dt>
            <dd>{format.number(cluster.customers)}</dd>
          </div>
          <div>
            <dt>{t("curation.conversations")}</dt>
            <dd>{format.number(cluster.conversations)}</dd>
          </div>
          <div>
            <dt>{t("curation.share")}</dt>
            <dd>{format.percent(cluster.share)}</dd>
          </div>
        </dl>
        <dl className="facts">
          <dt>{t("curation.representative")}</dt>
          <dd>{cluster.representative}</dd>
          <dt>{t("curation.keywords")}</dt>
          <dd className="row">
            {cluster.keywords.map((word) => (
              <Tag key={word}>{word}</Tag>
            ))}
          </dd>
          <dt>{t("curation.trend")}</dt>
          <dd>
            <Trend cluster={cluster} />
          </dd>
          <dt>{t("curation.coverage")}</dt>
          <dd data-testid="coverage">{cluster.coverage ? <Coverage desk={cluster.desk} coverage={cluster.coverage} /> : t("curation.noEntry")}</dd>
        </dl>
      </section>
    </div>
  );
}

function Coverage({ desk, coverage }: { desk: string; coverage: NonNullable<Cluster["coverage"]> }) {
  const { t, format } = useI18n();
  const { data } = useQuery({
    queryKey: ["entries", desk, "one", coverage.entry_id],
    queryFn: ({ signal }) => need(api.GET("/v1/entries/{id}", { params: { path: { id: coverage.entry_id }, query: { desk } }, signal })),
  });
  return (
    <span className="row">
      <Tag color={coverage.covered ? "success" : "default"}>{coverage.covered ? t("curation.covered") : t("curation.notCovered")}</Tag>
      <Link to="/knowledge/$id" params={{ id: coverage.entry_id }}>
        {data?.questions[0] ?? t("curation.entry")}
      </Link>
      <span className="quiet small nowrap">{t("editing.alike", { share: format.percent(coverage.similarity) })}</span>
    </span>
  );
}
