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

/** How many rows each row's question stands beside: 0 where an earlier row's does. */
const runs = (conflicts: Conflict[]): number[] =>
  conflicts.map(({ id }, place) => {
    if (conflicts[place - 1]?.id === id) return 0;
    const behind = conflicts.slice(place).findIndex((other) => other.id !== id);
    return behind < 0 ? conflicts.length - place : behind;
  });

function Conflicts() {
  const { t, format } = useI18n();
  const desk = useDesk();
  const pages = useCursorPages<Conflict>({
    name: "conflicts",
    queryKey: ["worklists", desk, "conflicts"],
    load: ({ signal, ...page }) => need(api.GET("/v1/conflicts", { params: { query: { desk, ...page } }, signal })),
  });
  const heights = runs(pages.items);
  const columns: DataColumn<Conflict>[] = [
    {
      id: "question",
      title: t("worklists.question"),
      always: true,
      width: 220,
      // Several conflicts of one cluster follow each other: its question stands beside all of them.
      onCell: (_conflict, place) => ({ rowSpan: place === undefined ? 1 : heights[place] ?? 1 }),
      render: (_value, conflict) => (
        <div className="worklist-cell">
          <strong>{conflict.question}</strong>
          <span className="quiet small">{t("worklists.askedBy", { n: conflict.customers })}</span>
          {conflict.kind === "cluster" ? (
            <Link to="/clusters/$id" params={{ id: conflict.id }} data-testid="conflict-mend">
              {t("worklists.openCluster")}
            </Link>
          ) : (
            <Link to="/knowledge/$id" params={{ id: conflict.id }} data-testid="conflict-mend">
              {t("worklists.mendEntry")}
            </Link>
          )}
        </div>
      ),
    },
    { id: "one", title: t("worklists.oneSide"), always: true, width: 280, render: (_value, conflict) => <Side side={conflict.one} /> },
    { id: "other", title: t("worklists.otherSide"), always: true, width: 280, render: (_value, conflict) => <Side side={conflict.other} /> },
    {
      id: "disagreement",
      title: t("worklists.kind"),
      width: 110,
      render: (_value, conflict) => <Tag color={conflict.disagreement === "superseded" ? "warning" : "error"}>{t(`worklists.${conflict.disagreement}`)}</Tag>,
    },
    { id: "impact", title: t("worklists.impact"), width: 90, align: "right", className: "figure", render: (_value, conflict) => format.number(conflict.impact) },
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
