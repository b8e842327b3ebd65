// A pasted conversation as messages: lines that begin with who speaks, or JSON as the API takes it. What has no speaker is the customer's.

import type { Schemas } from "../../api";

type Role = Schemas["Role"];
export type Turn = Pick<Schemas["LiveMessage"], "role" | "text">;

const SPEAKERS: [Role, RegExp][] = [
  ["customer", /^(?:客户|顾客|买家|用户|访客|customer|user|buyer|client|c|q)\s*[:：]\s*/iu],
  ["agent", /^(?:坐席|客服|商家|卖家|agent|support|seller|a)\s*[:：]\s*/iu],
  ["bot", /^(?:机器人|bot)\s*[:：]\s*/iu],
  ["system", /^(?:系统|system)\s*[:：]\s*/iu],
];

const ROLES: readonly string[] = ["customer", "agent", "bot", "system"];

const isTurn = (value: unknown): value is Turn =>
  typeof value === "object" && value !== null && "role" in value && "text" in value && typeof value.text === "string" && typeof value.role === "string" && ROLES.includes(value.role);

/** `[…]`, `{"messages": […]}` or `{"conversation": {"messages": […]}}`; `null` when it is none of these. */
function fromJson(text: string): Turn[] | null {
  if (!/^\s*[[{]/.test(text)) return null;
  try {
    let value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && "conversation" in value) value = value.conversation;
    if (typeof value === "object" && value !== null && "messages" in value) value = value.messages;
    if (!Array.isArray(value) || !value.every(isTurn)) return null;
    return value.map(({ role, text: words }) => ({ role, text: words }));
  } catch {
    // Not JSON after all: a message may well begin with a bracket.
    return null;
  }
}

export function parseConversation(text: string): Turn[] {
  const json = fromJson(text);
  if (json) return json;
  const turns: Turn[] = [];
  for (const line of text.split(/\r?\n/)) {
    const words = line.trim();
    if (words === "") continue;
    const speaker = SPEAKERS.find(([, pattern]) => pattern.test(words));
    const last = turns.at(-1);
    if (speaker) turns.push({ role: speaker[0], text: words.replace(speaker[1], "") });
    else if (last) last.text = last.text === "" ? words : `${last.text}\n${words}`;
    else turns.push({ role: "customer", text: words });
  }
  return turns.filter((turn) => turn.text !== "");
}

/** The other way round, for the field. A line break inside a message stays: the next line has no speaker. */
export const writeConversation = (turns: Turn[], names: Record<Role, string>): string => turns.map((turn) => `${names[turn.role]}: ${turn.text}`).join("\n");
