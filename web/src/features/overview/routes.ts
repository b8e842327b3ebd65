import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { consoleRoute } from "../../app/root";

export const overviewRoute = createRoute({
  getParentRoute: () => consoleRoute,
  path: "/overview",
  component: lazyRouteComponent(() => import("./OverviewPage")),
});
