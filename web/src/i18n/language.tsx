// The language of the page: chosen by the person, else by the browser. The other language's words are fetched when they are wanted.

import { createContext, use } from "react";
import type { Locale } from "antd/es/locale";
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
  return { language, words: pack.words, components: pack.components };
}

export interface LanguageContextValue extends LanguagePack {
  t: Translate;
  format: Formats;
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

export const describeLanguage = (pack: LanguagePack) => ({ ...pack, t: translator(pack), format: formats(pack.language) });

/** Words and figures of the page's language. */
export function useI18n(): LanguageContextValue {
  const value = use(LanguageContext);
  if (!value) throw new Error("useI18n needs a LanguageContext above it");
  return value;
}
