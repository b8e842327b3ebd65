// A job under way, in one line: what it does, how far it is, what came of it.

import { Alert, Progress } from "antd";
import { useState } from "react";
import type { Schemas } from "../api/client";
import { useServerEvents } from "../api/events";
import { useI18n } from "../i18n";

type Job = Schemas["Job"];

const ENDED: Schemas["JobState"][] = ["succeeded", "failed", "cancelled"];
export const hasEnded = (job: Job) => ENDED.includes(job.state);

interface Props {
  /** As it was when it was asked for. */
  job: Job;
  onEnd: (job: Job) => void;
}

export function JobLine({ job: first, onEnd }: Props) {
  const { t } = useI18n();
  const [latest, setLatest] = useState(first);
  const job = latest.id === first.id ? latest : first;
  const stream = useServerEvents<Job>({
    url: hasEnded(first) ? null : `/v1/jobs/${first.id}/events`,
    event: "job",
    isLast: hasEnded,
    onEvent: (next) => {
      setLatest(next);
      if (hasEnded(next)) onEnd(next);
    },
  });
  if (job.state === "failed" || job.state === "cancelled") {
    return <Alert type="error" showIcon title={t(`editing.job_${job.state}`)} description={job.error ?? undefined} data-testid="job-line" data-state={job.state} />;
  }
  const { done = 0, total, stage = "" } = job.progress;
  const share = job.state === "succeeded" ? 100 : total ? Math.floor((done / total) * 100) : 0;
  return (
    <div className="job-line" role="status" data-testid="job-line" data-state={job.state}>
      <span>
        {t(`editing.job_${job.state}`)} {job.state === "running" && stage !== "" && <code>{stage}</code>}
        {stream === "broken" && <span className="quiet"> {t("editing.jobBroken")}</span>}
      </span>
      <Progress percent={share} size="small" status={job.state === "succeeded" ? "success" : "active"} aria-label={t("editing.jobProgress")} />
    </div>
  );
}
