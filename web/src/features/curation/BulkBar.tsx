// Decisions about many clusters: each is made for itself and to the version that was seen, so that one that somebody else has changed
// meanwhile stays as they left it, and the others go through.

import { CheckOutlined, ClockCircleOutlined, CloseCircleOutlined, MergeCellsOutlined } from "@ant-design/icons";
import { App, Button } from "antd";
import { useState, type ReactNode } from "react";
import { asApiError, type Schemas } from "../../api";
import { useI18n } from "../../i18n";
import { merge, review, useDecided, type Cluster, type Patch } from "./api";
import { DismissDialog, MergeDialog, SnoozeDialog } from "./dialogs";

export interface Bulk {
  approve: (clusters: Cluster[]) => void;
  ask: (what: "snooze" | "dismiss" | "merge", clusters: Cluster[]) => void;
  asking: boolean;
  busy: boolean;
  /** Why a whole step was refused. */
  problem: unknown;
  dialogs: ReactNode;
}

export function useBulk(desk: string, onDone: () => void): Bulk {
  const { t } = useI18n();
  const { message } = App.useApp();
  const { decided, refresh } = useDecided(desk);
  const [asked, setAsked] = useState<{ what: "snooze" | "dismiss" | "merge"; clusters: Cluster[] } | null>(null);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);

  const each = async (clusters: Cluster[], patch: Patch, state: Schemas["ClusterState"]) => {
    setBusy(true);
    setProblem(null);
    const done: Cluster[] = [];
    let overtaken = 0;
    let failed: unknown = null;
    for (const cluster of clusters) {
      try {
        done.push(await review(cluster, patch));
      } catch (error) {
        if (asApiError(error).code === "version_mismatch") overtaken += 1;
        else failed = error;
      }
    }
    setBusy(false);
    setAsked(null);
    setProblem(failed);
    const text = t(`curation.done_${state}`, { n: done.length });
    const [only] = done;
    if (overtaken > 0) {
      void message.warning({ content: `${done.length > 0 ? `${text} ` : ""}${t("curation.overtakenMany", { n: overtaken })}`, duration: 8 });
      await refresh();
    } else if (only && done.length === 1) {
      await decided(text, only.id);
    } else {
      if (done.length > 0) void message.success(text);
      await refresh();
    }
    onDone();
  };

  const mergeAll = async ({ into, from }: { into: Cluster; from: Cluster[] }) => {
    setBusy(true);
    setProblem(null);
    try {
      const stayed = await merge(into, from);
      setAsked(null);
      await decided(t("curation.merged", { name: stayed.name }), stayed.id);
      onDone();
    } catch (error) {
      setAsked(null);
      if (asApiError(error).code === "version_mismatch") void message.warning(t("curation.overtakenMerge"));
      else setProblem(error);
      await refresh();
    } finally {
      setBusy(false);
    }
  };

  const clusters = asked?.clusters ?? [];
  const common = { busy, onCancel: () => setAsked(null) };
  return {
    approve: (meant) => {
      if (meant.length > 0) void each(meant, { state: "approved" }, "approved");
    },
    ask: (what, meant) => {
      if (meant.length >= (what === "merge" ? 2 : 1)) setAsked({ what, clusters: meant });
      else if (what === "merge") void message.info(t("curation.mergeNeedsTwo"));
    },
    asking: asked !== null,
    busy,
    problem,
    dialogs: (
      <>
        <SnoozeDialog open={asked?.what === "snooze"} count={clusters.length} {...common} onDecide={(until) => void each(clusters, { state: "snoozed", snoozed_until: until }, "snoozed")} />
        <DismissDialog
          open={asked?.what === "dismiss"}
          count={clusters.length}
          {...common}
          onDecide={(why) => void each(clusters, { state: "dismissed", dismissed_why: why }, "dismissed")}
        />
        <MergeDialog key={clusters.map((cluster) => cluster.id).join()} open={asked?.what === "merge"} clusters={clusters} {...common} onDecide={(choice) => void mergeAll(choice)} />
      </>
    ),
  };
}

export function BulkBar({ chosen, bulk, onClear }: { chosen: Cluster[]; bulk: Bulk; onClear: () => void }) {
  const { t } = useI18n();
  return (
    <div className="bulk-bar" role="toolbar" aria-label={t("common.actions")} data-testid="bulk-bar">
      <strong>{t("curation.selected", { n: chosen.length })}</strong>
      <Button size="small" icon={<CheckOutlined />} loading={bulk.busy} onClick={() => bulk.approve(chosen)} data-testid="bulk-approve">
        {t("curation.approve")}
      </Button>
      <Button size="small" icon={<ClockCircleOutlined />} disabled={bulk.busy} onClick={() => bulk.ask("snooze", chosen)} data-testid="bulk-snooze">
        {t("curation.snooze")}
      </Button>
      <Button size="small" icon={<CloseCircleOutlined />} disabled={bulk.busy} onClick={() => bulk.ask("dismiss", chosen)} data-testid="bulk-dismiss">
        {t("curation.dismiss")}
      </Button>
      <Button size="small" icon={<MergeCellsOutlined />} disabled={bulk.busy || chosen.length < 2} onClick={() => bulk.ask("merge", chosen)} data-testid="bulk-merge">
        {t("curation.merge")}
      </Button>
      <Button size="small" type="link" onClick={onClear}>
        {t("curation.clearSelection")}
      </Button>
    </div>
  );
}
