// Whether what the agent sent was made of a suggestion that was taken before.

/** Shared pairs of characters that make one text an edit of another; unrelated sentences of a language share fewer. */
const ALIKE = 0.4;

const plain = (text: string) => text.normalize("NFKC").toLowerCase().replace(/[\s\p{P}]+/gu, "");

function pairs(text: string): Map<string, number> {
  const found = new Map<string, number>();
  const characters = Array.from(plain(text));
  for (let at = 0; at + 1 < characters.length; at += 1) {
    const pair = `${characters[at] ?? ""}${characters[at + 1] ?? ""}`;
    found.set(pair, (found.get(pair) ?? 0) + 1);
  }
  return found;
}

/** Whether `sent` is `suggested`, perhaps with words changed, added or left out. */
export function madeOf(sent: string, suggested: string): boolean {
  if (plain(sent) === plain(suggested)) return true;
  const [a, b] = [pairs(sent), pairs(suggested)];
  const total = (map: Map<string, number>) => [...map.values()].reduce((sum, count) => sum + count, 0);
  const shared = [...a].reduce((sum, [pair, count]) => sum + Math.min(count, b.get(pair) ?? 0), 0);
  // Of the shorter text: an agent adds a greeting, or sends half of a long suggestion.
  const shorter = Math.min(total(a), total(b));
  return shorter > 0 && shared / shorter >= ALIKE;
}
