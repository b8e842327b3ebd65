// Suggestions with their explanation.

import type { Schemas } from "../../api";
import { ask } from "../../api/conversations";

export type Fate = "shown" | "same_as" | "below_threshold" | "beyond_limit" | "silent" | "small_talk" | "blocked" | "outdated";
export type Act = "question" | "statement" | "greeting" | "thanks" | "acknowledgement" | "farewell" | "empty";

export interface ExplainedFeature {
  value: number;
  weight: number;
  /** Weight times value: its part of the relevance. */
  contribution: number;
}

export interface Candidate {
  pool: Schemas["Pool"];
  /** Id of the pair or entry. */
  source: string;
  conversation?: string;
  question: string;
  answer: string;
  features: Record<string, ExplainedFeature>;
  /** What boosted trees add, where fitted weights have any. */
  boost: number;
  /** What a desk's adapter adds for the kind of reply that it expects. */
  expected: number;
  /** The contributions, what trees add and what is expected together; `null` when it was hidden. */
  relevance: number | null;
  /** The relevance with feedback and controls; `null` when it is not ranked. */
  score: number | null;
  group: number | null;
  probability: number | null;
  fate: Fate;
}

export interface Explanation {
  query: {
    questions: string[];
    elliptical: boolean;
    act: Act;
    language: Schemas["Language"];
    best_question_cosine: number;
    familiar_share: number | null;
    known_words: number | null;
  };
  threshold: number;
  candidates: Candidate[];
}

export type Explained = Schemas["SuggestResponse"] & { explanation?: Explanation | null };

export const explainSuggestions = (request: Schemas["SuggestRequest"]): Promise<Explained> =>
  ask<Explained>("/v1/suggestions", { method: "POST", body: JSON.stringify({ ...request, explain: true }) });

/** What makes up a candidate's score, largest first: its features, what trees add, what the adapter expects, and what feedback and controls add. */
export function partsOf(candidate: Candidate): { name: string; value: number | null; contribution: number }[] {
  const features = Object.entries(candidate.features).map(([name, { value, contribution }]) => ({ name, value, contribution }));
  const experience = candidate.score !== null && candidate.relevance !== null ? candidate.score - candidate.relevance : 0;
  const rest = [
    { name: "boost", value: null, contribution: candidate.boost },
    { name: "expected", value: null, contribution: candidate.expected },
    { name: "experience", value: null, contribution: experience },
  ];
  return [...features, ...rest].filter((part) => Math.abs(part.contribution) >= NEGLIGIBLE).sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution));
}

/** In which parts one candidate is ahead of another, or behind it, by most first. */
export function differences(one: Candidate, other: Candidate): { name: string; by: number }[] {
  const [own, others] = [new Map(partsOf(one).map((part) => [part.name, part.contribution])), new Map(partsOf(other).map((part) => [part.name, part.contribution]))];
  return [...new Set([...own.keys(), ...others.keys()])]
    .map((name) => ({ name, by: (own.get(name) ?? 0) - (others.get(name) ?? 0) }))
    .filter(({ by }) => Math.abs(by) >= NEGLIGIBLE)
    .sort((a, b) => Math.abs(b.by) - Math.abs(a.by));
}

/** Below what is shown of a figure. */
const NEGLIGIBLE = 0.005;
