import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { consoleRoute } from "../../app/root";

export const profileRoute = createRoute({
  getParentRoute: () => consoleRoute,
  path: "/profile",
  component: lazyRouteComponent(() => import("./ProfilePage")),
});

export const accountsRoute = createRoute({
  getParentRoute: () => consoleRoute,
  path: "/accounts",
  component: lazyRouteComponent(() => import("./AccountsPage")),
});

export const keysRoute = createRoute({
  getParentRoute: () => consoleRoute,
  path: "/keys",
  component: lazyRouteComponent(() => import("./KeysPage")),
});

export const deskRoute = createRoute({
  getParentRoute: () => consoleRoute,
  path: "/desk-settings",
  component: lazyRouteComponent(() => import("./DeskPage")),
});

export const controlsRoute = createRoute({
  getParentRoute: () => consoleRoute,
  path: "/controls",
  validateSearch: (search: Record<string, unknown>): { list?: "retired" } => (search.list === "retired" ? { list: "retired" } : {}),
  component: lazyRouteComponent(() => import("./ControlsPage")),
});
