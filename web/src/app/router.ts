// Every page's address.

import type { QueryClient } from "@tanstack/react-query";
import { createRoute, createRouter, redirect } from "@tanstack/react-router";
import { meQuery, roleMay } from "../api";
import { apidocsRoute } from "../features/apidocs/routes";
import { importsRoute, jobRoute } from "../features/imports/routes";
import { accountsRoute, controlsRoute, deskRoute, keysRoute, profileRoute } from "../features/people/routes";
import { loginRoute } from "../features/session/routes";
import { NotFound } from "./faults";
import { MENU } from "./menu";
import { consoleRoute, rootRoute } from "./root";

/** `/` is the first line of the menu that the person may use. */
const startRoute = createRoute({
  getParentRoute: () => consoleRoute,
  path: "/",
  async beforeLoad({ context }) {
    const { role } = await context.client.query({ ...meQuery, staleTime: "static" });
    const first = MENU.find((line) => line.may === undefined || roleMay(role, line.may));
    if (first) throw redirect({ to: first.to, replace: true });
  },
});

/** Below the frame, so that whoever mistypes an address still has the menu. */
const nowhereRoute = createRoute({ getParentRoute: () => consoleRoute, path: "$", component: NotFound });

const routeTree = rootRoute.addChildren([loginRoute, consoleRoute.addChildren([startRoute, nowhereRoute, importsRoute, jobRoute, controlsRoute, deskRoute, accountsRoute, keysRoute, profileRoute, apidocsRoute])]);

export const makeRouter = (client: QueryClient) =>
  createRouter({ routeTree, context: { client }, defaultPreload: "intent", defaultPendingMs: 300, scrollRestoration: true });

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
