import dayjs from "dayjs";
import { expect, test } from "vitest";
import { everyWeek } from "../src/components/weeks";
import { proposedQuestions } from "../src/features/curation/proposal";
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

const member = (question: string) => ({ pair_id: question, question, similarity: 1, fixed: false });

test("an entry begins with the cluster's questions: each once, the long ones left out, eight at most", () => {
  const long = "很".repeat(61);
  const questions = proposedQuestions({ representative: "保价几天？", members: [member("保价几天"), member(long), member("Ｃan I return it"), member("can i return it!"), ...Array.from({ length: 12 }, (_one, place) => member(`问法${place}`))] });
  expect(questions.slice(0, 2)).toEqual(["保价几天？", "Ｃan I return it"]);
  expect(questions).not.toContain(long);
  expect(questions).toHaveLength(8);
  expect(proposedQuestions({ representative: long, members: [] })).toEqual([long]);
  const chained = ["我8号买的地垫今天便宜了50 能补差价吗", "我8号买的地垫今天便宜了50 能补差价吗 那退到哪里", "我8号买的地垫今天便宜了50", "我8号买的沙发能补差价吗"];
  expect(proposedQuestions({ representative: "能补差价吗", members: chained.map(member) })).toEqual(["能补差价吗", chained[0], chained[3]]);
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
