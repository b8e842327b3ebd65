// One's own password: the present one, and the next.

import { useMutation } from "@tanstack/react-query";
import { Alert, Button, Form, Input } from "antd";
import { api, asApiError, need } from "../../api";
import { ErrorNotice } from "../../components";
import { useI18n } from "../../i18n";

interface Fields {
  current_password: string;
  new_password: string;
}

export function PasswordForm() {
  const { t } = useI18n();
  const [form] = Form.useForm<Fields>();
  const change = useMutation({
    mutationFn: (body: Fields) => need(api.PUT("/v1/me/password", { body })),
    onSuccess: () => form.resetFields(),
    onError: (error) => {
      const wrong = asApiError(error).fields.some((field) => field.name === "current_password");
      if (wrong) form.setFields([{ name: "current_password", errors: [t("people.passwordWrong")] }]);
    },
  });
  const isOfField = change.error !== null && asApiError(change.error).code === "invalid_field";
  return (
    <Form<Fields> form={form} layout="vertical" requiredMark={false} onFinish={(fields) => change.mutate(fields)} onValuesChange={change.reset} data-testid="password-form">
      <Form.Item name="current_password" label={t("people.passwordNow")} rules={[{ required: true, message: t("people.passwordMissing") }]}>
        <Input.Password autoComplete="current-password" data-testid="password-now" />
      </Form.Item>
      <Form.Item name="new_password" label={t("people.passwordNext")} rules={[{ required: true, min: 12, message: t("people.accountPasswordShort") }]}>
        <Input.Password autoComplete="new-password" data-testid="password-next" />
      </Form.Item>
      {change.isSuccess && <Alert type="success" showIcon role="status" title={t("people.passwordChanged")} description={t("people.passwordChangedText")} data-testid="password-changed" />}
      {change.error && !isOfField && <ErrorNotice error={change.error} />}
      <Button htmlType="submit" loading={change.isPending} data-testid="password-submit">
        {t("people.passwordChange")}
      </Button>
    </Form>
  );
}
