// What the entry was before: who wrote it, when and why, what they changed, and the way back.

import { RollbackOutlined } from "@ant-design/icons";
import { useMutation } from "@tanstack/react-query";
import { App, Button, Input, Modal, Select } from "antd";
import { useState } from "react";
import { api, need, useMe } from "../../api";
import { ChangeProblem, DataTable, EmptyState, useCursorPages, type DataColumn } from "../../components";
import { Markdown } from "../../components/Markdown";
import { useI18n } from "../../i18n";
import { entryKey, rollback, useRefresh, type Entry, type EntryVersion } from "./api";
import { StatusTag } from "./EntryBits";
import { VersionDiff } from "./VersionDiff";

interface Props {
  entry: Entry;
  onChanged: () => void;
}

export function Versions({ entry, onChanged }: Props) {
  const { t, format } = useI18n();
  const { desk, id, version: present } = entry;
  const mayWrite = useMe().may("WriteEntries");
  const [compared, compare] = useState<[number, number]>(() => [Math.max(1, present - 1), present]);
  const [back, setBack] = useState<number | null>(null);
  const pages = useCursorPages<EntryVersion>({
    name: "versions",
    queryKey: [...entryKey(desk, id), "versions"],
    load: ({ signal, ...page }) => need(api.GET("/v1/entries/{id}/versions", { params: { path: { id }, query: { desk, ...page } }, signal })),
  });
  const columns: DataColumn<EntryVersion>[] = [
    { id: "version", title: t("knowledge.version"), always: true, width: 90, align: "right", className: "figure", render: (_value, one) => format.number(one.version) },
    { id: "at", title: t("knowledge.when"), always: true, width: 180, className: "nowrap", render: (_value, one) => <time dateTime={one.at}>{format.dateTime(one.at)}</time> },
    { id: "by", title: t("knowledge.who"), width: 130, render: (_value, one) => one.by },
    { id: "status", title: t("knowledge.status"), width: 110, render: (_value, one) => <StatusTag status={one.status} /> },
    { id: "note", title: t("knowledge.note"), render: (_value, one) => one.note },
    {
      id: "actions",
      title: t("common.actions"),
      always: true,
      width: 230,
      render: (_value, one) => (
        <span className="row">
          {one.version > 1 && (
            <Button size="small" onClick={() => compare([one.version - 1, one.version])} data-testid={`changed-in-${one.version}`}>
              {t("knowledge.whatChanged")}
            </Button>
          )}
          {mayWrite && one.version !== present && (
            <Button size="small" icon={<RollbackOutlined />} onClick={() => setBack(one.version)} data-testid={`rollback-${one.version}`}>
              {t("knowledge.bringBack")}
            </Button>
          )}
        </span>
      ),
    },
  ];
  const numbers = Array.from({ length: present }, (_one, place) => present - place).map((number) => ({ value: number, label: t("knowledge.versionNumber", { n: number }) }));
  const [from, to] = compared;
  return (
    <div className="stack" data-testid="versions">
      <section className="panel" aria-label={t("knowledge.compare")}>
        <div className="row compare-head">
          <h2>{t("knowledge.compare")}</h2>
          <Select aria-label={t("knowledge.compareFrom")} value={from} onChange={(number) => compare([number, to])} options={numbers} popupMatchSelectWidth={false} showSearch={{ optionFilterProp: "label" }} data-testid="diff-from" />
          <span aria-hidden="true">→</span>
          <Select aria-label={t("knowledge.compareTo")} value={to} onChange={(number) => compare([from, number])} options={numbers} popupMatchSelectWidth={false} showSearch={{ optionFilterProp: "label" }} data-testid="diff-to" />
        </div>
        {from === to ? <p className="quiet flush">{t("knowledge.sameVersion")}</p> : <VersionDiff desk={desk} id={id} from={from} to={to} />}
      </section>
      <DataTable<EntryVersion>
        name="versions"
        label={t("knowledge.versionsOf")}
        columns={columns}
        rowKey={(one) => String(one.version)}
        pages={pages}
        empty={<EmptyState title={t("knowledge.noVersions")} text={t("knowledge.noVersionsText")} />}
        expandable={{
          expandedRowRender: (one) => <Content version={one} />,
          columnTitle: <span className="unseen">{t("knowledge.content")}</span>,
        }}
      />
      {back !== null && (
        <BringBack
          entry={entry}
          version={back}
          onClose={() => setBack(null)}
          onDone={() => {
            setBack(null);
            compare([present, present + 1]);
            onChanged();
          }}
        />
      )}
    </div>
  );
}

function Content({ version }: { version: EntryVersion }) {
  return (
    <div className="version-content">
      <ul>
        {version.questions.map((question) => (
          <li key={question}>{question}</li>
        ))}
      </ul>
      <Markdown text={version.answer} />
    </div>
  );
}

interface BringBackProps {
  entry: Entry;
  version: number;
  onClose: () => void;
  onDone: () => void;
}

function BringBack({ entry, version, onClose, onDone }: BringBackProps) {
  const { t } = useI18n();
  const { message } = App.useApp();
  const refresh = useRefresh(entry.desk);
  const [note, setNote] = useState("");
  const change = useMutation({
    mutationFn: () => rollback(entry, version, note.trim()),
    onSuccess: async () => {
      await refresh();
      void message.success(t("knowledge.broughtBack", { n: version }));
      onDone();
    },
  });
  return (
    <Modal
      open
      title={t("knowledge.bringBackTitle", { n: version })}
      okText={t("knowledge.bringBack")}
      okButtonProps={{ loading: change.isPending, ...{ "data-testid": "rollback-confirm" } }}
      onOk={() => change.mutate()}
      onCancel={onClose}
    >
      <p className="quiet">{t("knowledge.bringBackText")}</p>
      {change.error && (
        <ChangeProblem
          error={change.error}
          onLookAgain={() => {
            onClose();
            void refresh();
          }}
        />
      )}
      <Input value={note} maxLength={500} aria-label={t("knowledge.note")} placeholder={t("knowledge.note")} onChange={(event) => setNote(event.target.value)} />
    </Modal>
  );
}
