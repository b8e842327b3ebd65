import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { consoleRoute } from "../../app/root";

export const apidocsRoute = createRoute({
  getParentRoute: () => consoleRoute,
  path: "/docs",
  component: lazyRouteComponent(() => import("./DocsPage")),
});
