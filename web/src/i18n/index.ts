export { useI18n } from "./language";
export type { Formats } from "./format";
export type { Key, Language, Translate } from "./types";
