// The three views of this part, as links: each has an address.

import { Link } from "@tanstack/react-router";
import { useI18n } from "../../i18n";

const VIEWS = [
  ["/clusters", "curation.tabClusters"],
  ["/clusters/outliers", "curation.tabOutliers"],
  ["/clusters/decisions", "curation.tabDecisions"],
] as const;

export function Tabs() {
  const { t } = useI18n();
  return (
    <nav className="tab-links" aria-label={t("curation.title")}>
      {VIEWS.map(([to, label]) => (
        <Link key={to} to={to} activeOptions={{ exact: true, includeSearch: false }} activeProps={{ className: "active", "aria-current": "page" }} data-testid={`tab-${to}`}>
          {t(label)}
        </Link>
      ))}
    </nav>
  );
}
