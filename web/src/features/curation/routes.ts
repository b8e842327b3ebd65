import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { consoleRoute } from "../../app/root";
import type { Schemas } from "../../api";

export const STATES = ["open", "approved", "snoozed", "dismissed"] as const satisfies Schemas["ClusterState"][];
export const SORTS = ["size", "impact", "customers", "trend", "recent"] as const;
export const LANGUAGES = ["zh", "en"] as const satisfies Schemas["Language"][];

/** The list's filters, kept in the address. */
export interface ClusterSearch {
  q?: string;
  state?: (typeof STATES)[number];
  language?: (typeof LANGUAGES)[number];
  covered?: boolean;
  conflicting?: boolean;
  sort?: (typeof SORTS)[number];
}

const oneOf = <T extends string>(values: readonly T[], value: unknown): T | undefined => values.find((one) => one === value);

/** What somebody typed into the address and does not fit is left out. */
export function clusterSearch(search: Record<string, unknown>): ClusterSearch {
  const state = oneOf(STATES, search.state);
  const language = oneOf(LANGUAGES, search.language);
  const sort = oneOf(SORTS, search.sort);
  return {
    ...(typeof search.q === "string" && search.q !== "" ? { q: search.q } : {}),
    ...(state ? { state } : {}),
    ...(language ? { language } : {}),
    ...(typeof search.covered === "boolean" ? { covered: search.covered } : {}),
    ...(typeof search.conflicting === "boolean" ? { conflicting: search.conflicting } : {}),
    ...(sort ? { sort } : {}),
  };
}

export const clustersRoute = createRoute({
  getParentRoute: () => consoleRoute,
  path: "/clusters",
  validateSearch: clusterSearch,
  component: lazyRouteComponent(() => import("./ClustersPage")),
});

export type MapSearch = Pick<ClusterSearch, "state" | "language">;

export const mapRoute = createRoute({
  getParentRoute: () => consoleRoute,
  path: "/clusters/map",
  validateSearch: (search: Record<string, unknown>): MapSearch => {
    const { state, language } = clusterSearch(search);
    return { ...(state ? { state } : {}), ...(language ? { language } : {}) };
  },
  component: lazyRouteComponent(() => import("./MapPage")),
});

export const outliersRoute = createRoute({
  getParentRoute: () => consoleRoute,
  path: "/clusters/outliers",
  component: lazyRouteComponent(() => import("./OutliersPage")),
});

export const decisionsRoute = createRoute({
  getParentRoute: () => consoleRoute,
  path: "/clusters/decisions",
  component: lazyRouteComponent(() => import("./DecisionsPage")),
});

export const clusterRoute = createRoute({
  getParentRoute: () => consoleRoute,
  path: "/clusters/$id",
  component: lazyRouteComponent(() => import("./ClusterPage")),
});

export const curationRoutes = [clustersRoute, mapRoute, outliersRoute, decisionsRoute, clusterRoute];
