// What Chatwoot tells a dashboard app: a string of JSON with the conversation as its own page holds it.

import { isRecord, type Conversation, type Message, type Role } from "../../widget/model";

/** Chatwoot's kinds of messages; 2 is a line of its own ("Conversation was resolved"). */
const INCOMING = 0;
const OUTGOING = 1;
const TEMPLATE = 3;

export interface Context {
  conversation: Conversation;
  /** The signed-in agent, as Chatwoot names them. */
  agent: { id: string; name: string } | null;
  account: string | null;
}

function roleOf(message: Record<string, unknown>): Role | null {
  const sender = isRecord(message.sender) ? message.sender : {};
  switch (message.message_type) {
    case INCOMING:
      return "customer";
    case OUTGOING:
      return sender.type === "agent_bot" ? "bot" : "agent";
    case TEMPLATE:
      return "bot";
    default:
      return null;
  }
}

function asMessage(value: unknown): Message | null {
  if (!isRecord(value) || value.private === true || typeof value.content !== "string" || value.content.trim() === "") return null;
  const attributes = isRecord(value.content_attributes) ? value.content_attributes : {};
  const role = roleOf(value);
  if (role === null || attributes.deleted === true) return null;
  const seconds = Number(value.created_at);
  return {
    role,
    text: value.content,
    ...(typeof value.id === "number" || typeof value.id === "string" ? { id: String(value.id) } : {}),
    // A missing time is 0 there.
    ...(seconds > 0 ? { at: new Date(seconds * 1000).toISOString() } : {}),
  };
}

const filled = (value: unknown): value is string => typeof value === "string" && value !== "";

/** The context of an `appContext` message, null for any other. */
export function readContext(data: unknown): Context | null {
  if (typeof data !== "string") return null;
  let event: unknown;
  try {
    event = JSON.parse(data);
  } catch {
    return null;
  }
  if (!isRecord(event) || event.event !== "appContext" || !isRecord(event.data) || !isRecord(event.data.conversation)) return null;
  const { conversation, contact, currentAgent } = event.data;
  if (!Array.isArray(conversation.messages)) return null;
  const messages = conversation.messages.map(asMessage).filter((message) => message !== null);
  const person = isRecord(contact) ? contact : {};
  const customer = Object.fromEntries(
    [
      ["name", person.name],
      ["phone", person.phone_number],
      ["email", person.email],
    ].filter((pair): pair is [string, string] => filled(pair[1])),
  );
  const { id } = conversation;
  return {
    conversation: {
      messages,
      ...(typeof id === "number" || typeof id === "string" ? { id: String(id) } : {}),
      ...(Object.keys(customer).length > 0 ? { customer } : {}),
    },
    agent: isRecord(currentAgent) ? { id: String(currentAgent.id), name: filled(currentAgent.name) ? currentAgent.name : "" } : null,
    account: typeof conversation.account_id === "number" ? String(conversation.account_id) : null,
  };
}
