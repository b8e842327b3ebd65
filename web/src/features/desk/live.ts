// What the desk asks of the service, and what the stream of a conversation brings.

import type { Schemas } from "../../api";
import { ask, type ConversationState } from "../../api/conversations";
import type { Message, SuggestionSet, WithdrawnBecause } from "./talk";

type MessageView = Schemas["ConversationMessage"];

export const messageOf = (view: MessageView): Message => ({
  position: view.position,
  role: view.role,
  text: view.text,
  at: view.at ?? null,
});

export const startConversation = (desk: string) => ask<{ id: string }>("/v1/conversations", { method: "POST", body: JSON.stringify({ desk, channel: "console" }) });

export const sendMessage = (desk: string, id: string, message: { role: "customer" | "agent"; text: string; clientId: string }) =>
  ask<MessageView>(`/v1/conversations/${id}/messages?desk=${encodeURIComponent(desk)}`, { method: "POST", body: JSON.stringify({ role: message.role, text: message.text, id: message.clientId }) });

export const closeConversation = (desk: string, id: string) => ask<unknown>(`/v1/conversations/${id}/close?desk=${encodeURIComponent(desk)}`, { method: "POST" });

export const tellTyping = (desk: string, id: string, text: string) =>
  ask<unknown>(`/v1/conversations/${id}/typing?desk=${encodeURIComponent(desk)}`, { method: "POST", body: JSON.stringify({ role: "customer", typing: text.trim() !== "", ...(text.trim() === "" ? {} : { text }) }) });

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
