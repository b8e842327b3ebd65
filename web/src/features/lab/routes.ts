import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { consoleRoute } from "../../app/root";

export const labRoute = createRoute({
  getParentRoute: () => consoleRoute,
  path: "/lab",
  /** An archived conversation to try. */
  validateSearch: (search: Record<string, unknown>): { conversation?: string } => (typeof search.conversation === "string" ? { conversation: search.conversation } : {}),
  component: lazyRouteComponent(() => import("./LabPage")),
});
