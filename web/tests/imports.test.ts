import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { decode, guessDelimiter, parseRows } from "../src/features/imports/delimited";
import known from "../src/features/imports/headings.json";
import { asJson, EMPTY_MAPPING, headingRow, missing, resolve } from "../src/features/imports/mapping";
import { formatOf } from "../src/features/imports/preview";
import { pace, withSample, type Sample } from "../src/features/imports/rate";
import { STAGES } from "../src/features/imports/stages";

const rust = new URL("../../src/", import.meta.url);
const source = (name: string) => readFileSync(new URL(name, rust), "utf8");

test("the headings known here are the service's", () => {
  const code = source("ingest/mapping.rs");
  const table = code.slice(code.indexOf("\ncolumns! {"), code.indexOf("\n}\n", code.indexOf("\ncolumns! {")));
  const served: unknown = Object.fromEntries(
    [...table.matchAll(/^ {4}(\w+): \[([\s\S]*?)\];/gm)].map(([, field, names]) => [field, [...(names ?? "").matchAll(/"([^"]*)"/g)].map((name) => name[1])]),
  );
  expect(known).toEqual(served);
});

test("every stage that a job reports has words", () => {
  const stages = readdirSync(rust, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".rs"))
    .flatMap((name) => [...source(name).matchAll(/\bprogress\("([^"]+)"/g)].map((found) => found[1] ?? ""));
  expect(stages.length).toBeGreaterThan(5);
  for (const stage of stages) expect(STAGES[stage], stage).toBeDefined();
});

test("columns are guessed by their headings, and what a person says comes first", () => {
  const headings = ["会话ID", " Role ", "消息内容", "备注", "时间"];
  expect(resolve({}, headings)).toEqual({ conversation: 0, role: 1, text: 2, at: 4 });
  expect(missing(resolve({}, ["a", "role"]))).toEqual(["conversation", "text"]);
  const named = resolve({ text: "备注" }, headings);
  expect([named.text, named.conversation]).toEqual([3, 0]);
  expect(resolve({ text: "not there" }, headings).text).toBeUndefined();
});

test("headings are found below a title", () => {
  expect(headingRow([["八月导出"], [], ["会话ID", "角色", "内容"], ["1", "客户", "你好"]], {})).toBe(2);
  expect(headingRow([[], ["x", "y"]], {})).toBe(1);
  expect(headingRow([], {})).toBe(0);
});

test("a mapping is sent only where something was said", () => {
  expect(asJson(EMPTY_MAPPING)).toBeNull();
  expect(asJson({ columns: { role: "who" }, roles: { "2": "agent" }, timezone: "" })).toBe('{"columns":{"role":"who"},"roles":{"2":"agent"}}');
});

test("cells are read as spreadsheets write them", () => {
  const text = 'id,text\r\n1,"a ""b"", c\nd"\r\n2,plain\n3,';
  expect(parseRows(text, ",", 10)).toEqual([["id", "text"], ["1", 'a "b", c\nd'], ["2", "plain"], ["3", ""]]);
  expect(parseRows(text, ",", 2)).toHaveLength(2);
  expect(guessDelimiter("a;b;c\n1;2,5;3\n")).toBe(";");
  expect(guessDelimiter("a\tb\n1\t2\n")).toBe("\t");
});

test("bytes become text whatever wrote them", () => {
  expect(decode(new TextEncoder().encode("会话").slice(0, 5))).toBe("会");
  expect(decode(Uint8Array.of(0xbb, 0xe1, 0xbb, 0xb0))).toBe("会话");
  expect(decode(Uint8Array.of(0xff, 0xfe, 0x1a, 0x4f))).toBe("会");
});

test("a file's name tells its format", () => {
  expect(["a.JSONL", "b.csv.gz", "c.xlsx", "d.tsv"].map(formatOf)).toEqual(["jsonl", "csv", "xlsx", "csv"]);
  expect(formatOf("e.pdf")).toBeNull();
});

test("rate and time left come from the last seconds of the same stage", () => {
  let samples: Sample[] = [];
  for (const [at, done] of [[0, 0], [1000, 100], [2000, 200]] as const) samples = withSample(samples, { at, done });
  expect(pace(samples, 1200)).toEqual({ rate: 100, left: 10_000 });
  expect(pace(samples, null)).toEqual({ rate: 100, left: null });
  expect(pace(samples.slice(0, 1), 10)).toBeNull();
  expect(withSample(samples, { at: 3000, done: 5 })).toEqual([{ at: 3000, done: 5 }]);
  expect(withSample(samples, { at: 16_500, done: 900 }).map((sample) => sample.at)).toEqual([2000, 16_500]);
});
