// What became of each suggestion, told to the service. The agent's work never waits for it: what can't be told is tried again once and then
// let go.

import { useEffect, useMemo, useRef } from "react";
import { api, need, type Schemas } from "../../api";

type Report = Schemas["FeedbackCreate"];

export type RejectReason = Schemas["RejectReason"];

export interface Feedback {
  shown: (id: string) => void;
  /** A reply went out that began as this suggestion. */
  used: (id: string, offered: string, sent: string) => void;
  rejected: (id: string, reason: RejectReason) => Promise<void>;
}

const AGAIN_AFTER = 4000;

const report = (id: string, body: Report) => need(api.POST("/v1/suggestions/{id}/feedback", { params: { path: { id } }, body }));

function tell(id: string, body: Report) {
  report(id, body).catch(() => setTimeout(() => void report(id, body).catch(() => undefined), AGAIN_AFTER));
}

const LIVE: Feedback = {
  shown: (id) => tell(id, { kind: "shown" }),
  used: (id, offered, sent) => {
    if (sent === offered) tell(id, { kind: "accepted" });
    else tell(id, { kind: "edited", final_text: sent });
    tell(id, { kind: "sent", final_text: sent });
  },
  rejected: async (id, reason) => {
    await report(id, { kind: "rejected", reason });
  },
};

/** A replay of the past must teach nothing: nobody sends what is chosen there. And of a provisional set the service keeps nothing that feedback could name. */
const SILENT: Feedback = { shown: () => undefined, used: () => undefined, rejected: () => Promise.resolve() };

export const feedbackOf = (kept: boolean): Feedback => (kept ? LIVE : SILENT);

/** A card counts as shown when at least this much of it was in the window for this long. */
const SEEN_SHARE = 0.5;
const SEEN_FOR = 400;

/** Watches a card; tells once that it was on the screen. */
export function useShown(id: string, shown: (id: string) => void) {
  const place = useRef<HTMLLIElement>(null);
  const told = useMemo(() => new Set<string>(), []);
  useEffect(() => {
    const card = place.current;
    if (!card || told.has(id)) return undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const watch = new IntersectionObserver(
      ([entry]) => {
        clearTimeout(timer);
        if (!entry?.isIntersecting || document.visibilityState !== "visible") return;
        timer = setTimeout(() => {
          told.add(id);
          shown(id);
          watch.disconnect();
        }, SEEN_FOR);
      },
      { threshold: SEEN_SHARE },
    );
    watch.observe(card);
    return () => {
      clearTimeout(timer);
      watch.disconnect();
    };
  }, [id, shown, told]);
  return place;
}
