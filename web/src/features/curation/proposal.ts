// Which questions of a cluster an entry begins with: the ones the service would take, so that the editor sees them before.

import type { ClusterView } from "./api";

const VARIANTS = 8;
/** In Chinese characters; a chain of turns is no variant. */
const LONGEST = 60;
/** From this length on two questions of which one begins like the other are the same, told once more with another turn behind it. */
const TELLING_BEGINNING = 8;

/** A Chinese character counts one, a Latin word two. */
function weightedLength(text: string): number {
  const han = text.match(/\p{Script=Han}/gu)?.length ?? 0;
  const words = text.match(/[\p{Script=Latin}\d]+/gu)?.length ?? 0;
  return han + 2 * words;
}

function sameBeginning(one: string, other: string): boolean {
  const [shorter, longer] = one.length <= other.length ? [one, other] : [other, one];
  return one === other || (longer.startsWith(shorter) && weightedLength(shorter) >= TELLING_BEGINNING);
}

export function proposedQuestions({ representative, members }: Pick<ClusterView, "representative" | "members">): string[] {
  const known: string[] = [];
  const questions: string[] = [];
  for (const [place, question] of [representative, ...members.map((member) => member.question)].entries()) {
    const folded = question.normalize("NFKC").toLowerCase().replace(/[\s\p{P}]+/gu, " ").trim();
    if ((place > 0 && weightedLength(question) > LONGEST) || known.some((before) => sameBeginning(before, folded))) continue;
    known.push(folded);
    questions.push(question);
    if (questions.length === VARIANTS) break;
  }
  return questions;
}
