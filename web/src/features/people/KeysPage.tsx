// Keys for programs.

import { KeyOutlined, PlusOutlined } from "@ant-design/icons";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Button, Popconfirm, Tag } from "antd";
import { useState } from "react";
import { api, need } from "../../api";
import { DataTable, EmptyState, ErrorNotice, PageHeader, useCursorPages, type DataColumn } from "../../components";
import { useI18n } from "../../i18n";
import { AccessDialog } from "./AccessDialog";
import "./people.css";
import type { ApiKey } from "./queries";
import { Scope } from "./Scope";

export default function KeysPage() {
  const { t, format } = useI18n();
  const client = useQueryClient();
  const [adding, setAdding] = useState(false);
  const pages = useCursorPages<ApiKey>({ name: "keys", queryKey: ["api-keys"], load: ({ signal, ...query }) => need(api.GET("/v1/api-keys", { params: { query }, signal })) });
  const revoke = useMutation({
    mutationFn: (id: string) => need(api.DELETE("/v1/api-keys/{id}", { params: { path: { id } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ["api-keys"] }),
  });
  const columns: DataColumn<ApiKey>[] = [
    { id: "name", title: t("people.keyName"), always: true, render: (_value, key) => <strong>{key.name}</strong> },
    { id: "role", title: t("people.role"), render: (_value, key) => t(`common.role_${key.role}`) },
    { id: "desks", title: t("people.desks"), render: (_value, key) => <Scope desks={key.desks} /> },
    { id: "created", title: t("people.created"), render: (_value, key) => <time dateTime={key.created_at}>{format.date(key.created_at)}</time> },
    {
      id: "state",
      title: t("people.keyState"),
      always: true,
      render: (_value, key) => (key.revoked_at ? <Tag>{t("people.keyRevoked", { when: format.date(key.revoked_at) })}</Tag> : <Tag color="success">{t("people.keyActive")}</Tag>),
    },
    {
      id: "actions",
      title: t("common.actions"),
      always: true,
      render: (_value, key) =>
        !key.revoked_at && (
          <Popconfirm
            title={t("people.keyRevokeAsk", { name: key.name })}
            description={<span className="confirm-text">{t("people.keyRevokeText")}</span>}
            okText={t("people.keyRevoke")}
            okButtonProps={{ danger: true }}
            onConfirm={() => revoke.mutate(key.id)}
          >
            <Button size="small" danger data-testid="key-revoke">
              {t("people.keyRevoke")}
            </Button>
          </Popconfirm>
        ),
    },
  ];
  return (
    <>
      <PageHeader title={t("people.keys")} lead={t("people.keysLead")}>
        <Button type="primary" icon={<PlusOutlined />} onClick={() => setAdding(true)} data-testid="access-add">
          {t("people.keyAdd")}
        </Button>
      </PageHeader>
      {revoke.error && <ErrorNotice error={revoke.error} />}
      <DataTable
        name="keys"
        label={t("people.keys")}
        columns={columns}
        pages={pages}
        rowKey={(key) => key.id}
        empty={<EmptyState icon={<KeyOutlined />} title={t("people.keysEmpty")} text={t("people.keysEmptyText")} />}
      />
      <AccessDialog kind="key" open={adding} onClose={() => setAdding(false)} />
    </>
  );
}
