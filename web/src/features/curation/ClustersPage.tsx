// Every frequent question of the desk: found, sorted, and decided about one by one or many at once.

import { ReloadOutlined } from "@ant-design/icons";
import { useMutation } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { Button, type InputRef } from "antd";
import { useRef, useState, type DragEvent } from "react";
import "../../components/editing.css";
import "./curation.css";
import { api, need, useDesk, useMe, type Schemas } from "../../api";
import { DataTable, EmptyState, ErrorNotice, JobLine, NeedsDesk, PageHeader, useCursorPages, useHotkeys } from "../../components";
import { useI18n } from "../../i18n";
import { clustersKey, useDecided, type Cluster } from "./api";
import { BulkBar, useBulk } from "./BulkBar";
import { CLUSTER_TYPE, useColumns } from "./columns";
import { Filters } from "./Filters";
import { clusterSearch } from "./routes";
import { Shortcuts } from "./Shortcuts";
import { Tabs } from "./Tabs";

const route = getRouteApi("/console/clusters");

export default function ClustersPage() {
  return (
    <NeedsDesk>
      <Clusters />
    </NeedsDesk>
  );
}

function Clusters() {
  const { t } = useI18n();
  const desk = useDesk();
  const { may } = useMe();
  const filters = clusterSearch({ ...route.useSearch() });
  const navigate = route.useNavigate();
  const mayReview = may("ReviewClusters");
  const columns = useColumns(mayReview);
  const pages = useCursorPages<Cluster>({
    name: "clusters",
    queryKey: [...clustersKey(desk), "list", filters],
    load: ({ signal, ...page }) => need(api.GET("/v1/clusters", { params: { query: { desk, ...filters, ...page } }, signal })),
  });

  const [selected, select] = useState<string[]>([]);
  const [at, setAt] = useState(-1);
  const searchField = useRef<InputRef>(null);
  const chosen = pages.items.filter((cluster) => selected.includes(cluster.id));
  const current = pages.items[at];
  const bulk = useBulk(desk, () => select([]));
  /** What a key is about: the rows that are ticked, else the one under the marker. */
  const meant = chosen.length > 0 ? chosen : current ? [current] : [];

  const step = (by: number) => {
    const next = Math.min(pages.items.length - 1, Math.max(0, at + by));
    setAt(next);
    document.querySelector(`[data-row-key="${pages.items[next]?.id ?? ""}"]`)?.scrollIntoView({ block: "nearest" });
  };
  useHotkeys(
    {
      j: () => step(1),
      k: () => step(-1),
      "/": () => searchField.current?.focus(),
      Enter: () => {
        if (current && !(document.activeElement instanceof HTMLAnchorElement) && !(document.activeElement instanceof HTMLButtonElement)) void navigate({ to: "/clusters/$id", params: { id: current.id } });
      },
      ...(mayReview
        ? {
            x: () => {
              if (current) select((before) => (before.includes(current.id) ? before.filter((id) => id !== current.id) : [...before, current.id]));
            },
            a: () => bulk.approve(meant),
            s: () => bulk.ask("snooze", meant),
            d: () => bulk.ask("dismiss", meant),
            m: () => bulk.ask("merge", meant),
          }
        : {}),
    },
    !bulk.asking,
  );

  const [over, setOver] = useState<string | null>(null);
  const dropOn = (cluster: Cluster) => ({
    onDragOver: (event: DragEvent) => {
      if (!event.dataTransfer.types.includes(CLUSTER_TYPE)) return;
      event.preventDefault();
      setOver(cluster.id);
    },
    onDragLeave: () => setOver(null),
    onDrop: (event: DragEvent) => {
      event.preventDefault();
      setOver(null);
      const dragged = pages.items.find((one) => one.id === event.dataTransfer.getData(CLUSTER_TYPE));
      if (dragged && dragged.id !== cluster.id) bulk.ask("merge", [cluster, dragged]);
    },
  });

  const filtered = Object.keys(filters).some((name) => name !== "sort");
  return (
    <>
      <PageHeader title={t("curation.title")} lead={t("curation.lead")}>
        <Shortcuts page="list" />
        {may("RebuildClusters") && <Rebuild desk={desk} />}
      </PageHeader>
      <Tabs />
      {bulk.problem !== null && <ErrorNotice error={bulk.problem} />}
      <DataTable<Cluster>
        name="clusters"
        label={t("curation.title")}
        columns={columns}
        rowKey={(cluster) => cluster.id}
        pages={pages}
        toolbar={chosen.length > 0 ? <BulkBar chosen={chosen} bulk={bulk} onClear={() => select([])} /> : <Filters searchField={searchField} />}
        empty={
          filtered ? (
            <EmptyState title={t("curation.noneFound")} text={t("curation.noneFoundText")}>
              <Button onClick={() => void navigate({ search: ({ desk: same }) => (same === undefined ? {} : { desk: same }) })}>{t("curation.clearFilters")}</Button>
            </EmptyState>
          ) : (
            <EmptyState title={t("curation.empty")} text={t("curation.emptyText")} />
          )
        }
        rowSelection={
          mayReview
            ? {
                selectedRowKeys: selected,
                onChange: (keys) => select(keys.map(String)),
                getCheckboxProps: (cluster) => ({ "aria-label": t("curation.selectRow", { name: cluster.name }) }),
                getTitleCheckboxProps: () => ({ "aria-label": t("curation.selectAll") }),
              }
            : undefined
        }
        rowClassName={(cluster) => `${cluster.id === current?.id ? "row-current" : ""} ${cluster.id === over ? "row-over" : ""}`}
        {...(mayReview ? { onRow: dropOn } : {})}
      />
      {bulk.dialogs}
    </>
  );
}

/** Groups the desk's questions anew; the page goes on meanwhile. */
function Rebuild({ desk }: { desk: string }) {
  const { t } = useI18n();
  const { refresh } = useDecided(desk);
  const [job, setJob] = useState<Schemas["Job"] | null>(null);
  const begin = useMutation({ mutationFn: () => need(api.POST("/v1/clusters/rebuild", { body: { desk } })), onSuccess: setJob });
  return (
    <div className="rebuild">
      <Button icon={<ReloadOutlined />} loading={begin.isPending} onClick={() => begin.mutate()} title={t("curation.rebuildText")} data-testid="rebuild">
        {t("curation.rebuild")}
      </Button>
      {begin.error && <ErrorNotice error={begin.error} />}
      {job && <JobLine key={job.id} job={job} onEnd={() => void refresh()} />}
    </div>
  );
}

