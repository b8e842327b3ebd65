// Who is signed in, on which desks, and what their role may do.

import { queryOptions, useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { api, need, type Schemas } from "./client";
import { problemOf } from "./problem";

export type Me = Schemas["Me"];
export type Role = Schemas["AccessRole"];

/** Spares a first visit the question that can only be answered with 401. The cookie itself is out of reach of scripts. */
const SIGNED_IN = "riposte.signed-in";

export const mayBeSignedIn = () => localStorage.getItem(SIGNED_IN) !== null;
export const forgetSession = () => {
  localStorage.removeItem(SIGNED_IN);
};

/** Which roles may do what: the console's part of the table in src/auth/grant.rs. A test compares the two. */
export const ALLOWED = {
  Suggest: ["Agent", "Supervisor", "KbEditor", "Admin"],
  Explain: ["Supervisor", "KbEditor", "Admin"],
  ReviewAnswers: ["Supervisor", "KbEditor", "Admin"],
  ReadConversations: ["Agent", "Supervisor", "KbEditor", "Auditor", "Admin"],
  Converse: ["Agent", "Supervisor", "KbEditor", "Admin"],
  ReadEntries: ["Agent", "Supervisor", "KbEditor", "Auditor", "Admin"],
  WriteEntries: ["Supervisor", "KbEditor", "Admin"],
  ReadControls: ["Supervisor", "KbEditor", "Auditor", "Admin"],
  ControlAnswers: ["Supervisor", "KbEditor", "Admin"],
  ReadDesks: ["Agent", "Supervisor", "KbEditor", "Auditor", "Admin"],
  ReadClusters: ["Supervisor", "KbEditor", "Auditor", "Admin"],
  ReadSmallClusters: ["Supervisor", "Admin"],
  ReviewClusters: ["Supervisor", "KbEditor", "Admin"],
  RebuildClusters: ["Supervisor", "KbEditor", "Admin"],
  DecideGaps: ["Supervisor", "KbEditor", "Admin"],
  ManageImports: ["Supervisor", "Admin"],
  ReadReports: ["Supervisor", "KbEditor", "Auditor", "Admin"],
  ReadJobs: ["Supervisor", "KbEditor", "Auditor", "Admin"],
  CancelJobs: ["Supervisor", "Admin"],
  ChangeDeskSettings: ["Supervisor", "Admin"],
  AdaptDesks: ["Admin"],
  CreateDesks: ["Admin"],
  ManageAccess: ["Admin"],
} as const;

export type Action = keyof typeof ALLOWED;

const AS_IN_RUST: Record<Role, string> = { agent: "Agent", supervisor: "Supervisor", kb_editor: "KbEditor", auditor: "Auditor", admin: "Admin" };

export const roleMay = (role: Role, action: Action): boolean => (ALLOWED[action] as readonly string[]).includes(AS_IN_RUST[role]);

export const meQuery = queryOptions({
  queryKey: ["me"],
  queryFn: ({ signal }) => need(api.GET("/v1/me", { signal })),
  staleTime: Infinity,
  retry: false,
});

/** The person signed in. Only below the console's frame, which waits for it. */
export function useMe(): Me & { may: (action: Action) => boolean } {
  const { data } = useSuspenseQuery(meQuery);
  return { ...data, may: (action) => roleMay(data.role, action) };
}

export const desksQuery = queryOptions({
  queryKey: ["desks"],
  queryFn: async ({ signal }) => {
    const items: Schemas["DeskView"][] = [];
    let cursor: string | null | undefined;
    do {
      const page = await need(api.GET("/v1/desks", { params: { query: { limit: 200, ...(cursor ? { cursor } : {}) } }, signal }));
      items.push(...page.items);
      cursor = page.next_cursor;
    } while (cursor);
    return items;
  },
  staleTime: 60_000,
});

/** Every desk of the person's scope. */
export const useDesks = () => useQuery(desksQuery);

export async function signIn(name: string, password: string): Promise<void> {
  const { error, response } = await api.POST("/v1/sessions", { body: { name, password } });
  if (!response.ok) throw problemOf(response, error);
  localStorage.setItem(SIGNED_IN, "1");
}

export async function signOut(): Promise<void> {
  const { error, response } = await api.DELETE("/v1/sessions/current");
  // Without a session there is nothing to end.
  if (!response.ok && response.status !== 401) throw problemOf(response, error);
  forgetSession();
}
