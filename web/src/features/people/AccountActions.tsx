// What an administrator does with an account: another password for somebody who lost theirs, and removal.

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Alert, Button, Modal, Popconfirm, Space } from "antd";
import { api, need, useMe } from "../../api";
import { CopyButton, ErrorNotice } from "../../components";
import { useI18n } from "../../i18n";
import type { Account } from "./queries";

export function AccountActions({ account }: { account: Account }) {
  const { t } = useI18n();
  const client = useQueryClient();
  const me = useMe();
  const path = { name: account.name };
  const reset = useMutation({ mutationFn: () => need(api.PUT("/v1/accounts/{name}/password", { params: { path }, body: {} })) });
  const remove = useMutation({
    mutationFn: () => need(api.DELETE("/v1/accounts/{name}", { params: { path } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ["accounts"] }),
  });
  // One's own password is changed in the profile, and nobody removes themselves.
  if (me.name === account.name) return <span className="quiet">{t("people.accountOwn")}</span>;
  const failed = reset.error ?? remove.error;
  return (
    <Space wrap>
      <Popconfirm title={t("people.resetAsk", { name: account.name })} description={<span className="confirm-text">{t("people.resetText")}</span>} okText={t("people.reset")} onConfirm={() => reset.mutate()}>
        <Button size="small" loading={reset.isPending} data-testid="account-reset">
          {t("people.reset")}
        </Button>
      </Popconfirm>
      <Popconfirm
        title={t("people.removeAsk", { name: account.name })}
        description={<span className="confirm-text">{t("people.removeText")}</span>}
        okText={t("people.remove")}
        okButtonProps={{ danger: true }}
        onConfirm={() => remove.mutate()}
      >
        <Button size="small" danger loading={remove.isPending} data-testid="account-remove">
          {t("people.remove")}
        </Button>
      </Popconfirm>
      {failed && <ErrorNotice error={failed} />}
      <Modal open={reset.data !== undefined} title={t("people.reset")} okText={t("common.close")} onOk={reset.reset} onCancel={reset.reset} okButtonProps={{ "data-testid": "account-reset-close" }} cancelButtonProps={{ style: { display: "none" } }} mask={{ closable: false }}>
        <div className="stack" data-testid="account-was-reset">
          <Alert type="success" showIcon role="status" title={t("people.resetDone", { name: account.name })} description={t("people.secretOnce")} />
          <p className="secret">
            <code data-testid="account-secret">{reset.data?.generated_password}</code>
            <CopyButton text={reset.data?.generated_password ?? ""} />
          </p>
        </div>
      </Modal>
    </Space>
  );
}
