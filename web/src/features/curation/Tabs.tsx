// The views of this part, as links: each has an address.

import { Link } from "@tanstack/react-router";
import { useMe } from "../../api";
import { useI18n } from "../../i18n";

const VIEWS = [
  ["/clusters", "curation.tabClusters", "ReadClusters"],
  ["/clusters/map", "curation.tabMap", "ReadClusters"],
  // A single question could point at a person, as clusters of few customers could.
  ["/clusters/outliers", "curation.tabOutliers", "ReadSmallClusters"],
  ["/clusters/decisions", "curation.tabDecisions", "ReadClusters"],
] as const;

export function Tabs() {
  const { t } = useI18n();
  const { may } = useMe();
  return (
    <nav className="tab-links" aria-label={t("curation.title")}>
      {VIEWS.filter(([, , needed]) => may(needed)).map(([to, label]) => (
        <Link key={to} to={to} activeOptions={{ exact: true, includeSearch: false }} activeProps={{ className: "active", "aria-current": "page" }} data-testid={`tab-${to}`}>
          {t(label)}
        </Link>
      ))}
    </nav>
  );
}
