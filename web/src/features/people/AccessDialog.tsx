// Making an account or a key: the same questions (name, role, desks), and one secret that is shown once.

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Alert, Form, Input, Modal, Radio, Select } from "antd";
import { api, asApiError, need, useDesks } from "../../api";
import { CopyButton, ErrorNotice } from "../../components";
import { useI18n } from "../../i18n";
import { ROLES, type Role } from "./queries";

interface Fields {
  name: string;
  role: Role;
  scope: "all" | "only";
  desks?: string[];
  password?: string;
}

interface Made {
  name: string;
  /** What has to be handed over; nothing where the person chose the password. */
  secret: string | null;
}

const ACCOUNT_NAME = /^[\p{L}\p{N}._@-]{1,64}$/u;

async function make(kind: "account" | "key", fields: Fields): Promise<Made> {
  const body = { name: fields.name.trim(), role: fields.role, desks: fields.scope === "all" ? ("all" as const) : (fields.desks ?? []) };
  if (kind === "key") {
    const made = await need(api.POST("/v1/api-keys", { body }));
    return { name: made.name, secret: made.key };
  }
  const made = await need(api.POST("/v1/accounts", { body: { ...body, password: fields.password === "" ? null : fields.password } }));
  return { name: made.name, secret: made.generated_password ?? null };
}

export function AccessDialog({ kind, open, onClose }: { kind: "account" | "key"; open: boolean; onClose: () => void }) {
  const { t } = useI18n();
  const client = useQueryClient();
  const { data: desks } = useDesks();
  const [form] = Form.useForm<Fields>();
  const scope = Form.useWatch("scope", form);
  const isKey = kind === "key";
  const making = useMutation({
    mutationFn: (fields: Fields) => make(kind, fields),
    onSuccess: () => client.invalidateQueries({ queryKey: [isKey ? "api-keys" : "accounts"] }),
    onError: (error) => form.setFields(asApiError(error).fields.filter((field) => field.name === "name" || field.name === "password").map((field) => ({ name: field.name as "name", errors: [field.detail] }))),
  });
  const close = () => {
    onClose();
    making.reset();
    form.resetFields();
  };
  const made = making.data;
  return (
    <Modal
      open={open}
      onCancel={close}
      title={t(isKey ? "people.keyAdd" : "people.accountAdd")}
      okText={t(made ? "common.close" : isKey ? "people.keyAdd" : "people.accountAdd")}
      okButtonProps={{ loading: making.isPending, "data-testid": "access-submit" }}
      cancelButtonProps={made ? { style: { display: "none" } } : {}}
      onOk={made ? close : form.submit}
      mask={{ closable: !made }}
      forceRender
    >
      {made ? (
        <div className="stack" data-testid="access-made">
          <Alert type="success" showIcon role="status" title={t(isKey ? "people.keyMade" : "people.accountMade", { name: made.name })} description={made.secret === null ? t("people.accountMadeOwn") : t("people.secretOnce")} />
          {made.secret !== null && (
            <p className="secret">
              <code data-testid="access-secret">{made.secret}</code>
              <CopyButton text={made.secret} />
            </p>
          )}
        </div>
      ) : (
        <Form<Fields> form={form} layout="vertical" requiredMark={false} initialValues={{ scope: "all", role: "agent" }} onFinish={(fields) => making.mutate(fields)} data-testid="access-form">
          <Form.Item
            name="name"
            label={t(isKey ? "people.keyName" : "people.accountName")}
            rules={isKey ? [{ required: true, whitespace: true, message: t("people.keyNameMissing") }] : [{ required: true, pattern: ACCOUNT_NAME, message: t("people.accountNameBad") }]}
          >
            <Input autoComplete="off" autoCapitalize="none" spellCheck={false} data-testid="access-name" />
          </Form.Item>
          <Form.Item name="role" label={t("people.role")} rules={[{ required: true, message: t("people.roleMissing") }]}>
            <Select<Role>
              options={ROLES.map((role) => ({ value: role, label: t(`common.role_${role}`), hint: t(`people.roleHint_${role}`) }))}
              optionRender={(option) => (
                <span className="role-option">
                  {option.label} <span className="quiet small">{option.data.hint}</span>
                </span>
              )}
              data-testid="access-role"
            />
          </Form.Item>
          <Form.Item name="scope" label={t("people.desks")}>
            <Radio.Group
              options={[
                { value: "all", label: t("people.desksEvery") },
                { value: "only", label: t("people.desksOnly") },
              ]}
            />
          </Form.Item>
          {scope === "only" && (
            <Form.Item name="desks" rules={[{ required: true, type: "array", min: 1, message: t("people.desksMissing") }]}>
              <Select mode="tags" aria-label={t("people.desksOnly")} options={(desks ?? []).map((desk) => ({ value: desk.id, label: desk.id }))} data-testid="access-desks" />
            </Form.Item>
          )}
          {!isKey && (
            <Form.Item name="password" label={t("people.accountPassword")} extra={t("people.accountPasswordHint")} rules={[{ min: 12, message: t("people.accountPasswordShort") }]}>
              <Input.Password autoComplete="new-password" data-testid="access-password" />
            </Form.Item>
          )}
          {making.error && <ErrorNotice error={making.error} />}
        </Form>
      )}
    </Modal>
  );
}
