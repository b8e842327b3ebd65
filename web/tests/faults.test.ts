// The service's sentences about rows of a file: each one translated is still said, and values keep their places.

import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { faultTranslator } from "../src/i18n/faults";
import { faults } from "../src/i18n/zh/faults";

const SOURCES = path.resolve(import.meta.dirname, "../../src");

/** All Rust of these folders, escapes in texts resolved and line breaks in the code gone. */
const said = ["ingest", "knowledge"]
  .flatMap((folder) => readdirSync(path.join(SOURCES, folder), { recursive: true, withFileTypes: true }))
  .filter((file) => file.name.endsWith(".rs"))
  .map((file) => readFileSync(path.join(file.parentPath, file.name), "utf8"))
  .join("\n")
  .replaceAll('\\"', '"')
  .replaceAll("{KNOWN_ROLES}", "customer, agent, bot or system (客户, 客服, 机器人, 系统)")
  .replace(/\{[^{}"\n]*\}/g, "{}");

describe("sentences about rows", () => {
  test("every one that is translated is said by the service", () => {
    expect(Object.keys(faults).filter((sentence) => !said.includes(`"${sentence}"`))).toEqual([]);
  });

  test("translations have a place for every value", () => {
    const places = (text: string) => text.split("{}").length;
    expect(Object.entries(faults).filter(([sentence, translation]) => places(sentence) !== places(translation))).toEqual([]);
  });

  test("values go to their places; what is unknown stays as it is", () => {
    const told = faultTranslator(faults);
    expect(told("the row has 3 cells, the headings have 12")).toBe("这一行有 3 格，表头有 12 格");
    expect(told("unknown role `9`")).toBe("未知的角色代码 9");
    expect(told("something new")).toBeNull();
  });
});
