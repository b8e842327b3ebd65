// Every page's address.

import type { QueryClient } from "@tanstack/react-query";
import { createRoute, createRouter, redirect } from "@tanstack/react-router";
import { meQuery, roleMay } from "../api";
import { conversationsRoute, customerRoutes, liveRoute, replayRoute } from "../features/desk/routes";
import { labRoute } from "../features/lab/routes";
import { apidocsRoute } from "../features/apidocs/routes";
import { curationRoutes } from "../features/curation/routes";
import { evaluationsRoute } from "../features/evaluations/routes";
import { importsRoute, jobRoute } from "../features/imports/routes";
import { knowledgeRoutes } from "../features/knowledge/routes";
import { overviewRoute } from "../features/overview/routes";
import { accountsRoute, controlsRoute, deskRoute, keysRoute, profileRoute } from "../features/people/routes";
import { loginRoute } from "../features/session/routes";
import { worklistRoutes } from "../features/worklists/routes";
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

const desk = [conversationsRoute, liveRoute, replayRoute];
const settings = [controlsRoute, deskRoute, accountsRoute, keysRoute, profileRoute];
const pages = [...desk, ...curationRoutes, ...knowledgeRoutes, ...worklistRoutes, importsRoute, jobRoute, overviewRoute, labRoute, evaluationsRoute, ...settings, apidocsRoute];
const routeTree = rootRoute.addChildren([loginRoute, customerRoutes, consoleRoute.addChildren([startRoute, nowhereRoute, ...pages])]);

export const makeRouter = (client: QueryClient) =>
  createRouter({ routeTree, context: { client }, defaultPreload: "intent", defaultPendingMs: 300, scrollRestoration: true });

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
