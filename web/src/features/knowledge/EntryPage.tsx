// One entry: edited, published, retired, and its versions.

import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { Skeleton } from "antd";
import { useState } from "react";
import "../../components/editing.css";
import "./knowledge.css";
import { useDesk } from "../../api";
import { ErrorNotice, NeedsDesk, PageHeader } from "../../components";
import { useI18n } from "../../i18n";
import { entryKey, loadEntry, type Entry } from "./api";
import { StatusTag, useValidity } from "./EntryBits";
import { EntryEditor } from "./EntryEditor";
import { Versions } from "./Versions";

const route = getRouteApi("/console/knowledge/$id");

export default function EntryPage() {
  return (
    <NeedsDesk>
      <Loading />
    </NeedsDesk>
  );
}

function Loading() {
  const { t } = useI18n();
  const desk = useDesk();
  const { id } = route.useParams();
  const { data, error, refetch } = useQuery({ queryKey: entryKey(desk, id), queryFn: ({ signal }) => loadEntry(desk, id, signal) });
  if (error) {
    return (
      <div className="stack">
        <ErrorNotice error={error} onRetry={() => void refetch()} />
        <Link to="/knowledge">{t("knowledge.toList")}</Link>
      </div>
    );
  }
  if (!data) return <Skeleton active className="entry-skeleton" paragraph={{ rows: 14 }} />;
  return <Loaded key={data.id} entry={data} />;
}

function Loaded({ entry }: { entry: Entry }) {
  const { t, format } = useI18n();
  const { view } = route.useSearch();
  const validity = useValidity();
  // The form holds what was read when it was opened; saving, taking theirs and rolling back begin anew with the present version.
  const [round, setRound] = useState(0);
  return (
    <div className="entry-page" data-testid="entry-page" data-version={entry.version}>
      <p className="flush small">
        <Link to="/knowledge">{t("knowledge.title")}</Link>
      </p>
      <PageHeader
        title={entry.questions[0] ?? entry.external_id}
        lead={
          <span className="row">
            <StatusTag status={entry.status} />
            <span>{validity(entry)}</span>
            <span>{t("knowledge.changedBy", { who: entry.updated_by, when: format.ago(entry.updated_at) })}</span>
          </span>
        }
      />
      <nav className="tab-links" aria-label={t("knowledge.entry")}>
        <Link
          to="/knowledge/$id"
          params={{ id: entry.id }}
          search={(before) => ({ ...before, view: undefined })}
          activeProps={{}}
          className={view === undefined ? "active" : ""}
          aria-current={view === undefined ? "page" : undefined}
        >
          {t("knowledge.edit")}
        </Link>
        <Link
          to="/knowledge/$id"
          params={{ id: entry.id }}
          search={(before) => ({ ...before, view: "versions" as const })}
          activeProps={{}}
          className={view === "versions" ? "active" : ""}
          aria-current={view === "versions" ? "page" : undefined}
          data-testid="to-versions"
        >
          {t("knowledge.versions", { n: entry.version })}
        </Link>
      </nav>
      {view === "versions" ? <Versions entry={entry} onChanged={() => setRound(round + 1)} /> : <EntryEditor key={round} entry={entry} onFresh={() => setRound(round + 1)} />}
    </div>
  );
}
