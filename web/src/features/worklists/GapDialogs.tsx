// What a decision about a gap needs: why it is dismissed, or the entry that answers it.

import { useQuery } from "@tanstack/react-query";
import { Form, Input, Modal, Radio, Skeleton } from "antd";
import { useState } from "react";
import { api, need, type Schemas } from "../../api";
import { ErrorNotice, useSettled } from "../../components";
import { useI18n } from "../../i18n";

export type Gap = Schemas["GapView"];

interface Ask {
  gap: Gap;
  busy: boolean;
  onCancel: () => void;
  onDecide: (value: string) => void;
}

export function DismissGap({ gap, busy, onCancel, onDecide }: Ask) {
  const { t } = useI18n();
  const [why, setWhy] = useState("");
  const ready = why.trim() !== "";
  return (
    <Modal
      open
      title={t("worklists.dismissTitle")}
      okText={t("worklists.dismiss")}
      okButtonProps={{ loading: busy, disabled: !ready, ...{ "data-testid": "gap-dismiss-confirm" } }}
      onOk={() => onDecide(why.trim())}
      onCancel={onCancel}
    >
      <p className="quiet">{gap.question}</p>
      <Form layout="vertical">
        <Form.Item label={t("worklists.why")}>
          <Input
            autoFocus
            value={why}
            maxLength={500}
            placeholder={t("worklists.whyExample")}
            onChange={(event) => setWhy(event.target.value)}
            onPressEnter={() => {
              if (ready) onDecide(why.trim());
            }}
            data-testid="gap-why"
          />
        </Form.Item>
      </Form>
    </Modal>
  );
}

const SHOWN = 20;

/** Which entry answers it now; the nearest one is offered first. */
export function ResolveGap({ desk, gap, busy, onCancel, onDecide }: Ask & { desk: string }) {
  const { t } = useI18n();
  const [text, setText] = useState("");
  const [chosen, choose] = useState<string | null>(gap.nearest_entry?.id ?? null);
  const asked = useSettled(text.trim(), 300);
  const nearest = gap.nearest_entry?.id;
  const near = useQuery({
    queryKey: ["entries", desk, "one", nearest],
    queryFn: ({ signal }) => need(api.GET("/v1/entries/{id}", { params: { path: { id: nearest ?? "" }, query: { desk } }, signal })),
    enabled: nearest !== undefined,
  });
  const found = useQuery({
    queryKey: ["entries", desk, "list", { q: asked, status: "published" }, "short"],
    queryFn: ({ signal }) => need(api.GET("/v1/entries", { params: { query: { desk, status: "published", limit: SHOWN, ...(asked === "" ? {} : { q: asked }) } }, signal })),
  });
  const first = asked === "" && near.data ? [near.data] : [];
  const entries = [...first, ...(found.data?.items ?? []).filter((entry) => entry.id !== first[0]?.id)];
  return (
    <Modal
      open
      width={640}
      title={t("worklists.resolveTitle")}
      okText={t("worklists.resolve")}
      okButtonProps={{ loading: busy, disabled: chosen === null, ...{ "data-testid": "gap-resolve-confirm" } }}
      onOk={() => chosen !== null && onDecide(chosen)}
      onCancel={onCancel}
    >
      <p className="quiet">{gap.question}</p>
      <Input allowClear value={text} aria-label={t("worklists.searchEntries")} placeholder={t("worklists.searchEntries")} onChange={(event) => setText(event.target.value)} data-testid="gap-entry-search" />
      {found.error && <ErrorNotice error={found.error} />}
      {found.isPending && <Skeleton active paragraph={{ rows: 5 }} title={false} />}
      <Radio.Group className="entry-choices" value={chosen} onChange={(event) => choose(String(event.target.value))} aria-label={t("worklists.resolveTitle")}>
        {entries.map((entry) => (
          <Radio key={entry.id} value={entry.id}>
            <span data-testid="gap-entry">{entry.questions[0]}</span>
            <br />
            <span className="quiet small">{entry.answer}</span>
          </Radio>
        ))}
      </Radio.Group>
    </Modal>
  );
}
