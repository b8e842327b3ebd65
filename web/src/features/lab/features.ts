// What the ranker's features are called. Some count more or less by what the query is like; their name then says both, `cosine*first`.

import type { Translate } from "../../i18n";

const KNOWN = [
  "question_cosine",
  "situation_cosine",
  "answer_cosine",
  "question_bm25_share",
  "situation_bm25_share",
  "answer_bm25_share",
  "question_bm25",
  "situation_bm25",
  "question_words",
  "situation_words",
  "answer_words",
  "kind_match",
  "answer_quality",
  "knowledge",
  "language_match",
  "thanked",
  "repeated",
  "corrected",
  "recency",
  "answer_length",
  "context_words",
  "consensus",
  "boost",
  "expected",
  "experience",
] as const;
const GATES = ["first", "first_best", "first_length"] as const;

/** A feature this page has no words for keeps its own name. */
export function featureName(name: string, t: Translate): string {
  const [base = "", gate] = name.split("*");
  const known = KNOWN.find((one) => one === base);
  if (known === undefined) return name;
  const word = t(`lab.feature_${known}`);
  const gated = GATES.find((one) => one === gate);
  if (gate === undefined) return word;
  return gated === undefined ? name : `${word} · ${t(`lab.gate_${gated}`)}`;
}
