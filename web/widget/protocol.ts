// What the widget and the page around it say to each other, by `postMessage`. `embed.ts` is the one side, `main.ts` the other.

import type { Conversation, Language, Report, Theme } from "./model";

/** The page → the widget. */
export type ToWidget =
  | { riposte: "start"; token: string; desk: string; language: Language | null; theme: Theme; inserts: boolean }
  | { riposte: "conversation"; conversation: Conversation }
  | { riposte: "token"; token: string }
  | { riposte: "sent"; text: string }
  | { riposte: "theme"; theme: Theme }
  | { riposte: "focus" };

/** The widget → the page. */
export type FromWidget =
  | { riposte: "ready" }
  | { riposte: "insert"; text: string; suggestion: string }
  | { riposte: "copy"; text: string; suggestion: string }
  | { riposte: "feedback"; suggestion: string; report: Report }
  /** The token has ended. */
  | { riposte: "token" }
  | { riposte: "leave" };
