// What Zendesk's apps framework tells of a ticket.

import { isRecord, type Conversation, type Message, type Role } from "../../widget/model";

/** The part of Zendesk's SDK that is used. */
export interface ZafClient {
  get(paths: string[]): Promise<Record<string, unknown>>;
  invoke(action: string, ...values: unknown[]): Promise<unknown>;
  on(event: string, listener: () => void): void;
  metadata(): Promise<unknown>;
  request(options: Record<string, unknown>): Promise<unknown>;
}

const BLOCKS = "p, div, li, tr, br, h1, h2, h3, h4, blockquote, pre";

/** The words of a comment that comes as HTML. Nothing of it is loaded or run. */
export function plainText(content: string, contentType: unknown): string {
  if (typeof contentType !== "string" || !contentType.includes("html")) return content.trim();
  const parsed = new DOMParser().parseFromString(content, "text/html");
  for (const block of parsed.querySelectorAll(BLOCKS)) block.before("\n");
  for (const hidden of parsed.querySelectorAll("style, script, head")) hidden.remove();
  return parsed.body.textContent
    .replace(/[^\S\n]+/g, " ")
    .replace(/ *\n\s*/g, "\n")
    .trim();
}

/** What the editor takes is HTML; in chats Zendesk makes plain text of it. */
export const asHtml = (text: string) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/\n/g, "<br>");

function roleOf(author: Record<string, unknown>, requester: unknown): Role {
  switch (author.role) {
    case "end-user":
    case "customer":
      return "customer";
    case "agent":
    case "admin":
    case "owner":
      // An agent may have opened the ticket for themselves.
      return requester !== undefined && author.id === requester ? "customer" : "agent";
    default:
      return "system";
  }
}

function asMessage(value: unknown, requester: unknown): Message | null {
  if (!isRecord(value) || !isRecord(value.message) || typeof value.message.content !== "string") return null;
  // Internal notes are for colleagues.
  if (isRecord(value.channel) && value.channel.name === "internal") return null;
  const text = plainText(value.message.content, value.message.contentType);
  if (text === "") return null;
  return {
    role: roleOf(isRecord(value.author) ? value.author : {}, requester),
    text,
    ...(typeof value.timestamp === "string" && !Number.isNaN(Date.parse(value.timestamp)) ? { at: new Date(value.timestamp).toISOString() } : {}),
  };
}

export const PATHS = ["ticket.id", "ticket.conversation", "ticket.requester"];

/** The ticket's conversation, from the answer to `get(PATHS)`. */
export function readTicket(answer: Record<string, unknown>): Conversation {
  const requester = isRecord(answer["ticket.requester"]) ? answer["ticket.requester"] : {};
  const conversation: unknown[] = Array.isArray(answer["ticket.conversation"]) ? answer["ticket.conversation"] : [];
  const customer = Object.fromEntries(
    [
      ["name", requester.name],
      ["email", requester.email],
    ].filter((pair): pair is [string, string] => typeof pair[1] === "string" && pair[1] !== ""),
  );
  const id = answer["ticket.id"];
  return {
    messages: conversation.map((value) => asMessage(value, requester.id)).filter((message) => message !== null),
    ...(typeof id === "number" || typeof id === "string" ? { id: String(id) } : {}),
    ...(Object.keys(customer).length > 0 ? { customer } : {}),
  };
}
