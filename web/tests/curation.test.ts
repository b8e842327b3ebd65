import dayjs from "dayjs";
import { expect, test } from "vitest";
import { everyWeek } from "../src/components/weeks";
import { changesOf, fieldsOf } from "../src/features/knowledge/fields";
import { formatOf, type Entry } from "../src/features/knowledge/api";

test("weeks without a question are drawn as zero", () => {
  const weeks = everyWeek([
    { week: "2026-05-04T00:00:00Z", questions: 4 },
    { week: "2026-05-25T00:00:00Z", questions: 1 },
  ]);
  expect(weeks.map(({ questions }) => questions)).toEqual([4, 0, 0, 1]);
  expect(Date.parse(weeks[1]?.week ?? "")).toBe(Date.parse("2026-05-11T00:00:00Z"));
  expect(everyWeek([])).toEqual([]);
});

test("only what was changed is sent", () => {
  const base = { questions: ["a"], answer: "b", language: "en", tags: ["t"], owner: "kim", valid_from: "2026-08-15T00:00:00Z", valid_to: null, status: "published", provenance: {} } as unknown as Entry;
  const fields = fieldsOf(base);
  expect(changesOf(base, fields)).toEqual({});
  expect(changesOf(base, { ...fields, questions: ["a", " "], note: "why" })).toEqual({});
  expect(changesOf(base, { ...fields, owner: " ", from: null, to: dayjs("2026-12-31T00:00:00Z") })).toEqual({ owner: null, valid_from: null, valid_to: "2026-12-31T00:00:00.000Z" });
  expect(changesOf(base, { ...fields, answer: "c", tags: [] })).toEqual({ answer: "c", tags: [] });
});

test("a file's kind is told by its ending", () => {
  expect(["FAQ.CSV", "a.xlsx", "a.jsonl", "a.md", "a.doc", "csv"].map(formatOf)).toEqual(["csv", "xlsx", "jsonl", "md", undefined, undefined]);
});
