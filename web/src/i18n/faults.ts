// Sentences of the service about rows of a file come in English; a language may know them by their form.

/** English sentences with `{}` for what differs, and what they are in the page's language. */
export type FaultSentences = Readonly<Record<string, string>>;

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

const patternOf = (sentence: string) => new RegExp(`^${sentence.split("{}").map(escaped).join("(.+)")}$`, "s");

/** Translates what it knows; `null` for anything else. */
export function faultTranslator(sentences: FaultSentences): (said: string) => string | null {
  const patterns = Object.entries(sentences).map(([sentence, translation]) => ({ pattern: patternOf(sentence), translation }));
  return (said) => {
    const exact = sentences[said];
    if (exact !== undefined) return exact;
    for (const { pattern, translation } of patterns) {
      const found = pattern.exec(said);
      if (!found) continue;
      let place = 0;
      return translation.replaceAll("{}", () => found[(place += 1)] ?? "");
    }
    return null;
  };
}
