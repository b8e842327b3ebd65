// One desk: what it holds, what holds for its suggestions, whether it is adapted to its archive.

import { PlusOutlined } from "@ant-design/icons";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Alert, App, Button, Checkbox, Form, Input, InputNumber, Modal, Skeleton, Switch } from "antd";
import { useState } from "react";
import { api, asApiError, need, useDesk, useMe, type Schemas } from "../../api";
import { DESK_NAME, keepDesk } from "../../api/desk";
import { ErrorNotice, NeedsDesk, PageHeader } from "../../components";
import { useI18n } from "../../i18n";
import { AdapterPanel } from "./AdapterPanel";
import "./people.css";
import { deskQuery } from "./queries";

const COUNTS = ["conversations", "messages", "pairs", "entries", "index_pending"] as const;

export default function DeskPage() {
  return (
    <NeedsDesk>
      <OneDesk />
    </NeedsDesk>
  );
}

function OneDesk() {
  const { t, format } = useI18n();
  const desk = useDesk();
  const { may } = useMe();
  const { data, error, refetch } = useQuery(deskQuery(desk));
  return (
    <>
      <PageHeader title={t("people.desk")} lead={t("people.deskLead", { desk })}>
        {may("CreateDesks") && <NewDesk />}
      </PageHeader>
      {error && <ErrorNotice error={error} onRetry={() => void refetch()} />}
      {!data && !error && <Skeleton active paragraph={{ rows: 12 }} />}
      {data && (
        <div className="people-columns">
          <section className="panel">
            {/* The form begins anew with another desk. */}
            <Settings key={desk} desk={desk} settings={data.settings} />
          </section>
          <div className="stack">
            <section className="panel">
              <h2>{t("people.holdings")}</h2>
              <dl className="facts">
                {COUNTS.map((name) => (
                  <div key={name} className="fact">
                    <dt>{t(`people.${name}`)}</dt>
                    <dd className="figure">{format.number(data.counts[name])}</dd>
                  </div>
                ))}
              </dl>
            </section>
            <AdapterPanel key={desk} desk={desk} />
          </div>
        </div>
      )}
    </>
  );
}

interface Fields {
  limit: number | null;
  /** In percent. */
  precision: number | null;
  threshold: number | null;
  pools: Schemas["Pool"][];
  cross_language: boolean;
  min_cluster_customers: number | null;
}

const asFields = (settings: Schemas["DeskSettings"]): Fields => ({
  limit: settings.limit ?? null,
  precision: typeof settings.precision === "number" ? Math.round(settings.precision * 1000) / 10 : null,
  threshold: settings.threshold ?? null,
  pools: settings.pools ?? [],
  cross_language: settings.cross_language ?? false,
  min_cluster_customers: settings.min_cluster_customers ?? null,
});

function Settings({ desk, settings }: { desk: string; settings: Schemas["DeskSettings"] }) {
  const { t } = useI18n();
  const { may } = useMe();
  const { message } = App.useApp();
  const client = useQueryClient();
  const [form] = Form.useForm<Fields>();
  const save = useMutation({
    mutationFn: ({ precision, ...fields }: Fields) =>
      need(api.PATCH("/v1/desks/{desk}/settings", { params: { path: { desk } }, body: { ...fields, precision: precision === null ? null : precision / 100 } })),
    onSuccess: async (saved) => {
      form.setFieldsValue(asFields(saved));
      void message.success(t("people.settingsSaved"));
      await client.invalidateQueries({ queryKey: ["desks"] });
    },
    onError: (error) => form.setFields(asApiError(error).fields.map((field) => ({ name: field.name as keyof Fields, errors: [field.detail] }))),
  });
  const mayChange = may("ChangeDeskSettings");
  return (
    <Form<Fields> form={form} layout="vertical" requiredMark={false} disabled={!mayChange} initialValues={asFields(settings)} onFinish={(fields) => save.mutate(fields)} data-testid="desk-settings">
      <Form.Item name="limit" label={t("people.limit")} extra={t("people.limitHint")}>
        <InputNumber min={1} max={20} precision={0} placeholder={t("people.asDefault")} className="setting" data-testid="setting-limit" />
      </Form.Item>
      <Form.Item name="precision" label={t("people.precision")} extra={t("people.precisionHint")}>
        <InputNumber min={0} max={99.9} suffix="%" placeholder={t("people.asDefault")} className="setting" data-testid="setting-precision" />
      </Form.Item>
      <Form.Item name="threshold" label={t("people.threshold")} extra={t("people.thresholdHint")}>
        <InputNumber min={0} max={1} step={0.05} placeholder={t("people.asDefault")} className="setting" />
      </Form.Item>
      <Form.Item name="pools" label={t("people.pools")} extra={t("people.poolsHint")}>
        <Checkbox.Group
          options={[
            { value: "archive", label: t("people.pool_archive") },
            { value: "knowledge", label: t("people.pool_knowledge") },
          ]}
        />
      </Form.Item>
      <Form.Item name="cross_language" label={t("people.cross_language")} valuePropName="checked" extra={t("people.crossHint")}>
        <Switch />
      </Form.Item>
      <Form.Item name="min_cluster_customers" label={t("people.min_cluster_customers")} extra={t("people.minHint")}>
        <InputNumber min={1} precision={0} placeholder={t("people.asDefault")} className="setting" />
      </Form.Item>
      {save.error && <ErrorNotice error={save.error} />}
      {mayChange ? (
        <Button type="primary" htmlType="submit" loading={save.isPending} data-testid="settings-save">
          {t("common.save")}
        </Button>
      ) : (
        <Alert type="info" showIcon title={t("people.settingsReadOnly")} />
      )}
    </Form>
  );
}

function NewDesk() {
  const { t } = useI18n();
  const { message } = App.useApp();
  const client = useQueryClient();
  const navigate = useNavigate();
  const [open, setOpen] = useState(false);
  const [form] = Form.useForm<{ id: string }>();
  const create = useMutation({
    mutationFn: ({ id }: { id: string }) => need(api.POST("/v1/desks", { body: { id: id.trim() } })),
    onSuccess: async (made) => {
      await client.invalidateQueries({ queryKey: ["desks"] });
      void message.success(t("people.deskMade", { name: made.id }));
      setOpen(false);
      form.resetFields();
      keepDesk(made.id);
      await navigate({ to: ".", search: (search) => ({ ...search, desk: made.id }) });
    },
  });
  return (
    <>
      <Button icon={<PlusOutlined />} onClick={() => setOpen(true)} data-testid="desk-add">
        {t("people.deskAdd")}
      </Button>
      <Modal open={open} title={t("people.deskAdd")} okText={t("people.deskAdd")} okButtonProps={{ loading: create.isPending, "data-testid": "desk-submit" }} onOk={form.submit} onCancel={() => setOpen(false)} forceRender>
        <Form form={form} layout="vertical" requiredMark={false} onFinish={(fields) => create.mutate(fields)}>
          <Form.Item name="id" label={t("people.deskName")} rules={[{ required: true, pattern: DESK_NAME, message: t("people.deskNameBad") }]}>
            <Input autoComplete="off" data-testid="desk-name" />
          </Form.Item>
          {create.error && <ErrorNotice error={create.error} />}
        </Form>
      </Modal>
    </>
  );
}
