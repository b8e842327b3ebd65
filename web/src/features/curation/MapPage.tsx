// All clusters at a glance: topics alike lie near each other, the most asked are largest, colour tells what was decided.

import { queryOptions, keepPreviousData, useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { Skeleton, theme } from "antd";
import { useCallback, useMemo } from "react";
import "../../components/editing.css";
import "./curation.css";
import { api, need, useDesk } from "../../api";
import { EmptyState, ErrorNotice, NeedsDesk, PageHeader } from "../../components";
import { Chart } from "../../components/Chart";
import { useI18n } from "../../i18n";
import { clustersKey } from "./api";
import { StateAndLanguage } from "./Filters";
import { mapOption, type MapPoint } from "./map";
import type { MapSearch } from "./routes";
import { Tabs } from "./Tabs";

const route = getRouteApi("/console/clusters/map");

const mapQuery = (desk: string, { state, language }: MapSearch) =>
  queryOptions({
    queryKey: [...clustersKey(desk), "map", state, language],
    queryFn: ({ signal }) => need(api.GET("/v1/clusters/map", { params: { query: { desk, state, language } }, signal })),
    placeholderData: keepPreviousData,
  });

export default function MapPage() {
  const { t } = useI18n();
  return (
    <NeedsDesk>
      <PageHeader title={t("curation.tabMap")} lead={t("curation.mapLead")} />
      <Tabs />
      <MapFilters />
      <ClusterMap />
    </NeedsDesk>
  );
}

function MapFilters() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const change = (part: Partial<Record<keyof MapSearch, unknown>>) => void navigate({ replace: true, search: (before) => ({ ...before, ...part }) as MapSearch });
  return (
    <div className="map-filters">
      <StateAndLanguage search={search} onChange={change} />
    </div>
  );
}

function ClusterMap() {
  const { t, format } = useI18n();
  const { token } = theme.useToken();
  const desk = useDesk();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const { data, error, refetch } = useQuery(mapQuery(desk, search));
  const points = data?.items;
  const option = useMemo(
    () =>
      points &&
      mapOption(points, {
        state: (state) => t(`curation.state_${state}`),
        border: token.colorBgContainer,
        ink: token.colorText,
        about: (point) => `${point.name}\n${t("curation.mapAbout", { n: point.size, customers: format.number(point.customers), share: format.percent(point.share) })}`,
      }),
    [points, t, format, token],
  );
  const open = useCallback(
    (event: { data?: unknown }) => {
      const { point } = event.data as { point: MapPoint };
      void navigate({ to: "/clusters/$id", params: { id: point.id }, search: {} });
    },
    [navigate],
  );
  if (error) return <ErrorNotice error={error} onRetry={() => void refetch()} />;
  if (!points || !option) return <Skeleton active paragraph={{ rows: 12 }} title={false} />;
  if (points.length === 0)
    return search.state || search.language ? (
      <EmptyState title={t("curation.noneFound")} text={t("curation.noneFoundText")} />
    ) : (
      <EmptyState title={t("curation.empty")} text={t("curation.emptyText")} />
    );
  return (
    <div data-testid="cluster-map">
      <Chart
        title={t("curation.tabMap")}
        summary={t("curation.mapSummary", { n: format.number(points.length) })}
        fileName={`${desk}-map`}
        height={560}
        option={option}
        onClick={open}
        data={{
          head: [t("curation.cluster"), t("curation.state"), t("curation.size"), t("curation.customers"), "x", "y"],
          rows: points.map((point) => [point.name, t(`curation.state_${point.state}`), point.size, point.customers, point.x, point.y]),
        }}
      />
    </div>
  );
}
