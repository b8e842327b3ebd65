// Changing a control: the same kind for the same answer again replaces it.

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { DatePicker, Form, Input, InputNumber, Modal } from "antd";
import dayjs, { type Dayjs } from "dayjs";
import { api, need } from "../../api";
import { ErrorNotice } from "../../components";
import { useI18n } from "../../i18n";
import type { Control } from "./queries";

interface Fields {
  points?: number;
  phrases?: string;
  note?: string;
  expires?: Dayjs | null;
}

const lines = (text: string | undefined) => (text ?? "").split("\n").map((line) => line.trim()).filter((line) => line !== "");

export function ControlDialog({ desk, control, onClose }: { desk: string; control: Control; onClose: () => void }) {
  const { t } = useI18n();
  const client = useQueryClient();
  const [form] = Form.useForm<Fields>();
  const change = useMutation({
    mutationFn: ({ points, phrases, note, expires }: Fields) =>
      need(
        api.POST("/v1/desks/{desk}/controls", {
          params: { path: { desk } },
          body: {
            kind: control.kind,
            ...(control.pool === "knowledge" ? { entry_id: control.source_id } : { pair_id: control.source_id }),
            ...(control.kind === "boost" ? { points: points ?? control.points } : {}),
            ...(control.kind === "must_not_match" ? { phrases: lines(phrases) } : {}),
            note: note?.trim() ? note.trim() : null,
            expires_at: expires ? expires.toISOString() : null,
          },
        }),
      ),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ["controls", desk] });
      onClose();
    },
  });
  const initial: Fields = {
    note: control.note ?? "",
    expires: control.expires_at ? dayjs(control.expires_at) : null,
    ...(control.kind === "boost" ? { points: control.points } : {}),
    ...(control.kind === "must_not_match" ? { phrases: control.phrases.join("\n") } : {}),
  };
  return (
    <Modal open title={t("people.controlChange")} okText={t("common.save")} okButtonProps={{ loading: change.isPending, "data-testid": "control-save" }} onOk={form.submit} onCancel={onClose}>
      <p className="quiet clamp">{control.answer}</p>
      <Form<Fields> form={form} layout="vertical" requiredMark={false} initialValues={initial} onFinish={(fields) => change.mutate(fields)}>
        {control.kind === "boost" && (
          <Form.Item
            name="points"
            label={t("people.pointsLabel")}
            extra={t("people.pointsHint")}
            rules={[{ validator: (_rule, value: unknown) => (typeof value === "number" && value !== 0 && Math.abs(value) <= 3 ? Promise.resolve() : Promise.reject(new Error(t("people.pointsMissing")))) }]}
          >
            <InputNumber min={-3} max={3} step={0.5} className="setting" />
          </Form.Item>
        )}
        {control.kind === "must_not_match" && (
          <Form.Item
            name="phrases"
            label={t("people.phrases")}
            extra={t("people.phrasesHint")}
            rules={[{ validator: (_rule, value: string | undefined) => (lines(value).length > 0 ? Promise.resolve() : Promise.reject(new Error(t("people.phrasesMissing")))) }]}
          >
            <Input.TextArea autoSize={{ minRows: 3, maxRows: 10 }} />
          </Form.Item>
        )}
        <Form.Item name="note" label={t("people.note")} extra={t("people.noteHint")}>
          <Input.TextArea maxLength={500} autoSize={{ minRows: 2, maxRows: 6 }} data-testid="control-note" />
        </Form.Item>
        <Form.Item name="expires" label={t("people.expires")}>
          <DatePicker showTime={{ format: "HH:mm" }} format="YYYY-MM-DD HH:mm" className="setting" />
        </Form.Item>
        {change.error && <ErrorNotice error={change.error} />}
      </Form>
    </Modal>
  );
}
