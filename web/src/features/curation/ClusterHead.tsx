// Name, state, and what can be decided.

import { CheckOutlined, ClockCircleOutlined, CloseCircleOutlined, EditOutlined, MergeCellsOutlined, RollbackOutlined, StarOutlined } from "@ant-design/icons";
import { Link } from "@tanstack/react-router";
import { Button, Input, Tooltip, type InputRef } from "antd";
import { useEffect, useRef, useState } from "react";
import { useMe } from "../../api";
import { useI18n } from "../../i18n";
import type { Cluster, Patch } from "./api";
import { StateTag } from "./ClusterBits";
import { Shortcuts } from "./Shortcuts";

const MOST_NAME = 200;

interface Props {
  cluster: Cluster;
  busy: boolean;
  renaming: boolean;
  onRename: (renaming: boolean) => void;
  onDecide: (patch: Patch, done: string) => void;
  onAsk: (what: "snooze" | "dismiss" | "merge" | "promote") => void;
}

export function ClusterHead({ cluster, busy, renaming, onRename, onDecide, onAsk }: Props) {
  const { t, format } = useI18n();
  const { may } = useMe();
  const mayReview = may("ReviewClusters");
  const product = t("shell.product");
  useEffect(() => {
    document.title = `${cluster.name} · ${product}`;
  }, [cluster.name, product]);
  return (
    <header className="page-header cluster-head">
      <div className="page-heading">
        <p className="flush small">
          <Link to="/clusters">{t("curation.title")}</Link>
        </p>
        {renaming && mayReview ? (
          <NameField cluster={cluster} busy={busy} onCancel={() => onRename(false)} onSave={(name) => onDecide({ name }, t("curation.renamed"))} />
        ) : (
          <h1 className="cluster-title">
            <span className="wrap" data-testid="cluster-name">
              {cluster.name}
            </span>
            {mayReview && (
              <Tooltip title={`${t("curation.rename")} (e)`}>
                <Button type="text" size="small" icon={<EditOutlined />} aria-label={t("curation.rename")} onClick={() => onRename(true)} data-testid="rename" />
              </Tooltip>
            )}
          </h1>
        )}
        <p className="row flush quiet">
          <StateTag cluster={cluster} />
          {cluster.state === "snoozed" && cluster.snoozed_until && <span>{t("curation.until", { date: format.date(cluster.snoozed_until) })}</span>}
          {cluster.state === "dismissed" && cluster.dismissed_why && <span>{cluster.dismissed_why}</span>}
          <span>{t(`common.${cluster.language}`)}</span>
          {cluster.last_asked_at && <span>{t("curation.lastAskedOn", { date: format.date(cluster.last_asked_at) })}</span>}
        </p>
      </div>
      <div className="page-actions">
        <Shortcuts page="cluster" />
        {mayReview && (
          <>
            {cluster.state !== "open" && (
              <Button icon={<RollbackOutlined />} disabled={busy} onClick={() => onDecide({ state: "open" }, t("curation.reopened"))} data-testid="reopen">
                {t("curation.reopen")}
              </Button>
            )}
            {cluster.state !== "approved" && (
              <Button icon={<CheckOutlined />} disabled={busy} onClick={() => onDecide({ state: "approved" }, t("curation.done_approved", { n: 1 }))} data-testid="approve">
                {t("curation.approve")}
              </Button>
            )}
            <Button icon={<ClockCircleOutlined />} disabled={busy} onClick={() => onAsk("snooze")} data-testid="snooze">
              {t("curation.snooze")}
            </Button>
            <Button icon={<CloseCircleOutlined />} disabled={busy} onClick={() => onAsk("dismiss")} data-testid="dismiss">
              {t("curation.dismiss")}
            </Button>
            <Button icon={<MergeCellsOutlined />} disabled={busy} onClick={() => onAsk("merge")} data-testid="merge">
              {t("curation.merge")}
            </Button>
            <Button type="primary" icon={<StarOutlined />} disabled={busy} onClick={() => onAsk("promote")} data-testid="promote">
              {t("curation.promote")}
            </Button>
          </>
        )}
      </div>
    </header>
  );
}

function NameField({ cluster, busy, onSave, onCancel }: { cluster: Cluster; busy: boolean; onSave: (name: string) => void; onCancel: () => void }) {
  const { t } = useI18n();
  const [name, setName] = useState(cluster.name);
  const field = useRef<InputRef>(null);
  useEffect(() => field.current?.focus({ cursor: "all" }), []);
  return (
    <form
      className="row name-form"
      onSubmit={(event) => {
        event.preventDefault();
        onSave(name.trim());
      }}
    >
      <Input
        ref={field}
        className="name-field"
        value={name}
        maxLength={MOST_NAME}
        aria-label={t("curation.name")}
        placeholder={t("curation.nameMade")}
        onChange={(event) => setName(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") onCancel();
        }}
        data-testid="name-field"
      />
      <Button type="primary" htmlType="submit" loading={busy} data-testid="name-save">
        {t("common.save")}
      </Button>
      <Button onClick={onCancel}>{t("common.cancel")}</Button>
    </form>
  );
}
