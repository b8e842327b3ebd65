import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { consoleRoute } from "../../app/root";
import type { Schemas } from "../../api";

export const STATUSES = ["draft", "published", "retired"] as const satisfies Schemas["EntryStatus"][];
export const LANGUAGES = ["zh", "en"] as const satisfies Schemas["Language"][];

/** The list's filters, kept in the address. */
export interface EntrySearch {
  q?: string;
  status?: (typeof STATUSES)[number];
  language?: (typeof LANGUAGES)[number];
  tag?: string;
  owner?: string;
}

/** What a new entry begins with; other pages lead here with it. */
export interface NewEntrySearch {
  question?: string;
  /** The archived pair that the question is from. */
  pair?: string;
  cluster?: string;
  /** The gap that the entry closes once it is there. */
  gap?: string;
}

const text = <K extends string>(search: Record<string, unknown>, ...names: K[]): Partial<Record<K, string>> =>
  Object.fromEntries(names.map((name) => [name, search[name]] as const).filter((pair) => typeof pair[1] === "string" && pair[1] !== "")) as Partial<Record<K, string>>;

/** What somebody typed into the address and does not fit is left out. */
export function entrySearch(search: Record<string, unknown>): EntrySearch {
  const status = STATUSES.find((one) => one === search.status);
  const language = LANGUAGES.find((one) => one === search.language);
  return { ...text(search, "q", "tag", "owner"), ...(status ? { status } : {}), ...(language ? { language } : {}) };
}

export const entriesRoute = createRoute({
  getParentRoute: () => consoleRoute,
  path: "/knowledge",
  validateSearch: entrySearch,
  component: lazyRouteComponent(() => import("./EntriesPage")),
});

export const newEntryRoute = createRoute({
  getParentRoute: () => consoleRoute,
  path: "/knowledge/new",
  validateSearch: (search: Record<string, unknown>): NewEntrySearch => text(search, "question", "pair", "cluster", "gap"),
  component: lazyRouteComponent(() => import("./NewEntryPage")),
});

export const importRoute = createRoute({
  getParentRoute: () => consoleRoute,
  path: "/knowledge/import",
  component: lazyRouteComponent(() => import("./ImportPage")),
});

export const entryRoute = createRoute({
  getParentRoute: () => consoleRoute,
  path: "/knowledge/$id",
  validateSearch: (search: Record<string, unknown>): { view?: "versions" } => (search.view === "versions" ? { view: "versions" } : {}),
  component: lazyRouteComponent(() => import("./EntryPage")),
});

export const knowledgeRoutes = [entriesRoute, newEntryRoute, importRoute, entryRoute];
