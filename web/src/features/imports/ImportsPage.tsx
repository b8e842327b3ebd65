// Imports and every other long work: start an import, see all jobs.

import { CloudUploadOutlined } from "@ant-design/icons";
import { Link } from "@tanstack/react-router";
import { Segmented } from "antd";
import { useState } from "react";
import { api, need, useDeskOrNull, useMe } from "../../api";
import { DataTable, EmptyState, PageHeader, useCursorPages, type DataColumn } from "../../components";
import { useI18n } from "../../i18n";
import "./imports.css";
import { CancelJob, JobState } from "./JobView";
import { fieldOf, fileNameOf, isDryRun, isFinal, type Job } from "./queries";
import { UploadForm } from "./UploadForm";

/** While something runs, the list is asked for again so often. */
const WATCH_MS = 2500;

export default function ImportsPage() {
  const { t } = useI18n();
  const { may } = useMe();
  return (
    <>
      <PageHeader title={t("imports.title")} lead={t("imports.lead")} />
      <div className="stack">
        {may("ManageImports") ? <UploadForm /> : <p className="quiet">{t("imports.notMine")}</p>}
        <JobList />
      </div>
    </>
  );
}

function JobList() {
  const { t, format } = useI18n();
  const desk = useDeskOrNull();
  const [ofAll, setOfAll] = useState(false);
  const wanted = ofAll || desk === null ? undefined : desk;
  const pages = useCursorPages<Job>({
    name: "jobs",
    queryKey: ["jobs", "list", wanted],
    load: ({ signal, ...page }) => need(api.GET("/v1/jobs", { params: { query: { ...page, ...(wanted === undefined ? {} : { desk: wanted }) } }, signal })),
    refetchInterval: (items) => (items?.some((job) => !isFinal(job.state)) ? WATCH_MS : false),
  });
  const columns: DataColumn<Job>[] = [
    {
      id: "kind",
      title: t("imports.kind"),
      always: true,
      render: (_value, job) => (
        <>
          <Link to="/jobs/$id" params={{ id: job.id }} className="job-link">
            {t(`imports.kind_${job.kind}`)}
          </Link>
          {isDryRun(job) && <span className="quiet"> · {t("imports.dryRun")}</span>}
        </>
      ),
    },
    { id: "file", title: t("imports.file"), render: (_value, job) => <span className="wrap">{fileNameOf(job) ?? "–"}</span> },
    { id: "desk", title: t("shell.desk"), hidden: !ofAll, render: (_value, job) => job.desk ?? t("common.all") },
    { id: "state", title: t("imports.state"), always: true, width: 110, render: (_value, job) => <JobState job={job} /> },
    { id: "created", title: t("imports.created"), width: 170, render: (_value, job) => <time dateTime={job.created_at} title={format.exact(job.created_at)}>{format.ago(job.created_at)}</time> },
    { id: "took", title: t("imports.took"), width: 110, hidden: true, render: (_value, job) => (isFinal(job.state) ? format.duration(Date.parse(job.updated_at) - Date.parse(job.created_at)) : "–") },
    { id: "outcome", title: t("imports.outcome"), render: (_value, job) => <JobOutcome job={job} /> },
    { id: "actions", title: t("common.actions"), width: 120, render: (_value, job) => <CancelJob job={job} /> },
  ];
  return (
    <section data-testid="jobs">
      <h2 className="jobs-title">{t("imports.jobs")}</h2>
      <DataTable
        name="jobs"
        label={t("imports.jobs")}
        columns={columns}
        pages={pages}
        rowKey={(job) => job.id}
        toolbar={
          <Segmented
            aria-label={t("imports.jobs")}
            value={ofAll ? "all" : "desk"}
            onChange={(value) => setOfAll(value === "all")}
            options={[
              { value: "desk", label: t("imports.jobsOfDesk") },
              { value: "all", label: t("imports.jobsOfAll") },
            ]}
          />
        }
        empty={<EmptyState icon={<CloudUploadOutlined />} title={t("imports.jobsEmpty")} text={t("imports.jobsEmptyText")} />}
      />
    </section>
  );
}

/** In a few words what came out. */
function JobOutcome({ job }: { job: Job }) {
  const { t, format } = useI18n();
  const [added, rejected, clusters] = ["conversations_added", "rejected", "clusters"].map((name) => fieldOf(job.result, name));
  if (job.state === "running") return <span className="quiet">{job.progress.total ? format.percent((job.progress.done ?? 0) / job.progress.total) : "…"}</span>;
  const said = [
    typeof added === "number" ? t("imports.added", { n: added }) : null,
    typeof rejected === "number" && rejected > 0 ? t("imports.rejectedCount", { n: rejected }) : null,
    typeof clusters === "number" ? `${t("imports.clusters")}: ${format.number(clusters)}` : null,
  ].filter((text) => text !== null);
  return said.length > 0 ? said.join(" · ") : "–";
}
