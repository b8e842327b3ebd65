// How suggestions are used: totals, day by day, reasons for silence, what is asked most, what has no answer, how long customers wait.

import { BarChartOutlined } from "@ant-design/icons";
import { keepPreviousData, queryOptions, useQuery } from "@tanstack/react-query";
import { Segmented, Skeleton } from "antd";
import { useMemo, useState } from "react";
import { api, need, useDesk, type Schemas } from "../../api";
import { EmptyState, ErrorNotice, NeedsDesk, PageHeader } from "../../components";
import { Chart } from "../../components/Chart";
import { useI18n } from "../../i18n";
import { ranked, share, stacked, type Overview } from "./charts";
import "./overview.css";

const PERIODS = [7, 30, 90] as const;
const TOP = 10;

const overviewQuery = (desk: string, days: number) =>
  queryOptions({
    queryKey: ["overview", desk, days],
    queryFn: ({ signal }) => need(api.GET("/v1/reports/overview", { params: { query: { desk, days } }, signal })),
    placeholderData: keepPreviousData,
  });

const clustersQuery = (desk: string) =>
  queryOptions({
    queryKey: ["overview", "clusters", desk],
    queryFn: ({ signal }) => need(api.GET("/v1/clusters", { params: { query: { desk, limit: TOP } }, signal })),
  });

const gapsQuery = (desk: string) =>
  queryOptions({
    queryKey: ["overview", "gaps", desk],
    queryFn: ({ signal }) => need(api.GET("/v1/gaps", { params: { query: { desk, limit: TOP } }, signal })),
  });

export default function OverviewPage() {
  const { t } = useI18n();
  const [days, setDays] = useState<number>(30);
  return (
    <>
      <PageHeader title={t("overview.title")} lead={t("overview.lead")}>
        <Segmented
          aria-label={t("overview.period")}
          value={days}
          onChange={setDays}
          options={PERIODS.map((value) => ({ value, label: t("overview.days", { n: value }) }))}
        />
      </PageHeader>
      <NeedsDesk>
        <Figures days={days} />
      </NeedsDesk>
    </>
  );
}

function Figures({ days }: { days: number }) {
  const desk = useDesk();
  const { data, error, refetch } = useQuery(overviewQuery(desk, days));
  if (error) return <ErrorNotice error={error} onRetry={() => void refetch()} />;
  return (
    <div className="overview" data-testid="overview">
      {data ? <Totals overview={data} /> : <Skeleton active paragraph={{ rows: 2 }} title={false} />}
      <div className="overview-charts">
        {data ? <UseCharts overview={data} desk={desk} /> : <Skeleton active paragraph={{ rows: 8 }} />}
        <Topics desk={desk} />
        <Gaps desk={desk} />
      </div>
    </div>
  );
}

function Totals({ overview }: { overview: Overview }) {
  const { t, format } = useI18n();
  const { asked, served, accepted, edited, rejected } = overview.total;
  const taken = accepted + edited;
  const percent = (value: number | null) => (value === null ? "–" : format.percent(value));
  const wait = (times: Schemas["ReplyTimes"]) => (times.replies > 0 ? format.duration(times.median_seconds * 1000) : "–");
  const tiles: [string, string, string][] = [
    [t("overview.asked"), format.number(asked), t("overview.askedHint")],
    [t("overview.coverage"), percent(share(served, asked)), t("overview.coverageHint")],
    [t("overview.taken"), percent(share(taken, served)), t("overview.takenHint", { accepted: format.number(accepted), edited: format.number(edited) })],
    [t("overview.rejected"), percent(share(rejected, served)), t("overview.rejectedHint")],
    [t("overview.waitWith"), wait(overview.with_suggestions), t("overview.waitHint", { n: overview.with_suggestions.replies })],
    [t("overview.waitWithout"), wait(overview.without_suggestions), t("overview.waitHint", { n: overview.without_suggestions.replies })],
  ];
  return (
    <>
      <dl className="overview-tiles">
        {tiles.map(([name, value, hint]) => (
          <div key={name} className="overview-tile">
            <dt>{name}</dt>
            <dd className="overview-value">{value}</dd>
            <dd className="quiet">{hint}</dd>
          </div>
        ))}
      </dl>
      <p className="quiet flush">{t("overview.waitCaution")}</p>
    </>
  );
}

function UseCharts({ overview, desk }: { overview: Overview; desk: string }) {
  const { t } = useI18n();
  const name = (what: string) => `${desk}-${what}-${overview.days.length}d`;
  const [coverage, use, silence] = useMemo(() => {
    const days = overview.days.map(({ day }) => day.slice(0, 10));
    const of = (field: keyof Overview["total"]) => overview.days.map((day) => day[field]);
    return [
      stacked(t("overview.day"), days, [
        { name: t("overview.served"), values: of("served") },
        { name: t("overview.silent"), values: of("silent") },
      ]),
      stacked(t("overview.day"), days, [
        { name: t("overview.accepted"), values: of("accepted") },
        { name: t("overview.edited"), values: of("edited") },
        { name: t("overview.refused"), values: of("rejected") },
      ]),
      ranked(
        t("overview.reason"),
        t("overview.times"),
        Object.entries(overview.silent_reasons).map(([reason, count]) => ({ name: reasonName(reason, t), count })),
      ),
    ];
  }, [overview, t]);
  if (overview.total.asked === 0)
    return <EmptyState icon={<BarChartOutlined />} title={t("overview.empty")} text={t("overview.emptyText")} />;
  return (
    <>
      <Chart title={t("overview.coverageChart")} fileName={name("coverage")} {...coverage} />
      <Chart title={t("overview.useChart")} fileName={name("use")} {...use} />
      {silence.data.rows.length > 0 && <Chart title={t("overview.silenceChart")} fileName={name("silence")} {...silence} />}
    </>
  );
}

/** Reasons that the console knows in words; a newer service's shows as its code. */
const REASONS = ["small_talk", "out_of_domain", "no_match", "conflicting", "consent_refused", "not_archived"] as const;
type Reason = (typeof REASONS)[number];

function reasonName(code: string, t: ReturnType<typeof useI18n>["t"]): string {
  const known = REASONS.find((reason): reason is Reason => reason === code);
  return known ? t(`overview.reason_${known}`) : code;
}

function Topics({ desk }: { desk: string }) {
  const { t } = useI18n();
  const { data, error, refetch } = useQuery(clustersQuery(desk));
  const drawn = useMemo(() => data && ranked(t("overview.topic"), t("overview.questions"), data.items.map(({ name, size }) => ({ name, count: size }))), [data, t]);
  if (error) return <ErrorNotice error={error} onRetry={() => void refetch()} />;
  if (!drawn) return <Skeleton active paragraph={{ rows: 8 }} />;
  if (drawn.data.rows.length === 0) return <EmptyState icon={<BarChartOutlined />} title={t("overview.noTopics")} text={t("overview.noTopicsText")} testId="no-topics" />;
  return <Chart title={t("overview.topics")} summary={t("overview.topicsHint")} fileName={`${desk}-topics`} height={320} {...drawn} />;
}

function Gaps({ desk }: { desk: string }) {
  const { t } = useI18n();
  const { data, error, refetch } = useQuery(gapsQuery(desk));
  const drawn = useMemo(() => data && ranked(t("overview.gap"), t("overview.impact"), data.items.map(({ question, impact }) => ({ name: question, count: impact }))), [data, t]);
  if (error) return <ErrorNotice error={error} onRetry={() => void refetch()} />;
  if (!drawn) return <Skeleton active paragraph={{ rows: 8 }} />;
  if (drawn.data.rows.length === 0) return null;
  return <Chart title={t("overview.gaps")} summary={t("overview.gapsHint")} fileName={`${desk}-gaps`} height={320} {...drawn} />;
}
