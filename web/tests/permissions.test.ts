import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ALLOWED, roleMay } from "../src/api/session";

test("the console's table of permissions is the server's", () => {
  const source = readFileSync(new URL("../../src/auth/grant.rs", import.meta.url), "utf8");
  const table = source.slice(source.indexOf("\npermissions! {"));
  const served = new Map([...table.matchAll(/^ {4}(\w+) => "[^"]*", \[([^\]]*)\];$/gm)].map((line) => [line[1], (line[2] ?? "").split(/,\s*/)]));
  expect(served.size).toBeGreaterThan(15);
  for (const [action, roles] of Object.entries(ALLOWED)) expect(served.get(action), action).toEqual(roles);
});

test("a role's name is the API's, the table's is Rust's", () => {
  expect(roleMay("kb_editor", "WriteEntries")).toBe(true);
  expect(roleMay("agent", "ManageAccess")).toBe(false);
});
