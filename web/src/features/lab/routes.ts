import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { consoleRoute } from "../../app/root";

export const labRoute = createRoute({
  getParentRoute: () => consoleRoute,
  path: "/lab",
  component: lazyRouteComponent(() => import("./LabPage")),
});
