// What the widget and the adapters speak of.

import type { components } from "../src/api/schema";

type Schemas = components["schemas"];
export type Suggestion = Schemas["Suggestion"];
export type SuggestionSet = Schemas["SuggestResponse"];
export type Report = Schemas["FeedbackCreate"];
export type RejectReason = Schemas["RejectReason"];
export type Role = Schemas["Role"];

export type Language = "zh" | "en";
export type Theme = "light" | "dark" | "system";

export interface Message {
  role: Role;
  text: string;
  /** RFC 3339. */
  at?: string;
  /** The host's id; of several messages with one id the last counts. */
  id?: string;
}

export interface Conversation {
  /** The host's id of the conversation. */
  id?: string;
  /** What the host knows of the customer (name, phone …): masked wherever it occurs. */
  customer?: Record<string, string>;
  messages: Message[];
}

/** What the agent's button does with a suggestion, which depends on what the host can do. */
export type Action = "insert" | "copy" | "send";

export const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);

const ROLES: readonly string[] = ["customer", "agent", "bot", "system"] satisfies Role[];

function asMessage(value: unknown): Message | null {
  if (!isRecord(value)) return null;
  const { role, text, at, id } = value;
  if (typeof role !== "string" || !ROLES.includes(role) || typeof text !== "string" || text.trim() === "") return null;
  return {
    role: role as Role,
    text,
    ...(typeof at === "string" ? { at } : {}),
    ...(typeof id === "string" || typeof id === "number" ? { id: String(id) } : {}),
  };
}

/** A conversation that came from another site; null if it is none. What is no message is left out. */
export function asConversation(value: unknown): Conversation | null {
  if (!isRecord(value) || !Array.isArray(value.messages)) return null;
  const { id, customer } = value;
  const known = isRecord(customer) ? Object.entries(customer).filter((pair): pair is [string, string] => typeof pair[1] === "string" && pair[1] !== "") : [];
  return {
    messages: value.messages.map(asMessage).filter((message) => message !== null),
    ...(typeof id === "string" || typeof id === "number" ? { id: String(id) } : {}),
    ...(known.length > 0 ? { customer: Object.fromEntries(known) } : {}),
  };
}

/** The same moment of the same conversation, as text. */
export const fingerprint = (conversation: Conversation) => JSON.stringify([conversation.id, conversation.messages.map(({ role, text }) => [role, text])]);

/** Whether the customer waits for a word. */
export const customerWaits = (conversation: Conversation) => conversation.messages.findLast((message) => message.role !== "system")?.role === "customer";

export const asLanguage = (value: unknown): Language | null => (typeof value === "string" && value !== "" ? (value.toLowerCase().startsWith("zh") ? "zh" : "en") : null);

export const asTheme = (value: unknown): Theme => (value === "light" || value === "dark" ? value : "system");
