// One job: how far it is, how fast, what came out, and for imports the rows that were not taken.

import { DownloadOutlined } from "@ant-design/icons";
import { Alert, Button, Popconfirm, Progress, Tag } from "antd";
import { api, asApiError, need, useMe, type Schemas } from "../../api";
import { DataTable, ErrorNotice, ServiceWords, useCursorPages, type DataColumn } from "../../components";
import { useI18n } from "../../i18n";
import { fieldOf, isDryRun, isFinal, useCancelJob, type Job } from "./queries";
import { pace, type Sample } from "./rate";
import { STAGES } from "./stages";

const COLOURS: Record<Schemas["JobState"], string> = { queued: "default", running: "processing", succeeded: "success", failed: "error", cancelled: "warning" };

export function JobState({ job }: { job: Job }) {
  const { t } = useI18n();
  return (
    <Tag color={COLOURS[job.state]} data-testid="job-state" data-state={job.state}>
      {t(`imports.state_${job.state}`)}
    </Tag>
  );
}

export function JobProgress({ job, samples }: { job: Job; samples: Sample[] }) {
  const { t, format } = useI18n();
  const { done = 0, total = null, stage = "" } = job.progress;
  const isBytes = job.kind === "import" && stage === "reading";
  const amount = isBytes ? format.bytes : format.number;
  const label = STAGES[stage] ? t(STAGES[stage]) : stage === "" ? t(`imports.state_${job.state}`) : stage;
  const known = total !== null && total > 0;
  const speed = pace(samples, total);
  return (
    <div className="job-progress" role="status" data-testid="job-progress">
      <span className="job-stage">{label}</span>
      <Progress percent={known ? Math.min(100, Math.floor((100 * done) / total)) : 0} status={job.state === "running" ? "active" : "normal"} showInfo={known} aria-label={label} />
      <span className="quiet small nowrap job-figures">
        {known ? t("imports.of", { done: amount(done), total: amount(total) }) : done > 0 ? amount(done) : ""}
        {speed && ` · ${t("imports.rate", { n: amount(Math.round(speed.rate)) })}`}
        {speed?.left !== null && speed?.left !== undefined && ` · ${t("imports.left", { time: format.duration(speed.left) })}`}
      </span>
    </div>
  );
}

export function CancelJob({ job }: { job: Job }) {
  const { t } = useI18n();
  const { may } = useMe();
  const cancel = useCancelJob();
  if (isFinal(job.state) || !may("CancelJobs")) return null;
  return (
    <>
      <Popconfirm title={t("imports.cancelAsk")} description={<span className="confirm-text">{t("imports.cancelText")}</span>} okText={t("imports.cancel")} onConfirm={() => cancel.mutate(job.id)}>
        <Button danger size="small" data-testid="job-cancel">
          {t("imports.cancel")}
        </Button>
      </Popconfirm>
      {cancel.error && asApiError(cancel.error).code !== "job_ended" && <ErrorNotice error={cancel.error} />}
    </>
  );
}

interface Props {
  job: Job;
  samples: Sample[];
  /** After a check: imports the same file. */
  onImport?: (() => void) | undefined;
}

export function JobView({ job, samples, onImport }: Props) {
  const { t } = useI18n();
  const isImport = job.kind === "import";
  return (
    <div className="job-view stack" data-testid="job-view" data-state={job.state}>
      {!isFinal(job.state) && (
        <div className="job-running">
          <JobProgress job={job} samples={samples} />
          <CancelJob job={job} />
        </div>
      )}
      {job.state === "succeeded" && isImport && (
        <Alert
          type="success"
          showIcon
          role="status"
          title={isDryRun(job) ? t("imports.doneDry") : t("imports.done")}
          action={
            isDryRun(job) && onImport ? (
              <Button size="small" type="primary" onClick={onImport} data-testid="import-now">
                {t("imports.importNow")}
              </Button>
            ) : null
          }
        />
      )}
      {job.state === "failed" && (
        <Alert
          type="error"
          showIcon
          role="alert"
          title={t("imports.failed")}
          description={
            <>
              <p className="flush pre-line" lang="en">
                {job.error}
              </p>
              {isImport && <p className="flush">{t("imports.resumeText")}</p>}
            </>
          }
          data-testid="job-error"
        />
      )}
      {job.state === "cancelled" && isImport && <Alert type="warning" showIcon title={t("imports.resumeText")} />}
      <Outcome job={job} />
      {isImport && isFinal(job.state) && <RejectedRows job={job} />}
    </div>
  );
}

const FIGURES = [
  "conversations_read",
  "conversations_added",
  "conversations_changed",
  "messages_read",
  "messages_added",
  "pairs_mined",
  "rejected",
  "clusters",
  "kept",
  "gone",
  "outliers",
] as const;

/** Figures under names of their own, others under the service's. */
function Outcome({ job }: { job: Job }) {
  const { t, format } = useI18n();
  const known = FIGURES.flatMap((name) => {
    const value = fieldOf(job.result, name);
    return typeof value === "number" ? [[name, t(`imports.${name}`), value] as const] : [];
  });
  const others = Object.entries(typeof job.result === "object" && job.result !== null ? job.result : {}).filter(
    (pair): pair is [string, number] => typeof pair[1] === "number" && !FIGURES.some((name) => name === pair[0]),
  );
  const notes = fieldOf(job.result, "notes");
  if (known.length + others.length === 0) return null;
  return (
    <>
      <dl className="tally" aria-label={t("imports.result")}>
        {[...known, ...others.map(([name, value]) => [name, name.replaceAll("_", " "), value] as const)].map(([name, label, value]) => (
          <div key={name} data-warn={name === "rejected" && value > 0}>
            <dt>{label}</dt>
            <dd data-testid={`import-${name}`}>{format.number(value)}</dd>
          </div>
        ))}
      </dl>
      {Array.isArray(notes) && notes.length > 0 && (
        <div>
          <h3>{t("imports.notes")}</h3>
          <ul className="notes">
            {notes.map((note) => (
              <li key={String(note)}>
                <ServiceWords said={String(note)} />
              </li>
            ))}
          </ul>
        </div>
      )}
    </>
  );
}

function RejectedRows({ job }: { job: Job }) {
  const { t, format } = useI18n();
  const rejected = fieldOf(job.result, "rejected");
  const pages = useCursorPages<Schemas["RejectedRow"]>({
    name: "rejected",
    queryKey: ["jobs", "rejected", job.id],
    load: async ({ signal, ...query }) => {
      const page = await need(api.GET("/v1/jobs/{id}/rejected-rows", { params: { path: { id: job.id }, query }, signal }));
      return typeof page === "string" ? { items: [] } : page;
    },
  });
  if (rejected === 0) return <p className="quiet flush">{t("imports.nothingRejected")}</p>;
  const columns: DataColumn<Schemas["RejectedRow"]>[] = [
    { id: "line", title: t("imports.line"), always: true, width: 90, align: "right", render: (_value, row) => format.number(row.line) },
    { id: "field", title: t("common.field"), width: 150, render: (_value, row) => (row.field ? <code>{row.field}</code> : "–") },
    { id: "reason", title: t("imports.reason"), always: true, render: (_value, row) => <ServiceWords said={row.reason} /> },
    { id: "remedy", title: t("imports.remedy"), render: (_value, row) => <ServiceWords said={row.remedy} /> },
  ];
  return (
    <section data-testid="rejected-rows">
      <h3>{t("imports.rejectedTitle")}</h3>
      <DataTable
        name="rejected"
        label={t("imports.rejectedTitle")}
        columns={columns}
        pages={pages}
        rowKey={(row) => `${row.line}-${row.field ?? ""}-${row.reason}`}
        empty={<p className="quiet">{t("imports.nothingRejected")}</p>}
        scrollX={640}
        toolbar={
          <>
            <span className="quiet">{t("imports.rejectedText")}</span>
            <Button size="small" icon={<DownloadOutlined />} href={`/v1/jobs/${encodeURIComponent(job.id)}/rejected-rows?format=csv`} download data-testid="rejected-download">
              {t("imports.rejectedDownload")}
            </Button>
          </>
        }
      />
    </section>
  );
}
