// What people have decided, newest first, and how to take it back.

import { UndoOutlined } from "@ant-design/icons";
import { useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Button } from "antd";
import { useState } from "react";
import { api, need, useMe } from "../../api";
import { DataTable, EmptyState, ErrorNotice, useCursorPages, type DataColumn } from "../../components";
import { useI18n } from "../../i18n";
import { clustersKey, undo, type Decision } from "./api";

/** The particulars of a decision have a shape of their own for each kind; what is not text or a number is left out. */
function particulars(detail: unknown): Record<string, string | number> {
  if (typeof detail !== "object" || detail === null) return {};
  return Object.fromEntries(Object.entries(detail).filter((entry): entry is [string, string | number] => typeof entry[1] === "string" || typeof entry[1] === "number"));
}

function useSentence() {
  const { t, format } = useI18n();
  return ({ kind, detail, clusters }: Decision): string => {
    const { name, snoozed_until: until, why, questions, kind: taken } = particulars(detail);
    switch (kind) {
      case "rename":
        return typeof name === "string" && name !== "" ? t("curation.did_rename", { name }) : t("curation.did_renameBack");
      case "snooze":
        return typeof until === "string" ? t("curation.did_snooze", { date: format.date(until) }) : t("curation.done_snoozed", { n: 1 });
      case "dismiss":
        return typeof why === "string" && why !== "" ? t("curation.did_dismissWhy", { why }) : t("curation.did_dismiss");
      case "merge":
        return t("curation.did_merge", { n: clusters.length });
      case "split":
        return t("curation.did_split", { n: questions ?? 0 });
      case "move":
        return t("curation.did_move", { n: questions ?? 0 });
      case "undo":
        return t("curation.did_undo", { what: typeof taken === "string" ? t(`curation.kind_${taken as Decision["kind"]}`) : "" });
      case "approve":
      case "reopen":
        return t(`curation.did_${kind}`);
    }
  };
}

export function Decisions({ desk, cluster }: { desk: string; cluster?: string }) {
  const { t, format } = useI18n();
  const mayReview = useMe().may("ReviewClusters");
  const sentence = useSentence();
  const client = useQueryClient();
  const [busy, setBusy] = useState<string | null>(null);
  const [problem, setProblem] = useState<unknown>(null);
  const pages = useCursorPages<Decision>({
    name: "decisions",
    queryKey: [...clustersKey(desk), "decisions", cluster ?? "all"],
    load: ({ signal, ...page }) => need(api.GET("/v1/clusters/decisions", { params: { query: { desk, ...(cluster === undefined ? {} : { cluster }), ...page } }, signal })),
  });

  const takeBack = async (decision: Decision) => {
    setBusy(decision.id);
    setProblem(null);
    try {
      await undo(desk, decision.id);
    } catch (error) {
      setProblem(error);
    } finally {
      setBusy(null);
      await client.invalidateQueries({ queryKey: clustersKey(desk) });
    }
  };

  const columns: DataColumn<Decision>[] = [
    { id: "at", title: t("curation.when"), always: true, width: 180, className: "nowrap", render: (_value, decision) => <time dateTime={decision.at}>{format.dateTime(decision.at)}</time> },
    { id: "actor", title: t("curation.who"), width: 160, render: (_value, decision) => decision.actor },
    {
      id: "what",
      title: t("curation.what"),
      always: true,
      render: (_value, decision) => (
        <span className={decision.undone_by ? "undone" : undefined} data-testid="decision" data-kind={decision.kind}>
          {sentence(decision)}
        </span>
      ),
    },
    ...(cluster === undefined
      ? [
          {
            id: "cluster",
            title: t("curation.cluster"),
            width: 120,
            render: (_value: unknown, decision: Decision) => {
              const [about] = decision.clusters;
              return (
                about && (
                  <Link to="/clusters/$id" params={{ id: about }}>
                    {t("curation.open")}
                  </Link>
                )
              );
            },
          },
        ]
      : []),
    {
      id: "undo",
      title: t("common.actions"),
      always: true,
      width: 130,
      render: (_value, decision) =>
        decision.undone_by ? (
          <span className="quiet">{t("editing.undone")}</span>
        ) : (
          mayReview &&
          decision.kind !== "undo" && (
            <Button size="small" icon={<UndoOutlined />} loading={busy === decision.id} disabled={busy !== null} onClick={() => void takeBack(decision)} data-testid="undo">
              {t("editing.undo")}
            </Button>
          )
        ),
    },
  ];
  const nothing = <EmptyState title={t("curation.noDecisions")} text={t("curation.noDecisionsText")} />;
  return (
    <section aria-label={t("curation.tabDecisions")} data-testid="decisions">
      {cluster !== undefined && <h2 className="section-title">{t("curation.tabDecisions")}</h2>}
      {problem !== null && <ErrorNotice error={problem} testId="undo-problem" />}
      {cluster !== undefined && pages.items.length === 0 && !pages.isLoading && !pages.error ? (
        <p className="quiet">{t("curation.noDecisions")}</p>
      ) : (
        <DataTable<Decision> name="decisions" label={t("curation.tabDecisions")} columns={columns} rowKey={(decision) => decision.id} pages={pages} empty={nothing} />
      )}
    </section>
  );
}
