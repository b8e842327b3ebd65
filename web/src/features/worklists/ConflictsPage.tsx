// Answers that can't both be right, side by side with what speaks for each.

import { Link } from "@tanstack/react-router";
import { Tag } from "antd";
import "../../components/editing.css";
import "./worklists.css";
import { api, need, useDesk, type Schemas } from "../../api";
import { DataTable, EmptyState, NeedsDesk, PageHeader, useCursorPages, type DataColumn } from "../../components";
import { useI18n } from "../../i18n";

type Conflict = Schemas["Conflict"];

export default function ConflictsPage() {
  const { t } = useI18n();
  return (
    <NeedsDesk>
      <PageHeader title={t("worklists.conflicts")} lead={t("worklists.conflictsLead")} />
      <Conflicts />
    </NeedsDesk>
  );
}

function Conflicts() {
  const { t, format } = useI18n();
  const desk = useDesk();
  const pages = useCursorPages<Conflict>({
    name: "conflicts",
    queryKey: ["worklists", desk, "conflicts"],
    load: ({ signal, ...page }) => need(api.GET("/v1/conflicts", { params: { query: { desk, ...page } }, signal })),
  });
  const columns: DataColumn<Conflict>[] = [
    {
      id: "question",
      title: t("worklists.question"),
      always: true,
      width: 260,
      render: (_value, conflict) => (
        <div className="worklist-cell">
          <strong>{conflict.question}</strong>
          <span className="row">
            <Tag color={conflict.disagreement === "superseded" ? "gold" : "red"}>{t(`worklists.${conflict.disagreement}`)}</Tag>
          </span>
        </div>
      ),
    },
    { id: "one", title: t("worklists.oneSide"), always: true, width: 340, render: (_value, conflict) => <Side side={conflict.one} /> },
    { id: "other", title: t("worklists.otherSide"), always: true, width: 340, render: (_value, conflict) => <Side side={conflict.other} /> },
    { id: "customers", title: t("worklists.customers"), width: 100, align: "right", className: "figure", render: (_value, conflict) => format.number(conflict.customers) },
    { id: "impact", title: t("worklists.impact"), width: 90, align: "right", className: "figure", render: (_value, conflict) => format.number(conflict.impact) },
    {
      id: "mend",
      title: t("common.actions"),
      always: true,
      width: 150,
      render: (_value, conflict) =>
        conflict.kind === "cluster" ? (
          <Link to="/clusters/$id" params={{ id: conflict.id }} data-testid="conflict-mend">
            {t("worklists.openCluster")}
          </Link>
        ) : (
          <Link to="/knowledge/$id" params={{ id: conflict.id }} data-testid="conflict-mend">
            {t("worklists.mendEntry")}
          </Link>
        ),
    },
  ];
  return (
    <DataTable<Conflict>
      name="conflicts"
      label={t("worklists.conflicts")}
      columns={columns}
      rowKey={(conflict) => [conflict.id, ...conflict.one.pair_ids.slice(0, 1), ...conflict.other.pair_ids.slice(0, 1)].join()}
      rowClassName="conflict-row"
      pages={pages}
      empty={<EmptyState title={t("worklists.conflictsNone")} text={t("worklists.conflictsNoneText")} />}
    />
  );
}

function Side({ side }: { side: Schemas["Side"] }) {
  const { t, format } = useI18n();
  const { first_answered_at: first, last_answered_at: last } = side;
  const between = first && last && first.slice(0, 10) !== last.slice(0, 10);
  const when = last ?? first;
  return (
    <div className="conflict-side" data-testid="conflict-side">
      <p className="flush worklist-words">{side.text}</p>
      <p className="row flush quiet small">
        {side.entry_id ? (
          <Link to="/knowledge/$id" params={{ id: side.entry_id }}>
            {t("worklists.theEntry")}
          </Link>
        ) : (
          <span>{t("worklists.said", { n: side.support })}</span>
        )}
        {between ? <span>{t("worklists.between", { first: format.date(first), last: format.date(last) })}</span> : when && <span>{format.date(when)}</span>}
      </p>
    </div>
  );
}
