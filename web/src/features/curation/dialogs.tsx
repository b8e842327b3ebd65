// Asking for what a decision needs: until when, why, which cluster stays.

import { DatePicker, Form, Input, Modal, Radio, type InputRef } from "antd";
import dayjs, { type Dayjs } from "dayjs";
import { useRef, useState } from "react";
import { useI18n } from "../../i18n";
import type { Cluster } from "./api";

const SPANS = [
  ["week", 7],
  ["month", 30],
  ["quarter", 91],
] as const;
const MOST_REASON = 500;

interface Ask<T> {
  open: boolean;
  /** How many clusters it is about. */
  count: number;
  busy: boolean;
  onCancel: () => void;
  onDecide: (value: T) => void;
}

export function SnoozeDialog({ open, count, busy, onCancel, onDecide }: Ask<string>) {
  const { t } = useI18n();
  const [span, setSpan] = useState<string>("month");
  const [date, setDate] = useState<Dayjs | null>(null);
  const days = SPANS.find(([name]) => name === span)?.[1];
  const until = days === undefined ? date?.startOf("day") : dayjs().add(days, "day").startOf("day");
  return (
    <Modal
      open={open}
      title={t("curation.snoozeTitle", { n: count })}
      okText={t("curation.snooze")}
      okButtonProps={{ disabled: !until, loading: busy, ...{ "data-testid": "snooze-confirm" } }}
      onOk={() => until && onDecide(until.toISOString())}
      onCancel={onCancel}
      destroyOnHidden
    >
      <p className="quiet">{t("curation.snoozeText")}</p>
      <Radio.Group value={span} onChange={(event) => setSpan(String(event.target.value))} className="choices">
        {SPANS.map(([name]) => (
          <Radio key={name} value={name}>
            {t(`curation.span_${name}`)}
          </Radio>
        ))}
        <Radio value="date">{t("curation.span_date")}</Radio>
      </Radio.Group>
      {span === "date" && <DatePicker aria-label={t("curation.span_date")} value={date} onChange={setDate} minDate={dayjs().add(1, "day")} />}
    </Modal>
  );
}

export function DismissDialog({ open, count, busy, onCancel, onDecide }: Ask<string>) {
  const { t } = useI18n();
  const [why, setWhy] = useState("");
  const field = useRef<InputRef>(null);
  return (
    <Modal
      open={open}
      title={t("curation.dismissTitle", { n: count })}
      okText={t("curation.dismiss")}
      okButtonProps={{ loading: busy, disabled: why.trim() === "", ...{ "data-testid": "dismiss-confirm" } }}
      onOk={() => onDecide(why.trim())}
      onCancel={onCancel}
      afterOpenChange={(shown) => {
        if (shown) field.current?.focus();
      }}
      destroyOnHidden
    >
      <p className="quiet">{t("curation.dismissText")}</p>
      <Form layout="vertical">
        <Form.Item label={t("curation.dismissWhy")}>
          <Input
            ref={field}
            value={why}
            maxLength={MOST_REASON}
            placeholder={t("curation.dismissExample")}
            onChange={(event) => setWhy(event.target.value)}
            onPressEnter={() => {
              if (why.trim() !== "") onDecide(why.trim());
            }}
            data-testid="dismiss-why"
          />
        </Form.Item>
      </Form>
    </Modal>
  );
}

interface AskMerge extends Omit<Ask<{ into: Cluster; from: Cluster[] }>, "count"> {
  clusters: Cluster[];
}

/** Which of them stays; at first the one that people have worked on most, else the largest. */
export function MergeDialog({ open, clusters, busy, onCancel, onDecide }: AskMerge) {
  const { t } = useI18n();
  const [chosen, choose] = useState<string | null>(null);
  const likely = [...clusters].sort((one, other) => Number(other.renamed) - Number(one.renamed) || Number(other.state === "approved") - Number(one.state === "approved") || other.size - one.size)[0];
  const into = clusters.find((cluster) => cluster.id === chosen) ?? likely;
  return (
    <Modal
      open={open}
      title={t("curation.mergeTitle", { n: clusters.length })}
      okText={t("curation.merge")}
      okButtonProps={{ loading: busy, disabled: clusters.length < 2, ...{ "data-testid": "merge-confirm" } }}
      onOk={() => into && onDecide({ into, from: clusters.filter((cluster) => cluster.id !== into.id) })}
      onCancel={onCancel}
      destroyOnHidden
      width={600}
    >
      <p className="quiet">{t("curation.mergeText")}</p>
      <Radio.Group value={into?.id} onChange={(event) => choose(String(event.target.value))} className="choices" aria-label={t("curation.mergeStays")}>
        {clusters.map((cluster) => (
          <Radio key={cluster.id} value={cluster.id}>
            <strong data-testid="merge-choice">{cluster.name}</strong> <span className="quiet">{t("curation.questionCount", { n: cluster.size })}</span>
            <br />
            <span className="quiet small">{cluster.representative}</span>
          </Radio>
        ))}
      </Radio.Group>
    </Modal>
  );
}
