// The language of the page: chosen by the person, else by the browser. The other language's words are fetched when they are wanted.

import { createContext, use } from "react";
import type { Locale } from "antd/es/locale";
import { faultTranslator, type FaultSentences } from "./faults";
import { fill } from "./fill";
import { formats, type Formats } from "./format";
import type { Language, Translate, Translation } from "./types";

const KEPT_AS = "riposte.language";

/** One language with all that goes with it. */
export interface LanguagePack {
  language: Language;
  words: Translation;
  /** Ant Design's own words. */
  components: Locale;
  /** What the service says about rows of a file, where it isn't the page's language. */
  faults: FaultSentences;
}

export function preferredLanguage(): Language {
  const kept = localStorage.getItem(KEPT_AS);
  if (kept === "zh" || kept === "en") return kept;
  return navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";
}

export const keepLanguage = (language: Language) => {
  localStorage.setItem(KEPT_AS, language);
};

export async function loadLanguage(language: Language): Promise<LanguagePack> {
  const pack = language === "zh" ? await import("./packs/zh") : await import("./packs/en");
  return { language, words: pack.words, components: pack.components, faults: pack.faults };
}

export interface LanguageContextValue extends LanguagePack {
  t: Translate;
  format: Formats;
  /** The service's sentence about a row of a file in the page's language; `null` where it is not known. */
  fault: (said: string) => string | null;
  choose: (language: Language) => void;
}

export const LanguageContext = createContext<LanguageContextValue | null>(null);

export function translator({ language, words }: Pick<LanguagePack, "language" | "words">): Translate {
  return (key, ...values) => {
    const [feature, name] = key.split(/\.(.*)/s) as [keyof Translation, string];
    const text = (words[feature] as Record<string, string>)[name] ?? key;
    return fill(text, values[0] ?? {}, language);
  };
}

export const describeLanguage = (pack: LanguagePack) => ({ ...pack, t: translator(pack), format: formats(pack.language), fault: faultTranslator(pack.faults) });

/** Words and figures of the page's language. */
export function useI18n(): LanguageContextValue {
  const value = use(LanguageContext);
  if (!value) throw new Error("useI18n needs a LanguageContext above it");
  return value;
}
