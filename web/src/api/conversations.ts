// Conversations, live and archived.

import { queryOptions } from "@tanstack/react-query";
import { api, CSRF, need, type Schemas } from "./client";
import { problemOf } from "./problem";

export type ConversationState = "live" | "closed";

/** A line of the desk's list. */
export interface ConversationLine {
  id: string;
  channel: string | null;
  state: ConversationState;
  lastText: string | null;
  lastRole: Schemas["Role"] | null;
  lastAt: string;
  waitingSince: string | null;
  messages: number;
}

interface LineView {
  id: string;
  channel?: string | null;
  state: ConversationState;
  last_message?: MessageView | null;
  last_at: string;
  waiting_since?: string | null;
  messages: number;
}

type MessageView = Schemas["ConversationMessage"];

export async function ask<T>(path: string, init?: RequestInit): Promise<T> {
  const response = await fetch(path, { ...init, headers: { ...CSRF, "content-type": "application/json" } });
  const body: unknown = response.status === 204 ? null : await response.json().catch(() => null);
  if (!response.ok) throw problemOf(response, body);
  return body as T;
}

const lineOf = (view: LineView): ConversationLine => ({
  id: view.id,
  channel: view.channel ?? null,
  state: view.state,
  lastText: view.last_message?.text ?? null,
  lastRole: view.last_message?.role ?? null,
  lastAt: view.last_at,
  waitingSince: view.waiting_since ?? null,
  messages: view.messages,
});

export interface ListPage {
  items: ConversationLine[];
  next: string | null;
}

export async function listConversations(desk: string, state: ConversationState, cursor: string | null, signal: AbortSignal): Promise<ListPage> {
  const query = new URLSearchParams({ desk, state, limit: "50", ...(cursor === null ? {} : { cursor }) });
  const page = await ask<{ items: LineView[]; next_cursor?: string | null }>(`/v1/conversations?${query}`, { signal });
  return { items: page.items.map(lineOf), next: page.next_cursor ?? null };
}

export const conversationQuery = (desk: string, id: string) =>
  queryOptions({
    queryKey: ["conversation", desk, id],
    queryFn: async ({ signal }): Promise<Schemas["Conversation"] & { state?: ConversationState }> =>
      need(api.GET("/v1/conversations/{id}", { params: { path: { id }, query: { desk } }, signal })),
  });

