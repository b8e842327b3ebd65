// Putting values into texts. Pure, so that it can be tested without a page.

import type { Language } from "./types";

const PLACE = /\{(\w+)(?:\|([^|{}]*)\|([^|{}]*))?\}/g;

export const locale = (language: Language) => (language === "zh" ? "zh-CN" : "en-GB");

/** Fills `{name}` and `{n|row|rows}`; a name without a value stays visible, so that it is noticed. */
export function fill(text: string, values: Record<string, string | number>, language: Language): string {
  const numbers = new Intl.NumberFormat(locale(language));
  return text.replace(PLACE, (whole, name: string, one?: string, many?: string) => {
    const value = values[name];
    if (value === undefined) return whole;
    const shown = typeof value === "number" ? numbers.format(value) : value;
    if (one === undefined || many === undefined) return shown;
    return `${shown} ${value === 1 ? one : many}`;
  });
}

/** The names that a text has places for. */
export const placesOf = (text: string): string[] => [...text.matchAll(PLACE)].map((found) => found[1] ?? "").sort();
