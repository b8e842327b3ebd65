// The shape of words. English is the measure: Chinese has the same keys, and a text's figures are named in its type.

import type { en } from "./en";

export type Language = "zh" | "en";

export type Words = typeof en;

/** `feature.key`, for every text. */
export type Key = { [F in keyof Words]: `${F}.${keyof Words[F] & string}` }[keyof Words];

/** The same keys with other texts. */
export type Translation = { readonly [F in keyof Words]: { readonly [K in keyof Words[F]]: string } };

type TextOf<K extends Key> = K extends `${infer F}.${infer R}` ? (F extends keyof Words ? (R extends keyof Words[F] ? Words[F][R] : never) : never) : never;

/** Names in braces: `{name}`, or `{n|row|rows}`, whose word follows the number. */
type Names<T> = T extends `${string}{${infer N}}${infer Rest}` ? (N extends `${infer Name}|${string}` ? Name : N) | Names<Rest> : never;

export type Values<K extends Key> = Record<Names<TextOf<K>>, string | number>;

/** `t("imports.title")`, and `t("imports.rows", { n: 3 })` where the text has a place to fill. */
export type Translate = <K extends Key>(key: K, ...values: [Names<TextOf<K>>] extends [never] ? [] : [Values<K>]) => string;
