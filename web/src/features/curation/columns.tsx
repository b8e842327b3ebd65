// The list's columns.

import { HolderOutlined } from "@ant-design/icons";
import { Link } from "@tanstack/react-router";
import { Tag } from "antd";
import { useMemo } from "react";
import type { DataColumn } from "../../components";
import { useI18n } from "../../i18n";
import type { Cluster } from "./api";
import { hasConflicts, StateTag, Trend } from "./ClusterBits";

/** What a dragged cluster travels as. */
export const CLUSTER_TYPE = "application/x-riposte-cluster";

export function useColumns(mayReview: boolean): DataColumn<Cluster>[] {
  const { t, format } = useI18n();
  return useMemo<DataColumn<Cluster>[]>(
    () => [
      {
        id: "name",
        title: t("curation.cluster"),
        always: true,
        width: 280,
        render: (_value, cluster) => (
          <div className="cluster-cell">
            {mayReview && (
              <span
                className="drag-handle"
                draggable
                title={t("curation.dragToMerge")}
                aria-hidden="true"
                onDragStart={(event) => {
                  event.dataTransfer.setData(CLUSTER_TYPE, cluster.id);
                  event.dataTransfer.effectAllowed = "move";
                }}
              >
                <HolderOutlined />
              </span>
            )}
            <div className="cluster-name">
              <Link to="/clusters/$id" params={{ id: cluster.id }} data-testid="cluster-link">
                {cluster.name}
              </Link>
              {cluster.representative !== cluster.name && <span className="quiet small">{cluster.representative}</span>}
            </div>
          </div>
        ),
      },
      { id: "state", title: t("curation.state"), width: 88, render: (_value, cluster) => <StateTag cluster={cluster} /> },
      { id: "size", title: t("curation.size"), width: 76, align: "right", className: "figure", render: (_value, cluster) => format.number(cluster.size) },
      { id: "customers", title: t("curation.customers"), width: 80, align: "right", className: "figure", render: (_value, cluster) => format.number(cluster.customers) },
      { id: "conversations", title: t("curation.conversations"), width: 120, align: "right", className: "figure", hidden: true, render: (_value, cluster) => format.number(cluster.conversations) },
      { id: "share", title: t("curation.share"), width: 68, align: "right", className: "figure", render: (_value, cluster) => format.percent(cluster.share) },
      { id: "trend", title: t("curation.trend"), width: 164, render: (_value, cluster) => <Trend cluster={cluster} /> },
      {
        id: "answered",
        title: t("curation.coverage"),
        width: 104,
        render: (_value, cluster) => (cluster.coverage?.covered ? <Tag color="success">{t("curation.covered")}</Tag> : <Tag>{t("curation.notCovered")}</Tag>),
      },
      { id: "conflicts", title: t("curation.conflicts"), width: 92, render: (_value, cluster) => hasConflicts(cluster) && <Tag color="error">{t("curation.conflict")}</Tag> },
      { id: "keywords", title: t("curation.keywords"), width: 240, hidden: true, render: (_value, cluster) => <span className="quiet">{cluster.keywords.join(" · ")}</span> },
      { id: "language", title: t("curation.language"), width: 96, hidden: true, render: (_value, cluster) => t(`common.${cluster.language}`) },
      { id: "last", title: t("curation.lastAsked"), width: 128, hidden: true, className: "nowrap", render: (_value, cluster) => (cluster.last_asked_at ? format.date(cluster.last_asked_at) : "") },
      { id: "computed", title: t("curation.computed"), width: 150, hidden: true, render: (_value, cluster) => format.ago(cluster.updated_at) },
    ],
    [t, format, mayReview],
  );
}
