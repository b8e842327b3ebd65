import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { consoleRoute } from "../../app/root";

/** What is looked at, kept in the address. */
export interface EvaluationSearch {
  task?: string;
  set?: string;
  figure?: string;
}

const text = (value: unknown) => (typeof value === "string" && value !== "" ? value : undefined);

export const evaluationsRoute = createRoute({
  getParentRoute: () => consoleRoute,
  path: "/evaluations",
  validateSearch: (search: Record<string, unknown>): EvaluationSearch => {
    const [task, set, figure] = [text(search.task), text(search.set), text(search.figure)];
    return { ...(task ? { task } : {}), ...(set ? { set } : {}), ...(figure ? { figure } : {}) };
  },
  component: lazyRouteComponent(() => import("./EvaluationsPage")),
});
