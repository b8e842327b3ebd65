import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { en } from "../src/i18n/en";
import { fill, placesOf } from "../src/i18n/fill";
import { formats } from "../src/i18n/format";
import { translator } from "../src/i18n/language";
import type { Translation } from "../src/i18n/types";
import { zh } from "../src/i18n/zh";

const flat = (words: Translation): [string, string][] =>
  Object.entries(words).flatMap(([feature, texts]) => Object.entries(texts).map(([key, text]): [string, string] => [`${feature}.${key}`, text]));

test("both languages say the same things, and none of them nothing", () => {
  expect(flat(zh).map(([key]) => key).sort()).toEqual(flat(en).map(([key]) => key).sort());
  for (const [key, text] of [...flat(en), ...flat(zh)]) expect(text.trim(), key).not.toBe("");
});

test("a text has the same places to fill in both languages", () => {
  const chinese = new Map(flat(zh));
  for (const [key, text] of flat(en)) expect(placesOf(chinese.get(key) ?? ""), key).toEqual(placesOf(text));
});

test("English texts hold no Chinese, Chinese ones do, apart from names", () => {
  const han = /\p{Script=Han}/u;
  const names = new Set(["shell.languageNext", "shell.languageSwitch"]);
  for (const [key, text] of flat(en)) if (!names.has(key)) expect(han.test(text), `${key}: ${text}`).toBe(false);
});

test("every page takes its words from here", () => {
  // Words between tags, or in the attributes people read, that begin with a letter of either script.
  const written = />\s*[A-Z\u4e00-\u9fff][^<>{}=]*<\/|\b(?:title|label|placeholder|aria-label)="[^"]*[a-z\u4e00-\u9fff]/u;
  const folder = new URL("../src/", import.meta.url);
  const faults = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".tsx"))
    .flatMap((name) =>
      readFileSync(new URL(name, folder), "utf8")
        .split("\n")
        .map((line, place) => `${name}:${place + 1}: ${line.trim()}`)
        .filter((line) => written.test(line)),
    );
  expect(faults).toEqual([]);
});

test("texts are filled, counted and left visible where a value is missing", () => {
  expect(fill("{n|row|rows} of {name}", { n: 1, name: "a" }, "en")).toBe("1 row of a");
  expect(fill("{n|row|rows}", { n: 1200 }, "en")).toBe("1,200 rows");
  expect(fill("{n} 行，{missing}", { n: 1200 }, "zh")).toBe("1,200 行，{missing}");
  expect(translator({ language: "en", words: en })("common.rows", { n: 2 })).toBe("2 rows");
  expect(translator({ language: "zh", words: zh })("common.rows", { n: 2 })).toBe("2 行");
});

test("figures are written as the language writes them", () => {
  const english = formats("en");
  const chinese = formats("zh");
  expect(english.duration(90_000)).toBe("1 min 30 s");
  expect(chinese.duration(3_600_000)).toBe("1 小时");
  expect(english.duration(0)).toBe("0 s");
  expect(english.bytes(999)).toBe("999 B");
  expect(english.bytes(1_234_000)).toBe("1.2 MB");
  expect(english.percent(0.455)).toBe("46%");
  const now = new Date("2026-11-22T12:00:00Z");
  expect(english.ago("2026-11-22T09:00:00Z", now)).toBe("3 hours ago");
  expect(chinese.ago("2026-11-21T11:00:00Z", now)).toBe("昨天");
  expect(english.ago("2026-10-01T11:00:00Z", now)).toContain("2026");
});
