// What this part asks of the service. Every decision names the version it was made to; who was overtaken is told so.

import { useQueryClient } from "@tanstack/react-query";
import { App, Button } from "antd";
import { createElement } from "react";
import { api, asApiError, need, type Schemas } from "../../api";
import { useI18n } from "../../i18n";

export type Cluster = Schemas["Cluster"];
export type ClusterView = Schemas["ClusterView"];
export type Member = Schemas["ClusterMember"];
export type Answer = Schemas["ClusterAnswer"];
export type Decision = Schemas["ClusterDecision"];
export type Patch = Omit<Schemas["ClusterPatch"], "desk">;

export const clustersKey = (desk: string) => ["clusters", desk] as const;
export const clusterKey = (desk: string, id: string) => [...clustersKey(desk), "one", id] as const;

export const seen = ({ id, version }: Cluster): Schemas["SeenCluster"] => ({ id, version });
const ifMatch = (version: number) => ({ "If-Match": `"${version}"` });

export const loadCluster = (desk: string, id: string, signal: AbortSignal) => need(api.GET("/v1/clusters/{id}", { params: { path: { id }, query: { desk } }, signal }));

export const review = ({ desk, id, version }: Cluster, patch: Patch) =>
  need(api.PATCH("/v1/clusters/{id}", { params: { path: { id }, header: ifMatch(version) }, body: { desk, ...patch } }));

export const merge = (into: Cluster, from: Cluster[]) => need(api.POST("/v1/clusters/merge", { body: { desk: into.desk, into: seen(into), from: from.map(seen) } }));

export const move = ({ desk, id, version }: Cluster, members: string[], to: Cluster | null) =>
  need(api.POST("/v1/clusters/{id}/move", { params: { path: { id }, header: ifMatch(version) }, body: { desk, members, to: to && seen(to) } }));

export const split = ({ desk, id, version }: Cluster, members: string[], name: string) =>
  need(api.POST("/v1/clusters/{id}/split", { params: { path: { id }, header: ifMatch(version) }, body: { desk, members, ...(name === "" ? {} : { name }) } }));

export const undo = (desk: string, id: string) => need(api.POST("/v1/clusters/decisions/{id}/undo", { params: { path: { id }, query: { desk } } }));

export const promote = ({ desk, id, version }: Cluster, entry: Omit<Schemas["PromoteCreate"], "desk">, onDuplicate: "list" | "refuse") =>
  need(api.POST("/v1/clusters/{id}/promote", { params: { path: { id }, header: ifMatch(version), query: { on_duplicate: onDuplicate } }, body: { desk, ...entry } }));

/** Adds questions to an entry that is there already, and approves the cluster that they are from. */
export async function mergeInto(cluster: Cluster, id: string, questions: string[]) {
  const path = { id };
  const entry = await need(api.GET("/v1/entries/{id}", { params: { path, query: { desk: cluster.desk } } }));
  const added = questions.filter((question) => !entry.questions.includes(question));
  const changed =
    added.length === 0
      ? entry
      : await need(
          api.PATCH("/v1/entries/{id}", {
            params: { path, query: { desk: cluster.desk }, header: ifMatch(entry.version) },
            body: { questions: [...entry.questions, ...added] },
          }),
        );
  await review(cluster, { state: "approved" });
  return { entry: changed, added: added.length };
}

/** After a decision: what is shown is asked for again, and the decision can be taken back for as long as the note stands. */
export function useDecided(desk: string) {
  const client = useQueryClient();
  const { t } = useI18n();
  const { message } = App.useApp();

  const refresh = () =>
    Promise.all([
      client.invalidateQueries({ queryKey: clustersKey(desk) }),
      client.invalidateQueries({ queryKey: ["worklists", desk] }),
    ]);

  const takeBack = async (id: string) => {
    try {
      await undo(desk, id);
      void message.success(t("editing.undone"));
    } catch (error) {
      const { code } = asApiError(error);
      void message.error(`${t(`problem.${code}`)}. ${t(`problem.${code}_way`)}`);
    }
    await refresh();
  };

  /** `about` is one of the clusters decided about: its latest decision is the one to take back. */
  const decided = async (text: string, about: string) => {
    const [latest] = await Promise.all([
      need(api.GET("/v1/clusters/decisions", { params: { query: { desk, cluster: about, limit: 1 } } })).then(
        ({ items }) => items[0],
        // The decision stands; only the shortcut to taking it back is missing, and the history has it too.
        () => undefined,
      ),
      refresh(),
    ]);
    const key = `decided-${about}`;
    void message.success({
      key,
      duration: 8,
      content: latest
        ? createElement(
            "span",
            { "data-testid": "decided" },
            `${text} `,
            createElement(
              Button,
              {
                type: "link",
                size: "small",
                onClick: () => {
                  message.destroy(key);
                  void takeBack(latest.id);
                },
              },
              t("editing.undo"),
            ),
          )
        : text,
    });
  };

  return { decided, refresh };
}
