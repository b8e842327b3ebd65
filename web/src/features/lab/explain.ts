// Suggestions with their explanation, as the page shows it.

import { ask } from "../../api/conversations";
import type { Schemas } from "../../api";

export interface Feature {
  name: string;
  value: number;
  /** What it adds to the score. */
  contribution: number;
}

export interface Candidate {
  id: string;
  text: string;
  question: string;
  pool: Schemas["Pool"];
  score: number;
  probability: number;
  /** Candidates of one group say the same. */
  group: number;
  dropped: string | null;
  features: Feature[];
}

export interface Explained {
  response: Schemas["SuggestResponse"];
  threshold: number;
  candidates: Candidate[];
}

export async function explainSuggestions(request: Schemas["SuggestRequest"]): Promise<Explained> {
  const response = await ask<Schemas["SuggestResponse"]>("/v1/suggestions", { method: "POST", body: JSON.stringify(request) });
  return { response, threshold: 0, candidates: [] };
}
