// Questions that belong to no cluster: listed, not hidden.

import { Link } from "@tanstack/react-router";
import "../../components/editing.css";
import "./curation.css";
import { api, need, useDesk, useMe } from "../../api";
import { DataTable, EmptyState, NeedsDesk, PageHeader, useCursorPages, type DataColumn } from "../../components";
import { useI18n } from "../../i18n";
import { clustersKey, type Member } from "./api";
import { Tabs } from "./Tabs";

export default function OutliersPage() {
  const { t } = useI18n();
  return (
    <NeedsDesk>
      <PageHeader title={t("curation.tabOutliers")} lead={t("curation.outliersLead")} />
      <Tabs />
      <Outliers />
    </NeedsDesk>
  );
}

function Outliers() {
  const { t } = useI18n();
  const desk = useDesk();
  const mayWrite = useMe().may("WriteEntries");
  const pages = useCursorPages<Member>({
    name: "outliers",
    queryKey: [...clustersKey(desk), "outliers"],
    load: ({ signal, ...page }) => need(api.GET("/v1/clusters/outliers", { params: { query: { desk, ...page } }, signal })),
  });
  const columns: DataColumn<Member>[] = [
    { id: "question", title: t("curation.question"), always: true, render: (_value, member) => <span data-testid="outlier">{member.question}</span> },
    ...(mayWrite
      ? [
          {
            id: "write",
            title: t("common.actions"),
            always: true,
            width: 150,
            render: (_value: unknown, member: Member) => (
              <Link to="/knowledge/new" search={{ question: member.question, pair: member.pair_id }}>
                {t("curation.writeEntry")}
              </Link>
            ),
          },
        ]
      : []),
  ];
  return (
    <DataTable<Member>
      name="outliers"
      label={t("curation.tabOutliers")}
      columns={columns}
      rowKey={(member) => member.pair_id}
      pages={pages}
      empty={<EmptyState title={t("curation.noOutliers")} text={t("curation.noOutliersText")} />}
    />
  );
}
