// Small pieces that say the same on every page of this part.

import { Tag } from "antd";
import { everyWeek, Sparkline } from "../../components";
import { useI18n } from "../../i18n";
import type { Cluster } from "./api";

const COLOURS = { open: "processing", approved: "success", snoozed: "warning", dismissed: "default" } as const;
/** Below half a point a change is noise. */
const NOTICEABLE = 0.005;

export function StateTag({ cluster }: { cluster: Cluster }) {
  const { t } = useI18n();
  return (
    <Tag color={COLOURS[cluster.state]} data-testid="cluster-state" data-state={cluster.state}>
      {t(`curation.state_${cluster.state}`)}
    </Tag>
  );
}

export function Trend({ cluster }: { cluster: Cluster }) {
  const { t, format } = useI18n();
  const weeks = everyWeek(cluster.weeks).map((week) => week.questions);
  const points = Math.round(cluster.trend * 1000) / 10;
  const way = Math.abs(cluster.trend) < NOTICEABLE ? "flat" : cluster.trend > 0 ? "up" : "down";
  const shown = `${points > 0 ? "+" : points < 0 ? "−" : ""}${format.number(Math.abs(points))}`;
  return (
    <span className="trend">
      <Sparkline values={weeks} label={t("curation.trendLabel", { n: weeks.length })} />
      <span className={`trend-${way} nowrap`} title={t("curation.points", { n: shown })}>
        {shown}
      </span>
    </span>
  );
}

export const hasConflicts = (cluster: Cluster) => cluster.answers.some((answer) => (answer.contradicts ?? []).length > 0);
