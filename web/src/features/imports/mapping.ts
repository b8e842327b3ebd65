// Which column of a table holds what: the service's own guess, shown before the file is sent, and what the person says instead. The rules
// are those of src/ingest/mapping.rs; headings.json is its list of known headings, and a test compares the two.

import known from "./headings.json";

export type Field = keyof typeof known;

export const FIELDS = Object.keys(known) as Field[];
export const MANDATORY: readonly Field[] = ["conversation", "role", "text"];

export const ROLES = ["customer", "agent", "bot", "system"] as const;
export type SpeakerRole = (typeof ROLES)[number];

/** What the person has decided; the rest is guessed. */
export interface Mapping {
  /** Headings by field. */
  columns: Partial<Record<Field, string>>;
  /** The source's own codes for who speaks. */
  roles: Record<string, SpeakerRole>;
  timezone?: string;
  encoding?: string;
  delimiter?: string;
  sheet?: string;
}

export const EMPTY_MAPPING: Mapping = { columns: {}, roles: {} };

const EDGES = /^[\s\uFEFF"*:：]+|[\s\uFEFF"*:：]+$/g;
/** "Sent at", "sent-at" and "sent_at" are one heading. */
const normalised = (heading: string) => heading.replace(EDGES, "").split(/[ _-]+/).filter(Boolean).join("_").toLowerCase();

/** The place of every field's column. Columns that were named come first, so that a guess can't take them. */
export function resolve(columns: Mapping["columns"], headings: string[]): Partial<Record<Field, number>> {
  const names = headings.map(normalised);
  const taken = new Set<number>();
  const found: Partial<Record<Field, number>> = {};
  const take = (field: Field, place: number) => {
    if (place < 0) return;
    found[field] = place;
    taken.add(place);
  };
  for (const field of FIELDS) {
    const name = columns[field];
    if (name !== undefined) take(field, names.indexOf(normalised(name)));
  }
  for (const field of FIELDS) {
    if (columns[field] !== undefined) continue;
    const name = known[field].find((one) => names.some((heading, place) => heading === one && !taken.has(place)));
    if (name !== undefined) take(field, names.findIndex((heading, place) => heading === name && !taken.has(place)));
  }
  return found;
}

export const missing = (found: Partial<Record<Field, number>>): Field[] => MANDATORY.filter((field) => found[field] === undefined);

/** Rows in which headings are looked for. */
const HEADING_ROWS = 20;

/** The row that holds the headings: the first in which most mandatory fields are recognised, else the first with anything in it. */
export function headingRow(rows: string[][], columns: Mapping["columns"]): number {
  let best = Math.max(0, rows.findIndex((row) => row.some((cell) => cell.trim() !== "")));
  let most = 0;
  for (const [place, row] of rows.slice(0, HEADING_ROWS).entries()) {
    const recognised = MANDATORY.length - missing(resolve(columns, row)).length;
    if (recognised > most) {
      most = recognised;
      best = place;
    }
  }
  return best;
}

/** The form's `mapping`, or nothing when everything is left to the service. */
export function asJson(mapping: Mapping): string | null {
  const { columns, roles, ...options } = mapping;
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== ""));
  const whole = {
    ...given,
    ...(Object.keys(columns).length > 0 ? { columns } : {}),
    ...(Object.keys(roles).length > 0 ? { roles } : {}),
  };
  return Object.keys(whole).length > 0 ? JSON.stringify(whole) : null;
}
