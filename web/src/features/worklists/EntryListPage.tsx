// Entries that want an editor: out of date, often changed before they are sent, or often refused.

import { Link } from "@tanstack/react-router";
import { Tag } from "antd";
import "../../components/editing.css";
import "./worklists.css";
import { api, need, useDesk, type Schemas } from "../../api";
import { DataTable, EmptyState, NeedsDesk, PageHeader, useCursorPages, type DataColumn } from "../../components";
import { useI18n } from "../../i18n";

type List = "stale" | "thin" | "rejected";
type Item = Schemas["WorklistItem"];

export const StalePage = () => <EntryListPage list="stale" />;
export const ThinPage = () => <EntryListPage list="thin" />;
export const RejectedPage = () => <EntryListPage list="rejected" />;

function EntryListPage({ list }: { list: List }) {
  const { t } = useI18n();
  return (
    <NeedsDesk>
      <PageHeader title={t(`worklists.${list}`)} lead={t(`worklists.${list}Lead`)} />
      <Items list={list} />
    </NeedsDesk>
  );
}

function Items({ list }: { list: List }) {
  const { t, format } = useI18n();
  const desk = useDesk();
  const pages = useCursorPages<Item>({
    name: `worklist.${list}`,
    queryKey: ["worklists", desk, list],
    load: ({ signal, ...page }) => need(api.GET("/v1/worklists/{list}", { params: { path: { list }, query: { desk, ...page } }, signal })),
  });
  const figure = (id: "used" | "edited" | "rejected" | "outdated"): DataColumn<Item> => ({
    id,
    title: t(`worklists.count_${id}`),
    width: 96,
    align: "right",
    className: "figure",
    hidden: list === "stale" && id !== "outdated",
    render: (_value, item) => format.number(item[id]),
  });
  const columns: DataColumn<Item>[] = [
    {
      id: "entry",
      title: t("worklists.entry"),
      always: true,
      width: 380,
      render: (_value, item) => (
        <div className="worklist-cell">
          <Link to="/knowledge/$id" params={{ id: item.entry_id }} data-testid="worklist-entry">
            {item.question}
          </Link>
          <span className="quiet small">{item.answer}</span>
        </div>
      ),
    },
    {
      id: "reasons",
      title: t("worklists.reasons"),
      width: 220,
      render: (_value, item) => (
        <span className="row">
          {item.reasons.map((reason) => (
            <Tag key={reason} color="warning">
              {t(`worklists.reason_${reason}`)}
            </Tag>
          ))}
        </span>
      ),
    },
    ...(list === "thin"
      ? [{ id: "fuller", title: t("worklists.fuller"), width: 380, render: (_value: unknown, item: Item) => <span className="worklist-words">{item.fuller ?? t("common.none")}</span> }]
      : []),
    figure("used"),
    figure("edited"),
    figure("rejected"),
    figure("outdated"),
    ...(list === "stale"
      ? [
          { id: "valid_to", title: t("worklists.validTo"), width: 130, className: "nowrap", render: (_value: unknown, item: Item) => item.valid_to && format.date(item.valid_to) },
          { id: "reported", title: t("worklists.reportedAt"), width: 150, className: "nowrap", render: (_value: unknown, item: Item) => item.reported_at && format.ago(item.reported_at) },
        ]
      : []),
    { id: "owner", title: t("worklists.owner"), width: 170, render: (_value, item) => item.owner },
    {
      id: "mend",
      title: t("common.actions"),
      always: true,
      width: 130,
      render: (_value, item) => (
        <Link to="/knowledge/$id" params={{ id: item.entry_id }}>
          {t("worklists.mendEntry")}
        </Link>
      ),
    },
  ];
  return (
    <DataTable<Item>
      name={`worklist.${list}`}
      label={t(`worklists.${list}`)}
      columns={columns}
      rowKey={(item) => item.entry_id}
      pages={pages}
      empty={
        <EmptyState title={t(`worklists.${list}None`)} text={t(`worklists.${list}NoneText`)}>
          <Link to="/knowledge">{t("worklists.toEntries")}</Link>
        </EmptyState>
      }
    />
  );
}
