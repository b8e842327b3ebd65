import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { consoleRoute } from "../../app/root";

export const profileRoute = createRoute({
  getParentRoute: () => consoleRoute,
  path: "/profile",
  component: lazyRouteComponent(() => import("./ProfilePage")),
});
