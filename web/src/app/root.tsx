// The two routes that everything hangs on: the whole, and the console's frame that only people who are signed in see. A feature's
// routes.ts makes its routes below `consoleRoute`; router.ts lists them.

import type { QueryClient } from "@tanstack/react-query";
import { createRootRouteWithContext, createRoute, redirect, retainSearchParams } from "@tanstack/react-router";
import { ApiError, meQuery } from "../api";
import { forgetSession, mayBeSignedIn } from "../api/session";
import { Crashed, NotFound } from "./faults";
import { Shell } from "./Shell";

export const rootRoute = createRootRouteWithContext<{ client: QueryClient }>()({ notFoundComponent: NotFound, errorComponent: Crashed });

/** Every page of the console is about one desk; links keep it. */
export const searchForDesk = (search: Record<string, unknown>): { desk?: string } => (typeof search.desk === "string" && search.desk !== "" ? { desk: search.desk } : {});

/** Sends whoever is not signed in to the place where one does that, and back afterwards. */
export async function requireSession({ context, location }: { context: { client: QueryClient }; location: { href: string; pathname: string } }) {
  const toLogin = () => redirect({ to: "/login", search: location.href === "/" ? {} : { back: location.href } });
  // The API's description holds no data, and whoever writes against it may have a key and no account.
  const open = location.pathname === "/docs";
  if (!mayBeSignedIn()) {
    if (open) return;
    throw toLogin();
  }
  try {
    await context.client.query({ ...meQuery, staleTime: "static" });
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 401) throw error;
    forgetSession();
    if (!open) throw toLogin();
  }
}

export const consoleRoute = createRoute({
  getParentRoute: () => rootRoute,
  id: "console",
  component: Shell,
  errorComponent: Crashed,
  notFoundComponent: NotFound,
  validateSearch: searchForDesk,
  search: { middlewares: [retainSearchParams(["desk"])] },
  beforeLoad: requireSession,
});
