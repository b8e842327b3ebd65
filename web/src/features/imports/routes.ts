import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { consoleRoute } from "../../app/root";

export const importsRoute = createRoute({
  getParentRoute: () => consoleRoute,
  path: "/imports",
  component: lazyRouteComponent(() => import("./ImportsPage")),
});

export const jobRoute = createRoute({
  getParentRoute: () => consoleRoute,
  path: "/jobs/$id",
  component: lazyRouteComponent(() => import("./JobPage")),
});
