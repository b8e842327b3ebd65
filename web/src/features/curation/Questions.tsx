// The questions of a cluster. Ticked ones, or the one that is dragged, go to another cluster of the list beside it, out of all, or into a
// cluster of their own.

import { HolderOutlined, PushpinOutlined, ScissorOutlined } from "@ant-design/icons";
import { Button, Checkbox, Input, Tooltip } from "antd";
import { useState, type DragEvent } from "react";
import { useMe } from "../../api";
import { ErrorNotice, useHotkeys } from "../../components";
import { useI18n } from "../../i18n";
import type { Cluster, ClusterView } from "./api";
import { useOthers } from "./PickCluster";

const QUESTIONS_TYPE = "application/x-riposte-questions";

interface Props {
  cluster: ClusterView;
  selected: string[];
  busy: boolean;
  onSelect: (pairs: string[]) => void;
  onMove: (pairs: string[], to: Cluster | null) => void;
  onSplit: (pairs: string[], name: string) => void;
  onPropose: () => void;
}

export function Questions({ cluster, selected, busy, onSelect, onMove, onSplit, onPropose }: Props) {
  const { t, format } = useI18n();
  const mayReview = useMe().may("ReviewClusters");
  const { members } = cluster;
  const [at, setAt] = useState(-1);
  const here = selected.filter((pair) => members.some((member) => member.pair_id === pair));
  const toggle = (pair: string) => onSelect(here.includes(pair) ? here.filter((one) => one !== pair) : [...here, pair]);
  const step = (by: number) => {
    const next = Math.min(members.length - 1, Math.max(0, at + by));
    setAt(next);
    document.getElementById(`question-${members[next]?.pair_id ?? ""}`)?.scrollIntoView({ block: "nearest" });
  };
  useHotkeys({
    j: () => step(1),
    k: () => step(-1),
    ...(mayReview
      ? {
          x: () => {
            const member = members[at];
            if (member) toggle(member.pair_id);
          },
        }
      : {}),
  });
  const all = here.length === members.length && members.length > 0;
  return (
    <section aria-labelledby="questions" data-testid="questions">
      <div className="section-head">
        <h2 id="questions" className="section-title">
          {t("curation.questions")}
        </h2>
        <span className="quiet">
          {members.length < cluster.size ? t("curation.questionsOf", { shown: members.length, n: cluster.size }) : t("curation.questionCount", { n: cluster.size })}
        </span>
      </div>
      <div className={mayReview ? "questions-grid" : undefined}>
        <div className="panel question-panel">
          {mayReview && (
            <div className="question-tools">
              <Checkbox checked={all} indeterminate={here.length > 0 && !all} onChange={() => onSelect(all ? [] : members.map((member) => member.pair_id))} data-testid="select-questions">
                {here.length > 0 ? t("curation.selected", { n: here.length }) : t("curation.selectAll")}
              </Checkbox>
              <span className="row">
                <SplitButton disabled={busy || here.length === 0 || here.length >= cluster.size} onSplit={(name) => onSplit(here, name)} />
                <Button size="small" disabled={busy || here.length === 0} onClick={() => onMove(here, null)} data-testid="take-out">
                  {t("curation.takeOut")}
                </Button>
                <Button size="small" type="link" disabled={busy || cluster.size < 2} onClick={onPropose} data-testid="propose-split">
                  {t("curation.proposeSplit")}
                </Button>
              </span>
            </div>
          )}
          <ul className="question-list" tabIndex={0} aria-labelledby="questions">
            {members.map((member, place) => (
              <li
                key={member.pair_id}
                id={`question-${member.pair_id}`}
                className={`question ${place === at ? "row-current" : ""}`}
                draggable={mayReview}
                onDragStart={(event) => {
                  event.dataTransfer.setData(QUESTIONS_TYPE, JSON.stringify(here.includes(member.pair_id) ? here : [member.pair_id]));
                  event.dataTransfer.effectAllowed = "move";
                }}
                data-testid="question"
              >
                {mayReview && <HolderOutlined className="drag-handle" aria-hidden="true" />}
                {mayReview ? (
                  <Checkbox checked={here.includes(member.pair_id)} onChange={() => toggle(member.pair_id)} className="question-tick">
                    {member.question}
                  </Checkbox>
                ) : (
                  <span className="question-tick">{member.question}</span>
                )}
                {member.fixed && (
                  <Tooltip title={t("curation.fixed")}>
                    <PushpinOutlined className="quiet" role="img" aria-label={t("curation.fixed")} />
                  </Tooltip>
                )}
                <span className="quiet small figure" title={t("curation.similarity")}>
                  {format.percent(member.similarity)}
                </span>
              </li>
            ))}
          </ul>
        </div>
        {mayReview && <Others cluster={cluster} count={here.length} busy={busy} onMove={(to, dragged) => onMove(dragged ?? here, to)} />}
      </div>
    </section>
  );
}

function SplitButton({ disabled, onSplit }: { disabled: boolean; onSplit: (name: string) => void }) {
  const { t } = useI18n();
  const [name, setName] = useState<string | null>(null);
  if (name === null) {
    return (
      <Button size="small" icon={<ScissorOutlined />} disabled={disabled} onClick={() => setName("")} data-testid="split">
        {t("curation.split")}
      </Button>
    );
  }
  return (
    <form
      className="row"
      onSubmit={(event) => {
        event.preventDefault();
        setName(null);
        onSplit(name.trim());
      }}
    >
      <Input size="small" autoFocus value={name} maxLength={200} aria-label={t("curation.splitName")} placeholder={t("curation.splitName")} onChange={(event) => setName(event.target.value)} data-testid="split-name" />
      <Button size="small" type="primary" htmlType="submit" disabled={disabled} data-testid="split-confirm">
        {t("curation.split")}
      </Button>
      <Button size="small" onClick={() => setName(null)}>
        {t("common.cancel")}
      </Button>
    </form>
  );
}

interface OthersProps {
  cluster: Cluster;
  /** Questions that are ticked. */
  count: number;
  busy: boolean;
  onMove: (to: Cluster, dragged?: string[]) => void;
}

function Others({ cluster, count, busy, onMove }: OthersProps) {
  const { t } = useI18n();
  const [text, setText] = useState("");
  const [over, setOver] = useState<string | null>(null);
  const { clusters, error } = useOthers(cluster, text);
  const drop = (event: DragEvent, to: Cluster) => {
    event.preventDefault();
    setOver(null);
    const dragged: unknown = JSON.parse(event.dataTransfer.getData(QUESTIONS_TYPE) || "null");
    if (Array.isArray(dragged) && dragged.every((pair) => typeof pair === "string")) onMove(to, dragged);
  };
  return (
    <aside className="panel others" aria-label={t("curation.others")} data-testid="others">
      <h3>{t("curation.others")}</h3>
      <p className="quiet small">{t("curation.othersText")}</p>
      <Input allowClear size="small" value={text} aria-label={t("curation.searchOther")} placeholder={t("curation.searchOther")} onChange={(event) => setText(event.target.value)} data-testid="others-search" />
      {error && <ErrorNotice error={error} />}
      <ul className="others-list" tabIndex={0} aria-label={t("curation.others")}>
        {clusters?.map((other) => (
          <li
            key={other.id}
            className={over === other.id ? "other row-over" : "other"}
            onDragOver={(event) => {
              if (!event.dataTransfer.types.includes(QUESTIONS_TYPE)) return;
              event.preventDefault();
              setOver(other.id);
            }}
            onDragLeave={() => setOver(null)}
            onDrop={(event) => drop(event, other)}
            data-testid="other"
            data-cluster={other.id}
          >
            <span className="other-name">
              {other.name} <span className="quiet small">{other.size}</span>
            </span>
            {count > 0 && (
              <Button size="small" disabled={busy} aria-label={t("curation.moveTo", { name: other.name })} onClick={() => onMove(other)} data-testid="move-here">
                {t("curation.moveHere")}
              </Button>
            )}
          </li>
        ))}
      </ul>
    </aside>
  );
}
