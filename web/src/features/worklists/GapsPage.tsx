// Questions that got no good answer: why, how much it matters, and what closes the gap.

import { SearchOutlined } from "@ant-design/icons";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { App, Button, Checkbox, Select, Tag, Tooltip } from "antd";
import { useState } from "react";
import "../../components/editing.css";
import "./worklists.css";
import { api, asApiError, need, useDesk, useMe, type Schemas } from "../../api";
import { DataTable, EmptyState, ErrorNotice, JobLine, NeedsDesk, PageHeader, useCursorPages, type DataColumn } from "../../components";
import { useI18n } from "../../i18n";
import { DismissGap, ResolveGap, type Gap } from "./GapDialogs";
import { CAUSES, GAP_STATES, gapSearch, type GapSearch } from "./routes";

const route = getRouteApi("/console/worklists/gaps");
const COLOURS = { no_knowledge: "error", not_found: "warning", not_our_topic: "default", consent_refused: "default" } as const;

export default function GapsPage() {
  return (
    <NeedsDesk>
      <Gaps />
    </NeedsDesk>
  );
}

function Gaps() {
  const { t } = useI18n();
  const desk = useDesk();
  const { may } = useMe();
  const mayDecide = may("DecideGaps");
  const client = useQueryClient();
  const { message } = App.useApp();
  const { rare, ...filters } = gapSearch({ ...route.useSearch() });
  const [dismissing, dismiss] = useState<Gap | null>(null);
  const [resolving, resolve] = useState<Gap | null>(null);
  const refresh = () => client.invalidateQueries({ queryKey: ["worklists", desk] });
  const pages = useCursorPages<Gap>({
    name: "gaps",
    queryKey: ["worklists", desk, "gaps", filters, rare],
    load: ({ signal, ...page }) => need(api.GET("/v1/gaps", { params: { query: { desk, ...filters, ...(rare ? { min_customers: 1 } : {}), ...page } }, signal })),
  });
  const decide = useMutation({
    mutationFn: ({ gap, review }: { gap: Gap; review: Omit<Schemas["GapReview"], "desk"> }) => need(api.PATCH("/v1/gaps/{id}", { params: { path: { id: gap.id } }, body: { desk, ...review } })),
    onSuccess: async (gap) => {
      dismiss(null);
      resolve(null);
      void message.success(t(`worklists.now_${gap.state}`));
      await refresh();
    },
    onError: (error) => {
      dismiss(null);
      resolve(null);
      if (asApiError(error).code === "unknown_gap") void refresh();
    },
  });
  const columns = useColumns({
    mayDecide,
    mayWrite: may("WriteEntries"),
    onDismiss: dismiss,
    onResolve: resolve,
    onReopen: (gap) => decide.mutate({ gap, review: { state: "open" } }),
  });
  const state = filters.state ?? "open";
  return (
    <>
      <PageHeader title={t("worklists.gaps")} lead={t("worklists.gapsLead")}>
        {mayDecide && <Find desk={desk} onEnd={() => void refresh()} />}
      </PageHeader>
      {decide.error && <ErrorNotice error={decide.error} />}
      <DataTable<Gap>
        name="gaps"
        label={t("worklists.gaps")}
        columns={columns}
        rowKey={(gap) => gap.id}
        pages={pages}
        toolbar={<Filters />}
        expandable={{ expandedRowRender: (gap) => <Examples gap={gap} />, columnTitle: <span className="unseen">{t("worklists.examples")}</span> }}
        empty={
          <EmptyState
            title={t(state === "open" ? "worklists.gapsNone" : "worklists.gapsNoneFound")}
            text={t(state === "open" && filters.cause === undefined ? "worklists.gapsNoneText" : "worklists.gapsNoneFoundText")}
          />
        }
      />
      {dismissing && <DismissGap gap={dismissing} busy={decide.isPending} onCancel={() => dismiss(null)} onDecide={(why) => decide.mutate({ gap: dismissing, review: { state: "dismissed", why } })} />}
      {resolving && (
        <ResolveGap desk={desk} gap={resolving} busy={decide.isPending} onCancel={() => resolve(null)} onDecide={(entry) => decide.mutate({ gap: resolving, review: { state: "resolved", entry_id: entry } })} />
      )}
    </>
  );
}

interface Can {
  mayDecide: boolean;
  mayWrite: boolean;
  onDismiss: (gap: Gap) => void;
  onResolve: (gap: Gap) => void;
  onReopen: (gap: Gap) => void;
}

function useColumns({ mayDecide, mayWrite, onDismiss, onResolve, onReopen }: Can): DataColumn<Gap>[] {
  const { t, format } = useI18n();
  return [
    {
      id: "question",
      title: t("worklists.question"),
      always: true,
      width: 320,
      render: (_value, gap) => (
        <div className="worklist-cell" data-testid="gap" data-state={gap.state}>
          <strong>{gap.question}</strong>
          {gap.decision && (
            <span className="quiet small">
              {t("worklists.decided", { who: gap.decision.actor, when: format.ago(gap.decision.at) })}
              {gap.decision.why && `: ${gap.decision.why}`}{" "}
              {gap.decision.entry_id && (
                <Link to="/knowledge/$id" params={{ id: gap.decision.entry_id }}>
                  {t("worklists.theEntry")}
                </Link>
              )}
            </span>
          )}
        </div>
      ),
    },
    {
      id: "cause",
      title: t("worklists.cause"),
      width: 150,
      render: (_value, gap) => (
        <Tooltip title={t(`worklists.cause_${gap.cause}_way`)}>
          <Tag color={COLOURS[gap.cause]} tabIndex={0}>
            {t(`worklists.cause_${gap.cause}`)}
          </Tag>
        </Tooltip>
      ),
    },
    { id: "impact", title: t("worklists.impact"), width: 90, align: "right", className: "figure", render: (_value, gap) => format.number(gap.impact) },
    { id: "customers", title: t("worklists.customers"), width: 100, align: "right", className: "figure", render: (_value, gap) => format.number(gap.customers) },
    {
      id: "failures",
      title: t("worklists.failures"),
      width: 200,
      render: (_value, gap) => (
        <span className="small">
          {[
            gap.abstained > 0 ? t("worklists.abstained", { n: gap.abstained }) : "",
            gap.rejected > 0 ? t("worklists.refused", { n: gap.rejected }) : "",
            gap.unanswered > 0 ? t("worklists.unanswered", { n: gap.unanswered }) : "",
          ]
            .filter((text) => text !== "")
            .join(" · ")}
        </span>
      ),
    },
    { id: "language", title: t("worklists.language"), width: 96, hidden: true, render: (_value, gap) => t(`common.${gap.language}`) },
    { id: "last", title: t("worklists.lastAt"), width: 130, className: "nowrap", render: (_value, gap) => gap.last_at && format.ago(gap.last_at) },
    {
      id: "nearest",
      title: t("worklists.nearest"),
      width: 160,
      render: (_value, gap) => (
        <span className="stacked small">
          {gap.nearest_entry && (
            <Link to="/knowledge/$id" params={{ id: gap.nearest_entry.id }}>
              {t("worklists.nearestEntry", { share: format.percent(gap.nearest_entry.similarity) })}
            </Link>
          )}
          {gap.nearest_cluster && (
            <Link to="/clusters/$id" params={{ id: gap.nearest_cluster.id }}>
              {t("worklists.nearestCluster", { share: format.percent(gap.nearest_cluster.similarity) })}
            </Link>
          )}
        </span>
      ),
    },
    ...(mayDecide
      ? [
          {
            id: "actions",
            title: t("common.actions"),
            always: true,
            width: 260,
            render: (_value: unknown, gap: Gap) =>
              gap.state === "open" ? (
                <span className="row">
                  {mayWrite && (
                    <Link to="/knowledge/new" search={{ question: gap.question, gap: gap.id }} data-testid="gap-write">
                      {t("worklists.write")}
                    </Link>
                  )}
                  <Button size="small" onClick={() => onResolve(gap)} data-testid="gap-resolve">
                    {t("worklists.resolve")}
                  </Button>
                  <Button size="small" onClick={() => onDismiss(gap)} data-testid="gap-dismiss">
                    {t("worklists.dismiss")}
                  </Button>
                </span>
              ) : (
                <Button size="small" onClick={() => onReopen(gap)} data-testid="gap-reopen">
                  {t("worklists.reopen")}
                </Button>
              ),
          },
        ]
      : []),
  ];
}

function Filters() {
  const { t } = useI18n();
  const { may } = useMe();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const change = (part: Partial<Record<keyof GapSearch, unknown>>) => void navigate({ replace: true, search: (before) => ({ ...before, ...part }) as GapSearch });
  return (
    <>
      <Select
        aria-label={t("worklists.state")}
        value={search.state ?? "open"}
        popupMatchSelectWidth={false}
        onChange={(state) => change({ state: state === "open" ? undefined : state })}
        options={GAP_STATES.map((state) => ({ value: state, label: t(`worklists.state_${state}`) }))}
        data-testid="gap-state"
      />
      <Select
        aria-label={t("worklists.cause")}
        value={search.cause ?? "all"}
        popupMatchSelectWidth={false}
        onChange={(cause) => change({ cause: cause === "all" ? undefined : cause })}
        options={[{ value: "all", label: t("worklists.anyCause") }, ...CAUSES.map((cause) => ({ value: cause, label: t(`worklists.cause_${cause}`) }))]}
        data-testid="gap-cause"
      />
      {may("ReadSmallClusters") && (
        <Checkbox checked={search.rare ?? false} onChange={(event) => change({ rare: event.target.checked ? true : undefined })} data-testid="gap-rare">
          {t("worklists.rare")}
        </Checkbox>
      )}
    </>
  );
}

function Examples({ gap }: { gap: Gap }) {
  const { t } = useI18n();
  return (
    <div className="gap-examples">
      <p className="quiet flush">{t(`worklists.cause_${gap.cause}_way`)}</p>
      <ul>
        {gap.examples.map((example) => (
          <li key={example}>{example}</li>
        ))}
      </ul>
    </div>
  );
}

function Find({ desk, onEnd }: { desk: string; onEnd: () => void }) {
  const { t } = useI18n();
  const [job, setJob] = useState<Schemas["Job"] | null>(null);
  const begin = useMutation({ mutationFn: () => need(api.POST("/v1/gaps/find", { body: { desk } })), onSuccess: setJob });
  return (
    <div className="find">
      <Button icon={<SearchOutlined />} loading={begin.isPending} title={t("worklists.findText")} onClick={() => begin.mutate()} data-testid="find-gaps">
        {t("worklists.find")}
      </Button>
      {begin.error && <ErrorNotice error={begin.error} />}
      {job && <JobLine key={job.id} job={job} onEnd={onEnd} />}
    </div>
  );
}
