// Entries from a file: first a dry run that says what would happen, then the import.

import { DownloadOutlined, InboxOutlined } from "@ant-design/icons";
import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Alert, Button, Table, Upload } from "antd";
import { useState } from "react";
import "../../components/editing.css";
import "./knowledge.css";
import { useDesk, useMe } from "../../api";
import { csv, EmptyState, ErrorNotice, NearList, NeedsDesk, offerFile, PageHeader, ServiceWords } from "../../components";
import { useI18n } from "../../i18n";
import { FORMATS, formatOf, importFile, useRefresh, type Format, type Imported } from "./api";

export default function ImportPage() {
  const { t } = useI18n();
  const mayWrite = useMe().may("WriteEntries");
  return (
    <NeedsDesk>
      <p className="flush small">
        <Link to="/knowledge">{t("knowledge.title")}</Link>
      </p>
      <PageHeader title={t("knowledge.importTitle")} lead={t("knowledge.importLead")} />
      {mayWrite ? <Import /> : <EmptyState title={t("problem.forbidden")} text={t("problem.forbidden_way")} />}
    </NeedsDesk>
  );
}

interface Chosen {
  file: File;
  format: Format;
}

function Import() {
  const { t, format: formats } = useI18n();
  const desk = useDesk();
  const refresh = useRefresh(desk);
  const [chosen, setChosen] = useState<Chosen | null>(null);
  const [unknown, setUnknown] = useState<string | null>(null);
  const run = useMutation({
    mutationFn: ({ file, format, dryRun }: Chosen & { dryRun: boolean }) => importFile(desk, file, format, dryRun),
    onSuccess: (report) => (report.dry_run ? undefined : refresh()),
  });
  const take = (file: File) => {
    const format = formatOf(file.name);
    run.reset();
    setUnknown(format ? null : file.name);
    setChosen(format ? { file, format } : null);
    if (format) run.mutate({ file, format, dryRun: true });
  };
  const report = run.data;
  const writes = report ? report.new + report.changed : 0;
  return (
    <div className="stack import-page" data-testid="import-page">
      <Upload.Dragger
        accept={FORMATS.map((format) => `.${format}`).join(",")}
        showUploadList={false}
        disabled={run.isPending}
        beforeUpload={(file) => {
          take(file);
          return false;
        }}
        data-testid="import-drop"
      >
        <p className="upload-icon" aria-hidden="true">
          <InboxOutlined />
        </p>
        <p className="flush">{t("knowledge.importDrop")}</p>
        <p className="quiet small flush">{t("knowledge.importKinds")}</p>
      </Upload.Dragger>
      {unknown !== null && <Alert type="error" showIcon role="alert" title={t("knowledge.importUnknown", { name: unknown })} description={t("knowledge.importKinds")} data-testid="import-unknown" />}
      {run.error && <ErrorNotice error={run.error} {...(chosen ? { onRetry: () => run.mutate({ ...chosen, dryRun: true }) } : {})} />}
      {run.isPending && <p role="status">{t("knowledge.importReading", { name: chosen?.file.name ?? "" })}</p>}
      {chosen && report && (
        <section className="panel stack" aria-live="polite" data-testid="import-report" data-dry={report.dry_run}>
          <h2>{report.dry_run ? t("knowledge.reportDry", { name: chosen.file.name }) : t("knowledge.reportDone", { name: chosen.file.name })}</h2>
          <dl className="figures">
            {(["new", "changed", "unchanged"] as const).map((effect) => (
              <div key={effect}>
                <dt>{t(`knowledge.report_${effect}`)}</dt>
                <dd data-testid={`report-${effect}`}>{formats.number(report[effect])}</dd>
              </div>
            ))}
            <div>
              <dt>{t("knowledge.report_rejected")}</dt>
              <dd data-testid="report-rejected" className={report.rejected.length > 0 ? "danger" : undefined}>
                {formats.number(report.rejected.length)}
              </dd>
            </div>
          </dl>
          {report.dry_run ? (
            <span className="row">
              <Button type="primary" disabled={writes === 0} loading={run.isPending} onClick={() => run.mutate({ ...chosen, dryRun: false })} data-testid="import-confirm">
                {t("knowledge.importNow", { n: writes })}
              </Button>
              {writes === 0 && <span className="quiet">{t("knowledge.importNothing")}</span>}
            </span>
          ) : (
            <span className="row">
              <Link to="/knowledge">{t("knowledge.toList")}</Link>
              {!report.indexed && <span className="quiet">{t("knowledge.indexSoon")}</span>}
            </span>
          )}
          <Rejected report={report} name={chosen.file.name} />
          <Alike report={report} />
        </section>
      )}
    </div>
  );
}

function Rejected({ report, name }: { report: Imported; name: string }) {
  const { t, fault } = useI18n();
  if (report.rejected.length === 0) return null;
  const words = (said: string) => fault(said) ?? said;
  const head = [t("knowledge.line"), t("common.field"), t("knowledge.reason"), t("knowledge.remedy")];
  const download = () => offerFile(`rejected-${name}.csv`, csv([head, ...report.rejected.map((row) => [row.line ?? null, row.field ?? null, words(row.reason), words(row.remedy)])]), "text/csv;charset=utf-8");
  return (
    <div>
      <div className="section-head">
        <h3>{t("knowledge.rejected")}</h3>
        <Button size="small" icon={<DownloadOutlined />} onClick={download} data-testid="rejected-csv">
          {t("knowledge.rejectedCsv")}
        </Button>
      </div>
      <Table
        size="small"
        rowKey={(row) => `${row.line ?? 0}-${row.field ?? ""}-${row.reason}`}
        dataSource={report.rejected}
        pagination={{ pageSize: 20, hideOnSinglePage: true, showSizeChanger: false }}
        scroll={{ x: "max-content" }}
        columns={[
          { title: head[0], key: "line", width: 80, render: (_value, row) => row.line },
          { title: head[1], key: "field", width: 140, render: (_value, row) => row.field && <code>{row.field}</code> },
          { title: head[2], key: "reason", render: (_value, row) => <ServiceWords said={row.reason} /> },
          { title: head[3], key: "remedy", render: (_value, row) => <ServiceWords said={row.remedy} /> },
        ]}
      />
    </div>
  );
}

function Alike({ report }: { report: Imported }) {
  const { t } = useI18n();
  const alike = report.items.filter((item) => item.near_duplicates.length > 0);
  if (alike.length === 0) return null;
  return (
    <div data-testid="import-alike">
      <h3>{t("knowledge.alike", { n: alike.length })}</h3>
      <p className="quiet">{t("knowledge.alikeText")}</p>
      {alike.map((item) => (
        <div key={item.id} className="alike">
          <code>{item.external_id}</code>
          <NearList items={item.near_duplicates} />
        </div>
      ))}
    </div>
  );
}
