// One job at an address of its own.

import { getRouteApi, Link } from "@tanstack/react-router";
import { Skeleton } from "antd";
import { ErrorNotice, PageHeader } from "../../components";
import { useI18n } from "../../i18n";
import "./imports.css";
import { JobState, JobView } from "./JobView";
import { fileNameOf, isDryRun, isFinal, useJob } from "./queries";

const route = getRouteApi("/console/jobs/$id");

export default function JobPage() {
  const { id } = route.useParams();
  return <OneJob key={id} id={id} />;
}

function OneJob({ id }: { id: string }) {
  const { t, format } = useI18n();
  const { data: job, samples, error, refetch } = useJob(id);
  const name = job ? fileNameOf(job) : null;
  return (
    <>
      <PageHeader title={job ? t(`imports.kind_${job.kind}`) : t("imports.job")} lead={name}>
        <Link to="/imports">{t("imports.back")}</Link>
      </PageHeader>
      {error && <ErrorNotice error={error} onRetry={() => void refetch()} />}
      {!job && !error && <Skeleton active paragraph={{ rows: 8 }} />}
      {job && (
        <div className="panel stack">
          <dl className="facts">
            <dt>{t("imports.state")}</dt>
            <dd>
              <JobState job={job} /> {isDryRun(job) && <span className="quiet">{t("imports.dryRun")}</span>}
            </dd>
            <dt>{t("shell.desk")}</dt>
            <dd>{job.desk ?? t("common.all")}</dd>
            <dt>{t("imports.created")}</dt>
            <dd>{format.exact(job.created_at)}</dd>
            {isFinal(job.state) && (
              <>
                <dt>{t("imports.took")}</dt>
                <dd>{format.duration(Date.parse(job.updated_at) - Date.parse(job.created_at))}</dd>
              </>
            )}
          </dl>
          <JobView job={job} samples={samples} />
        </div>
      )}
    </>
  );
}
