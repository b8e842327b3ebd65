// An archived conversation played again, turn by turn, with the suggestions an agent would have got. Nothing of it is stored: the turns live
// on this page, and the service is only asked what it would suggest.

import { useQuery } from "@tanstack/react-query";
import { useEffect, useEffectEvent, useReducer, useState } from "react";
import { api, need, type Schemas } from "../../api";
import { conversationQuery } from "../../api/conversations";
import { messageOf, setOf } from "./live";
import { EMPTY, happen, openTurn, type Message, type SuggestionSet, type Talk } from "./talk";
import { useForgetting } from "./useLiveTalk";

export const SPEEDS = [0.5, 1, 2, 4] as const;
export type Speed = (typeof SPEEDS)[number];

/** Milliseconds at speed 1. */
const PACE = { first: 400, perCharacter: 45, leastTyping: 900, mostTyping: 2200, reading: 5000, silent: 1500, answering: 1200 };

/** As many as a desk shows, and some more in place of those that only this conversation knows. */
const ASKED = 6;
const SHOWN = 3;

export interface Replay {
  talk: Talk;
  loading: boolean;
  error: Error | null;
  reload: () => void;
  startedAt: string | null;
  playing: boolean;
  setPlaying: (on: boolean) => void;
  speed: Speed;
  setSpeed: (speed: Speed) => void;
  /** Turns played, of how many. */
  played: number;
  total: number;
  step: () => void;
  send: (text: string) => void;
  failed: Error | null;
  askAgain: () => void;
}

/** Leaves out what only the replayed conversation itself says: it would find its own answer. */
export function withoutSource(set: SuggestionSet, id: string): SuggestionSet {
  const suggestions = set.suggestions
    .map((one) => ({ one, evidence: one.evidence.filter((row) => row.id !== id) }))
    .filter(({ one, evidence }) => one.evidence.length === 0 || evidence.length > 0)
    .slice(0, SHOWN)
    .map(({ one, evidence }, place) => ({ ...one, evidence, rank: place + 1 }));
  return { ...set, suggestions, abstained: set.abstained ?? (suggestions.length === 0 ? "no_match" : null) };
}

/** What would be suggested after these messages of an archived conversation. */
export async function suggestTo(desk: string, id: string, messages: { role: Schemas["Role"]; text: string }[], signal: AbortSignal): Promise<SuggestionSet> {
  const conversation = { messages: messages.map(({ role, text }) => ({ role, text })) };
  const answer = await need(api.POST("/v1/suggestions", { body: { desk, limit: ASKED, conversation }, signal }));
  return withoutSource(setOf(answer, messages.length - 1), id);
}

function pause(talk: Talk, next: Message): number {
  if (talk.messages.length === 0) return PACE.first;
  if (next.role === "customer") return Math.min(PACE.mostTyping, Math.max(PACE.leastTyping, next.text.length * PACE.perCharacter));
  if (talk.set === null) return PACE.answering;
  return talk.set.suggestions.length > 0 ? PACE.reading : PACE.silent;
}

/** For one conversation as long as its component lives: give the component another key to begin again. */
export function useReplayTalk(desk: string, id: string): Replay {
  const [talk, dispatch] = useReducer(happen, EMPTY);
  const [cursor, setCursor] = useState(0);
  const [playing, setPlaying] = useState(true);
  const [speed, setSpeed] = useState<Speed>(1);
  const { data, error, isPending, refetch } = useQuery(conversationQuery(desk, id));
  const archive = data?.messages.map((message) => messageOf(message)) ?? [];
  const next = archive[cursor];
  const turn = openTurn(talk.messages);

  const asked = useQuery({
    queryKey: ["replay", desk, id, talk.messages.length, turn],
    queryFn: ({ signal }) => suggestTo(desk, id, talk.messages, signal),
    enabled: turn !== null,
    staleTime: Infinity,
    gcTime: 0,
  });
  useEffect(() => {
    if (asked.data && turn !== null) dispatch({ kind: "suggestions", set: { ...asked.data, turn } });
  }, [asked.data, turn]);
  useForgetting(talk, dispatch);

  const play = () => {
    if (!next) return;
    dispatch({ kind: "message", message: { ...next, position: talk.messages.length } });
    setCursor(cursor + 1);
  };
  const playOn = useEffectEvent(play);
  // Before an answer the suggestions are waited for: they are what one came to see.
  const waits = next !== undefined && next.role !== "customer" && turn !== null && talk.set === null && !asked.isError;
  const wait = next && playing && !waits ? pause(talk, next) / speed : null;
  const typing = next?.role === "customer" && playing;
  useEffect(() => {
    if (wait === null) return undefined;
    const timer = setTimeout(() => playOn(), wait);
    return () => clearTimeout(timer);
    // The same pause before two turns is two pauses.
  }, [wait, cursor]);
  useEffect(() => dispatch({ kind: "typing", on: typing }), [typing, cursor]);

  return {
    talk,
    loading: isPending,
    error,
    reload: () => void refetch(),
    startedAt: data?.started_at ?? null,
    playing: playing && next !== undefined,
    setPlaying,
    speed,
    setSpeed,
    played: cursor,
    total: archive.length,
    step: () => {
      setPlaying(false);
      play();
    },
    // One's own answer stands in for what was answered then.
    send: (text) => {
      dispatch({ kind: "message", message: { position: talk.messages.length, role: "agent", text, at: null } });
      const following = archive.findIndex((message, place) => place >= cursor && message.role === "customer");
      setCursor(following < 0 ? archive.length : following);
    },
    failed: asked.error,
    askAgain: () => void asked.refetch(),
  };
}
