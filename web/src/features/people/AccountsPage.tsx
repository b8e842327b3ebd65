// Who may sign in.

import { PlusOutlined, TeamOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useState } from "react";
import { api, need } from "../../api";
import { DataTable, EmptyState, PageHeader, useCursorPages, type DataColumn } from "../../components";
import { useI18n } from "../../i18n";
import { AccountActions } from "./AccountActions";
import { AccessDialog } from "./AccessDialog";
import "./people.css";
import type { Account } from "./queries";
import { Scope } from "./Scope";

export default function AccountsPage() {
  const { t, format } = useI18n();
  const [adding, setAdding] = useState(false);
  const pages = useCursorPages<Account>({ name: "accounts", queryKey: ["accounts"], load: ({ signal, ...query }) => need(api.GET("/v1/accounts", { params: { query }, signal })) });
  const columns: DataColumn<Account>[] = [
    { id: "name", title: t("people.name"), always: true, render: (_value, account) => <strong>{account.name}</strong> },
    { id: "role", title: t("people.role"), render: (_value, account) => t(`common.role_${account.role}`) },
    { id: "desks", title: t("people.desks"), render: (_value, account) => <Scope desks={account.desks} /> },
    { id: "created", title: t("people.created"), render: (_value, account) => <time dateTime={account.created_at}>{format.date(account.created_at)}</time> },
    { id: "actions", title: t("common.actions"), always: true, render: (_value, account) => <AccountActions account={account} /> },
  ];
  const add = (
    <Button type="primary" icon={<PlusOutlined />} onClick={() => setAdding(true)} data-testid="access-add">
      {t("people.accountAdd")}
    </Button>
  );
  return (
    <>
      <PageHeader title={t("people.accounts")} lead={t("people.accountsLead")}>
        {add}
      </PageHeader>
      <DataTable
        name="accounts"
        label={t("people.accounts")}
        columns={columns}
        pages={pages}
        rowKey={(account) => account.name}
        empty={<EmptyState icon={<TeamOutlined />} title={t("people.accountsEmpty")} text={t("people.accountsEmptyText")} />}
      />
      <AccessDialog kind="account" open={adding} onClose={() => setAdding(false)} />
    </>
  );
}
