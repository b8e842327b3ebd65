// From a file to a job: choose, say what the columns hold, check, import.

import { FileTextOutlined } from "@ant-design/icons";
import { Alert, AutoComplete, Button, Form, Progress, Select, Skeleton, Tooltip } from "antd";
import { useState } from "react";
import { useDeskOrNull, useDesks } from "../../api";
import { DESK_NAME } from "../../api/desk";
import { ErrorNotice } from "../../components";
import { useI18n } from "../../i18n";
import { JobView } from "./JobView";
import { DropZone } from "./DropZone";
import { MappingTable } from "./MappingTable";
import type { Format } from "./preview";
import { useJob } from "./queries";
import { useUpload } from "./useUpload";

const FORMATS: Format[] = ["jsonl", "csv", "xlsx"];

export function UploadForm() {
  const { t, format } = useI18n();
  const present = useDeskOrNull();
  const { data: desks } = useDesks();
  const [typedDesk, setTypedDesk] = useState<string | null>(null);
  const form = useUpload();
  const { chosen, sent, preview } = form;
  const desk = (typedDesk ?? present ?? "").trim();
  const deskIsFit = DESK_NAME.test(desk);
  const deskIsNew = deskIsFit && desks !== undefined && !desks.some((one) => one.id === desk);
  const busy = sent !== null;
  const start = (dryRun: boolean) => void form.start(desk, dryRun);

  return (
    <section className="panel stack" data-testid="import-form">
      {chosen === null ? (
        <DropZone onFiles={form.choose} />
      ) : (
        <div className="chosen-file">
          <FileTextOutlined className="chosen-icon" aria-hidden="true" />
          <div className="wrap">
            <strong data-testid="import-name">{chosen.file.name}</strong>
            <span className="quiet"> · {format.bytes(chosen.file.size)}</span>
          </div>
          <DropZone compact onFiles={form.choose} disabled={busy} />
        </div>
      )}
      {form.refusal && (
        <Alert
          type="warning"
          showIcon
          role="alert"
          title={form.refusal.kind === "many" ? t("imports.oneFile") : t("imports.unknownFormat", { name: form.refusal.name })}
          data-testid="import-refusal"
        />
      )}
      {chosen && (
        <Form layout="vertical" className="stack" requiredMark={false} onFinish={() => start(false)}>
          <div className="import-fields">
            <Form.Item label={t("imports.desk")} htmlFor="import-desk" validateStatus={desk !== "" && !deskIsFit ? "error" : ""} help={desk !== "" && !deskIsFit ? t("imports.deskBad") : deskIsNew ? t("imports.deskNew", { name: desk }) : undefined}>
              <AutoComplete
                id="import-desk"
                value={typedDesk ?? present ?? ""}
                onChange={setTypedDesk}
                disabled={busy}
                options={(desks ?? []).map((one) => ({ value: one.id }))}
                data-testid="import-desk"
              />
            </Form.Item>
            <Form.Item label={t("imports.format")} htmlFor="import-format">
              <Select<Format>
                id="import-format"
                value={chosen.format}
                onChange={form.setFormat}
                disabled={busy}
                options={FORMATS.map((value) => ({ value, label: value.toUpperCase() }))}
                data-testid="import-format"
              />
            </Form.Item>
          </div>
          {preview.isPending && chosen.format !== "jsonl" && <Skeleton active paragraph={{ rows: 8 }} />}
          {preview.error && <Alert type="info" showIcon title={t("imports.mappingNone", { reason: preview.error.message })} data-testid="mapping-none" />}
          {preview.data && <MappingTable preview={preview.data} format={chosen.format} mapping={form.mapping} onChange={form.setMapping} />}
          {form.failure !== null && <ErrorNotice error={form.failure} testId="import-problem" />}
          {form.stopped && <Alert type="info" showIcon role="status" title={t("imports.stopped")} />}
          {sent ? (
            <div role="status" className="sending">
              <span>{t("imports.sending")}</span>
              <Progress percent={sent.total > 0 ? Math.floor((100 * sent.done) / sent.total) : 0} aria-label={t("imports.sending")} />
              <Button onClick={form.stop}>{t("imports.stop")}</Button>
            </div>
          ) : (
            <div className="row">
              <Tooltip title={t("imports.checkHint")}>
                <Button disabled={!deskIsFit} onClick={() => start(true)} data-testid="import-check">
                  {t("imports.check")}
                </Button>
              </Tooltip>
              <Button type="primary" htmlType="submit" disabled={!deskIsFit} data-testid="import-submit">
                {t("imports.import")}
              </Button>
            </div>
          )}
        </Form>
      )}
      {form.jobId !== null && <StartedJob id={form.jobId} onImport={chosen && !busy ? () => start(false) : undefined} />}
    </section>
  );
}

/** The job that came of it, followed on the same page. */
function StartedJob({ id, onImport }: { id: string; onImport: (() => void) | undefined }) {
  const { data: job, samples, error, refetch } = useJob(id);
  if (error) return <ErrorNotice error={error} onRetry={() => void refetch()} />;
  if (!job) return <Skeleton active />;
  return <JobView job={job} samples={samples} onImport={onImport} />;
}
