// One conversation as the desk sees it, and what may stand on the screen at each moment. Pure: the rule that no set of suggestions outlives
// the customer's turn it was made for is kept here, whatever order messages and events come in.

import type { Schemas } from "../../api";

export type Suggestion = Schemas["Suggestion"];

export interface Message {
  /** Place in the conversation, from 0. */
  position: number;
  role: Schemas["Role"];
  text: string;
  at: string | null;
}

/** On its way to the service, or refused by it. */
export interface Outgoing {
  role: "agent" | "customer";
  /** The sender's own id: sent twice, it is kept once. */
  clientId: string;
  text: string;
  error: unknown;
  /** What is to be done once the service has it. */
  delivered: () => void;
}

export interface SuggestionSet {
  id: string;
  /** Position of the customer's message it belongs to. */
  turn: number;
  suggestions: Suggestion[];
  /** Why there are none. */
  abstained: Schemas["AbstainReason"] | null;
  /** The question as understood. */
  query: string;
  /** Made for words that the customer has not sent yet. */
  provisional: boolean;
}

export type WithdrawnBecause = "newer_message" | "answered" | "closed" | "draft_dropped" | "resumed";

export interface Talk {
  messages: Message[];
  outgoing: Outgoing[];
  set: SuggestionSet | null;
  /** The last set and why it went: still said for a moment, so that nobody overlooks that what they were reading has changed. */
  withdrawn: { set: SuggestionSet; because: WithdrawnBecause } | null;
  /** The turn for which none could be computed. */
  failed: number | null;
  customerTypes: boolean;
}

export type Happening =
  | { kind: "loaded"; messages: Message[] }
  | { kind: "message"; message: Message }
  | { kind: "suggestions"; set: SuggestionSet }
  | { kind: "withdrawn"; turn: number | null; because: WithdrawnBecause }
  | { kind: "failed"; turn: number }
  | { kind: "forgotten"; id: string }
  | { kind: "typing"; on: boolean }
  | { kind: "sending"; outgoing: Outgoing }
  | { kind: "sent"; clientId: string; message: Message };

export const EMPTY: Talk = { messages: [], outgoing: [], set: null, withdrawn: null, failed: null, customerTypes: false };

/** Position of the customer's message that waits for an answer; `null` when none does. */
export function openTurn(messages: Message[]): number | null {
  const last = messages.findLast((message) => message.role === "customer" || message.role === "agent");
  return last?.role === "customer" ? last.position : null;
}

function fits(set: SuggestionSet, messages: Message[]): boolean {
  // A provisional set is for the message that would come next: once that is there, another set is on its way.
  const from = set.provisional ? set.turn : set.turn + 1;
  const own = messages.find((message) => message.position === set.turn);
  if (own && own.role !== "customer") return false;
  return !messages.some((message) => message.position >= from && (message.role === "customer" || message.role === "agent"));
}

/** Takes a set off the desk that no longer fits. */
function settled(talk: Talk): Talk {
  const { set, messages } = talk;
  if (set === null || fits(set, messages)) return talk;
  const answered = messages.some((message) => message.position > set.turn && message.role === "agent");
  return { ...talk, set: null, withdrawn: { set, because: answered ? "answered" : "newer_message" } };
}

function withMessages(known: Message[], more: Message[]): Message[] {
  const byPosition = new Map(known.map((message) => [message.position, message]));
  for (const message of more) byPosition.set(message.position, { ...byPosition.get(message.position), ...message });
  return [...byPosition.values()].sort((a, b) => a.position - b.position);
}

export function happen(talk: Talk, what: Happening): Talk {
  switch (what.kind) {
    case "loaded":
      return settled({ ...talk, messages: withMessages(talk.messages, what.messages) });
    case "message": {
      const { message } = what;
      // The stream may bring one's own message before the answer to sending it does.
      const echo = talk.messages.some((known) => known.position === message.position) ? -1 : talk.outgoing.findIndex((one) => one.role === message.role && one.text === message.text);
      const outgoing = echo < 0 ? talk.outgoing : talk.outgoing.filter((_one, place) => place !== echo);
      const customerTypes = message.role === "customer" ? false : talk.customerTypes;
      return settled({ ...talk, outgoing, customerTypes, messages: withMessages(talk.messages, [message]) });
    }
    case "suggestions":
      // One that comes late is not shown at all: it would be withdrawn in the same breath.
      return fits(what.set, talk.messages) ? { ...talk, set: what.set, failed: null } : talk;
    case "withdrawn": {
      const { set } = talk;
      if (set === null || (what.turn !== null && what.turn !== set.turn)) return talk;
      return { ...talk, set: null, withdrawn: { set, because: what.because } };
    }
    case "failed":
      return { ...talk, failed: what.turn };
    case "forgotten":
      return talk.withdrawn?.set.id === what.id ? { ...talk, withdrawn: null } : talk;
    case "typing":
      return { ...talk, customerTypes: what.on };
    case "sending":
      return { ...talk, outgoing: [...talk.outgoing.filter((one) => one.clientId !== what.outgoing.clientId), what.outgoing] };
    case "sent": {
      const outgoing = talk.outgoing.filter((one) => one.clientId !== what.clientId);
      return settled({ ...talk, outgoing, messages: withMessages(talk.messages, [what.message]) });
    }
  }
}

/** Not `crypto.randomUUID`: consoles are also served over plain HTTP inside a house, where browsers lack it. */
export const newClientId = (): string => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
