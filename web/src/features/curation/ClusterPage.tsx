// One frequent question: what it is about, how it was answered, and everything that can be decided about it.

import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { Skeleton } from "antd";
import { useState } from "react";
import "../../components/editing.css";
import "./curation.css";
import { asApiError, useDesk, useMe } from "../../api";
import { ChangeProblem, EmptyState, ErrorNotice, NeedsDesk, useHotkeys } from "../../components";
import { useI18n } from "../../i18n";
import { Answers } from "./Answers";
import { clusterKey, loadCluster, merge, move, review, split, useDecided, type Cluster, type ClusterView, type Patch } from "./api";
import { ClusterHead } from "./ClusterHead";
import { ClusterSummary } from "./ClusterSummary";
import { Decisions } from "./Decisions";
import { DismissDialog, MergeDialog, SnoozeDialog } from "./dialogs";
import { PickCluster } from "./PickCluster";
import { PromoteDrawer } from "./PromoteDrawer";
import { Questions } from "./Questions";
import { SplitProposal } from "./SplitProposal";

const route = getRouteApi("/console/clusters/$id");

export default function ClusterPage() {
  return (
    <NeedsDesk>
      <Loading />
    </NeedsDesk>
  );
}

function Loading() {
  const { t } = useI18n();
  const desk = useDesk();
  const { id } = route.useParams();
  const { data, error, refetch } = useQuery({ queryKey: clusterKey(desk, id), queryFn: ({ signal }) => loadCluster(desk, id, signal) });
  // The last answer stands while the next one is on its way; a cluster that has ended is gone from the page, too.
  if (error && asApiError(error).code === "unknown_cluster") {
    return (
      <EmptyState title={t("problem.unknown_cluster")} text={t("problem.unknown_cluster_way")} testId="cluster-gone">
        <span className="row">
          <Link to="/clusters">{t("curation.toList")}</Link>
          <Link to="/clusters/decisions">{t("curation.tabDecisions")}</Link>
        </span>
      </EmptyState>
    );
  }
  if (error) return <ErrorNotice error={error} onRetry={() => void refetch()} />;
  if (!data) return <Skeleton active className="cluster-skeleton" paragraph={{ rows: 14 }} />;
  return <Loaded key={data.id} cluster={data} onLookAgain={() => void refetch()} />;
}

type Dialog = "snooze" | "dismiss" | "merge" | "promote" | "split" | null;

function Loaded({ cluster, onLookAgain }: { cluster: ClusterView; onLookAgain: () => void }) {
  const { t } = useI18n();
  const { may } = useMe();
  const navigate = useNavigate();
  const { decided } = useDecided(cluster.desk);
  const [dialog, setDialog] = useState<Dialog>(null);
  const [answer, setAnswer] = useState<string | null>(null);
  const [renaming, setRenaming] = useState(false);
  const [selected, select] = useState<string[]>([]);
  const [partner, setPartner] = useState<Cluster | null>(null);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const mayReview = may("ReviewClusters");

  /** Makes a change and says so; what went wrong stays on the page until somebody looks again. */
  const change = async (act: () => Promise<unknown>, done: string, about = cluster.id) => {
    setBusy(true);
    setProblem(null);
    try {
      await act();
      setDialog(null);
      setRenaming(false);
      await decided(done, about);
    } catch (error) {
      setDialog(null);
      setProblem(error);
      window.scrollTo({ top: 0 });
    } finally {
      setBusy(false);
    }
  };
  const decide = (patch: Patch, done: string) => void change(() => review(cluster, patch), done);
  const moveTo = (members: string[], to: Cluster | null) => {
    if (members.length === 0) return;
    const all = members.length === cluster.size;
    void change(
      async () => {
        await move(cluster, members, to);
        select([]);
        if (all) await navigate(to ? { to: "/clusters/$id", params: { id: to.id } } : { to: "/clusters" });
      },
      to ? t("curation.moved", { n: members.length, name: to.name }) : t("curation.takenOut", { n: members.length }),
      to && all ? to.id : cluster.id,
    );
  };
  const splitOff = (members: string[], name: string) =>
    void change(async () => {
      await split(cluster, members, name);
      select([]);
    }, t("curation.splitDone", { n: members.length }));
  const mergeWith = ({ into, from }: { into: Cluster; from: Cluster[] }) =>
    void change(
      async () => {
        await merge(into, from);
        if (into.id !== cluster.id) await navigate({ to: "/clusters/$id", params: { id: into.id } });
      },
      t("curation.merged", { name: into.name }),
      into.id,
    );
  const promoteWith = (pair: string | null) => {
    setAnswer(pair);
    setDialog("promote");
  };

  useHotkeys(
    {
      a: () => decide({ state: "approved" }, t("curation.done_approved", { n: 1 })),
      s: () => setDialog("snooze"),
      d: () => setDialog("dismiss"),
      m: () => setDialog("merge"),
      p: () => promoteWith(null),
      e: () => setRenaming(true),
    },
    mayReview && dialog === null && !busy,
  );
  useHotkeys({ u: () => void navigate({ to: "/clusters" }) }, dialog === null);

  const close = () => setDialog(null);
  return (
    <div className="cluster-page" data-testid="cluster-page" data-version={cluster.version}>
      <ClusterHead
        key={cluster.version}
        cluster={cluster}
        busy={busy}
        renaming={renaming}
        onRename={setRenaming}
        onDecide={decide}
        onAsk={(what) => (what === "promote" ? promoteWith(null) : setDialog(what))}
      />
      {problem !== null && (
        <ChangeProblem
          error={problem}
          onLookAgain={() => {
            setProblem(null);
            onLookAgain();
          }}
        />
      )}
      <ClusterSummary cluster={cluster} />
      <Answers cluster={cluster} {...(mayReview ? { onPromote: promoteWith } : {})} />
      <Questions cluster={cluster} selected={selected} onSelect={select} busy={busy} onMove={moveTo} onSplit={splitOff} onPropose={() => setDialog("split")} />
      <Decisions desk={cluster.desk} cluster={cluster.id} />

      <SnoozeDialog open={dialog === "snooze"} count={1} busy={busy} onCancel={close} onDecide={(until) => decide({ state: "snoozed", snoozed_until: until }, t("curation.done_snoozed", { n: 1 }))} />
      <DismissDialog
        open={dialog === "dismiss"}
        count={1}
        busy={busy}
        onCancel={close}
        onDecide={(why) => decide({ state: "dismissed", dismissed_why: why }, t("curation.done_dismissed", { n: 1 }))}
      />
      <PickCluster
        open={dialog === "merge" && partner === null}
        except={cluster}
        onCancel={close}
        onPick={setPartner}
      />
      {partner && (
        <MergeDialog
          open
          clusters={[cluster, partner]}
          busy={busy}
          onCancel={() => {
            setPartner(null);
            close();
          }}
          onDecide={(choice) => {
            setPartner(null);
            mergeWith(choice);
          }}
        />
      )}
      {dialog === "split" && <SplitProposal cluster={cluster} busy={busy} onCancel={close} onSplit={splitOff} />}
      {dialog === "promote" && (
        <PromoteDrawer
          cluster={cluster}
          answerPair={answer}
          onClose={close}
          onLookAgain={onLookAgain}
        />
      )}
    </div>
  );
}
