import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { consoleRoute } from "../../app/root";
import type { Schemas } from "../../api";

export const CAUSES = ["no_knowledge", "not_found", "not_our_topic", "consent_refused"] as const satisfies Schemas["GapCause"][];
export const GAP_STATES = ["open", "resolved", "dismissed"] as const satisfies Schemas["GapState"][];

/** Kept in the address. */
export interface GapSearch {
  cause?: (typeof CAUSES)[number];
  state?: (typeof GAP_STATES)[number];
  /** Those of few customers, too. */
  rare?: true;
}

/** What somebody typed into the address and does not fit is left out. */
export function gapSearch(search: Record<string, unknown>): GapSearch {
  const cause = CAUSES.find((one) => one === search.cause);
  const state = GAP_STATES.find((one) => one === search.state);
  return { ...(cause ? { cause } : {}), ...(state ? { state } : {}), ...(search.rare === true ? { rare: true as const } : {}) };
}

export const gapsRoute = createRoute({
  getParentRoute: () => consoleRoute,
  path: "/worklists/gaps",
  validateSearch: gapSearch,
  component: lazyRouteComponent(() => import("./GapsPage")),
});

export const conflictsRoute = createRoute({
  getParentRoute: () => consoleRoute,
  path: "/worklists/conflicts",
  component: lazyRouteComponent(() => import("./ConflictsPage")),
});

export const staleRoute = createRoute({
  getParentRoute: () => consoleRoute,
  path: "/worklists/stale",
  component: lazyRouteComponent(() => import("./EntryListPage"), "StalePage"),
});

export const thinRoute = createRoute({
  getParentRoute: () => consoleRoute,
  path: "/worklists/thin",
  component: lazyRouteComponent(() => import("./EntryListPage"), "ThinPage"),
});

export const rejectedRoute = createRoute({
  getParentRoute: () => consoleRoute,
  path: "/worklists/rejected",
  component: lazyRouteComponent(() => import("./EntryListPage"), "RejectedPage"),
});

export const worklistRoutes = [gapsRoute, conflictsRoute, staleRoute, thinRoute, rejectedRoute];
