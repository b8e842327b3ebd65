import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { consoleRoute, requireSession, rootRoute, searchForDesk } from "../../app/root";

export const conversationsRoute = createRoute({
  getParentRoute: () => consoleRoute,
  path: "/desk",
  component: lazyRouteComponent(() => import("./DeskPage")),
});

export const liveRoute = createRoute({
  getParentRoute: () => consoleRoute,
  path: "/desk/$id",
  component: lazyRouteComponent(() => import("./LivePage")),
});

export const replayRoute = createRoute({
  getParentRoute: () => consoleRoute,
  path: "/desk/replay/$id",
  component: lazyRouteComponent(() => import("./ReplayPage")),
});

/** A window without the console's frame, as a customer would have it. */
const customerWindow = createRoute({ getParentRoute: () => rootRoute, id: "customer-window", validateSearch: searchForDesk, beforeLoad: requireSession });

const customerRoute = createRoute({
  getParentRoute: () => customerWindow,
  path: "/desk/$id/customer",
  component: lazyRouteComponent(() => import("./CustomerPage")),
});

export const customerRoutes = customerWindow.addChildren([customerRoute]);
