import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { rootRoute } from "../../app/root";

export const loginRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/login",
  /** Where to go afterwards. */
  validateSearch: (search: Record<string, unknown>): { back?: string } => (typeof search.back === "string" ? { back: search.back } : {}),
  component: lazyRouteComponent(() => import("./LoginPage")),
});
