// An entry as a form holds it, and what a person has changed in it.

import dayjs, { type Dayjs } from "dayjs";
import type { Schemas } from "../../api";
import { askedIn } from "../../components";
import type { Entry, Patch } from "./api";

export interface Fields {
  questions: string[];
  answer: string;
  /** `auto`: told from the answer. */
  language: Schemas["Language"] | "auto";
  tags: string[];
  owner: string;
  from: Dayjs | null;
  to: Dayjs | null;
  note: string;
  externalId: string;
}

export const fieldsOf = (entry: Schemas["EntryContent"]): Fields => ({
  questions: entry.questions,
  answer: entry.answer,
  language: entry.language,
  tags: entry.tags,
  owner: entry.owner ?? "",
  from: entry.valid_from ? dayjs(entry.valid_from) : null,
  to: entry.valid_to ? dayjs(entry.valid_to) : null,
  note: "",
  externalId: "",
});

const moment = (time: Dayjs | null) => time?.toISOString() ?? null;
const same = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);

/** Only what differs from `base`: two people who change different things don't get in each other's way. */
export function changesOf(base: Entry, fields: Fields): Patch {
  const before = fieldsOf(base);
  const questions = askedIn(fields.questions);
  const owner = fields.owner.trim();
  return {
    ...(same(questions, before.questions) ? {} : { questions }),
    ...(fields.answer === before.answer ? {} : { answer: fields.answer }),
    ...(fields.language === before.language || fields.language === "auto" ? {} : { language: fields.language }),
    ...(same(fields.tags, before.tags) ? {} : { tags: fields.tags }),
    ...(owner === before.owner ? {} : { owner: owner === "" ? null : owner }),
    ...(moment(fields.from) === moment(before.from) ? {} : { valid_from: moment(fields.from) }),
    ...(moment(fields.to) === moment(before.to) ? {} : { valid_to: moment(fields.to) }),
  };
}

export function newEntry(desk: string, status: Schemas["EntryStatus"], fields: Fields, provenance: Schemas["Provenance"]): Schemas["EntryCreate"] {
  const optional = { owner: fields.owner.trim(), note: fields.note.trim(), external_id: fields.externalId.trim() };
  return {
    desk,
    status,
    questions: askedIn(fields.questions),
    answer: fields.answer,
    tags: fields.tags,
    provenance,
    valid_from: moment(fields.from),
    valid_to: moment(fields.to),
    ...(fields.language === "auto" ? {} : { language: fields.language }),
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== "")),
  };
}
