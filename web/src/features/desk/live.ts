// What the desk asks of the service.

import { queryOptions } from "@tanstack/react-query";
import { api, CSRF, need, problemOf, type Schemas } from "../../api";
import type { Message, SuggestionSet, WithdrawnBecause } from "./talk";

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
  message_count: number;
}

type MessageView = Schemas["ConversationMessage"];

async function ask<T>(path: string, init?: RequestInit): Promise<T> {
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
  messages: view.message_count,
});

export const messageOf = (view: MessageView): Message => ({
  position: view.position,
  role: view.role,
  text: view.text,
  at: view.at ?? null,
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

export const startConversation = (desk: string) => ask<{ id: string }>("/v1/conversations", { method: "POST", body: JSON.stringify({ desk, channel: "console" }) });

export const sendMessage = (desk: string, id: string, message: { role: "customer" | "agent"; text: string; clientId: string }) =>
  ask<MessageView>(`/v1/conversations/${id}/messages?desk=${encodeURIComponent(desk)}`, { method: "POST", body: JSON.stringify({ role: message.role, text: message.text, id: message.clientId }) });

export const closeConversation = (desk: string, id: string) => ask<unknown>(`/v1/conversations/${id}/close?desk=${encodeURIComponent(desk)}`, { method: "POST" });

export const tellTyping = (desk: string, id: string, text: string) =>
  ask<unknown>(`/v1/conversations/${id}/typing?desk=${encodeURIComponent(desk)}`, { method: "POST", body: JSON.stringify({ role: "customer", typing: text.trim() !== "", ...(text.trim() === "" ? {} : { text }) }) });

export const conversationQuery = (desk: string, id: string) =>
  queryOptions({
    queryKey: ["conversation", desk, id],
    queryFn: async ({ signal }): Promise<Schemas["Conversation"] & { state?: ConversationState }> =>
      need(api.GET("/v1/conversations/{id}", { params: { path: { id }, query: { desk } }, signal })),
  });

export const eventsUrl = (desk: string, id: string) => `/v1/conversations/${id}/events?desk=${encodeURIComponent(desk)}`;

/** What the stream of a conversation carries. */
export interface LiveEvents {
  state: { state: ConversationState; messages: number; turn?: number | null };
  message: MessageView;
  suggestions: { turn: number; provisional: boolean; set: Schemas["SuggestResponse"] };
  withdrawn: { turn?: number | null; reason: WithdrawnBecause };
  failed: { turn: number };
  typing: { role: Schemas["Role"]; typing: boolean };
}

export const setOf = (view: Schemas["SuggestResponse"], turn: number, provisional = false): SuggestionSet => ({
  id: view.id,
  turn,
  suggestions: view.suggestions,
  abstained: view.abstained?.reason ?? null,
  query: view.query.text,
  provisional,
});
