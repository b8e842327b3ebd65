// A live conversation: what is stored, what the stream adds, and what is on its way.

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useReducer } from "react";
import { useEventStream, type StreamState } from "../../api";
import { conversationQuery } from "../../api/conversations";
import { eventsUrl, messageOf, sendMessage, setOf, type LiveEvents } from "./live";
import { EMPTY, happen, newClientId, type Outgoing, type Talk } from "./talk";

/** How long a withdrawn set can still be seen. */
export const WITHDRAWN_FOR = 2200;
/** Nobody types that long without a sign of life. */
const TYPING_FOR = 6000;

export interface LiveTalk {
  talk: Talk;
  stream: StreamState;
  loading: boolean;
  error: Error | null;
  reload: () => void;
  closed: boolean;
  channel: string | null;
  startedAt: string | null;
  /** Sends in somebody's name; the words stay on the page until the service has them. */
  send: (text: string, delivered?: () => void) => void;
  resend: (clientId: string) => void;
}

/** For one conversation as long as its component lives: give the component the conversation's id as its key. */
export function useLiveTalk(desk: string, id: string, as: "agent" | "customer"): LiveTalk {
  const client = useQueryClient();
  const [talk, dispatch] = useReducer(happen, EMPTY);
  const { data, error, isPending, refetch } = useQuery({ ...conversationQuery(desk, id), staleTime: 0 });
  useEffect(() => {
    if (data) dispatch({ kind: "loaded", messages: data.messages.map((message) => messageOf(message)) });
  }, [data]);

  const stream = useEventStream<LiveEvents>(
    data && data.state !== "closed" ? eventsUrl(desk, id) : null,
    {
      state: ({ state }) => {
        if (data && state !== data.state) void refetch();
      },
      message: (message) => dispatch({ kind: "message", message: messageOf(message) }),
      suggestions: ({ turn, provisional, set }) => dispatch({ kind: "suggestions", set: setOf(set, turn, provisional) }),
      withdrawn: ({ turn, reason }) => dispatch({ kind: "withdrawn", turn: turn ?? null, because: reason }),
      failed: ({ turn }) => dispatch({ kind: "failed", turn }),
      typing: ({ role, typing }) => {
        if (role === "customer") dispatch({ kind: "typing", on: typing });
      },
    },
    // Whatever was said while there was no stream.
    { onOpen: () => void refetch() },
  );

  useForgetting(talk, dispatch);
  useEffect(() => {
    if (!talk.customerTypes) return undefined;
    const timer = setTimeout(() => dispatch({ kind: "typing", on: false }), TYPING_FOR);
    return () => clearTimeout(timer);
  }, [talk.customerTypes]);

  const deliver = (outgoing: Outgoing) => {
    dispatch({ kind: "sending", outgoing: { ...outgoing, error: null } });
    sendMessage(desk, id, { role: outgoing.role, text: outgoing.text, clientId: outgoing.clientId }).then(
      (stored) => {
        dispatch({ kind: "sent", clientId: outgoing.clientId, message: messageOf(stored) });
        outgoing.delivered();
        void client.invalidateQueries({ queryKey: ["conversations", desk] });
      },
      (error: unknown) => dispatch({ kind: "sending", outgoing: { ...outgoing, error } }),
    );
  };
  return {
    talk,
    stream,
    loading: isPending,
    error,
    reload: () => void refetch(),
    closed: data?.state === "closed",
    channel: data?.channel ?? null,
    startedAt: data?.started_at ?? null,
    send: (text, delivered = () => undefined) => deliver({ role: as, clientId: newClientId(), text, error: null, delivered }),
    resend: (clientId) => {
      const refused = talk.outgoing.find((one) => one.clientId === clientId);
      if (refused) deliver(refused);
    },
  };
}

/** Clears a withdrawn set away when it has been seen for long enough. */
export function useForgetting(talk: Talk, dispatch: (what: { kind: "forgotten"; id: string }) => void) {
  const id = talk.withdrawn?.set.id;
  useEffect(() => {
    if (id === undefined) return undefined;
    const timer = setTimeout(() => dispatch({ kind: "forgotten", id }), WITHDRAWN_FOR);
    return () => clearTimeout(timer);
  }, [id, dispatch]);
}
