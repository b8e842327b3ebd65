// Which questions of a cluster an entry begins with: the ones the service would take, so that the editor sees them before.

import type { ClusterView } from "./api";

const VARIANTS = 8;
/** In Chinese characters; a chain of turns is no variant. */
const LONGEST = 60;

/** A Chinese character counts one, a Latin word two. */
function weightedLength(text: string): number {
  const han = text.match(/\p{Script=Han}/gu)?.length ?? 0;
  const words = text.match(/[\p{Script=Latin}\d]+/gu)?.length ?? 0;
  return han + 2 * words;
}

export function proposedQuestions({ representative, members }: Pick<ClusterView, "representative" | "members">): string[] {
  const known = new Set<string>();
  const questions: string[] = [];
  for (const [place, question] of [representative, ...members.map((member) => member.question)].entries()) {
    const folded = question.normalize("NFKC").toLowerCase().replace(/[\s\p{P}]+/gu, " ").trim();
    if ((place > 0 && weightedLength(question) > LONGEST) || known.has(folded)) continue;
    known.add(folded);
    questions.push(question);
    if (questions.length === VARIANTS) break;
  }
  return questions;
}
