import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { answerExample, curl, grouped, isKnownTag, matches, routesOf } from "../src/features/apidocs/operations";
import { Schemas, type Document } from "../src/features/apidocs/schema";

const document = JSON.parse(readFileSync(new URL("../../tests/it/snapshots/openapi.json", import.meta.url), "utf8")) as Document;
const schemas = new Schemas(document);
const routes = routesOf(document);
const route = (id: string) => {
  const found = routes.find((one) => one.operationId === id);
  if (!found) throw new Error(`${id} is not described`);
  return found;
};

test("every operation is listed under a group with a name", () => {
  const described = Object.values(document.paths).flatMap((item) => Object.keys(item)).length;
  expect(grouped(routes).flatMap((group) => group.routes)).toHaveLength(described);
  for (const { tag } of grouped(routes)) expect(isKnownTag(tag), tag).toBe(true);
});

test("every operation can be tried as it is written", () => {
  for (const one of routes) {
    const command = curl(one, schemas, "http://127.0.0.1:8080");
    expect(command, one.operationId).toMatch(/^curl( -X [A-Z]+)? 'http:/);
    expect(command.split("\n")[0], one.operationId).not.toContain("{");
  }
  expect(curl(route("create_import"), schemas, "")).toContain("-F 'file=@conversations.jsonl'");
  expect(curl(route("show_liveness"), schemas, "")).not.toContain("Authorization");
});

test("types are named, references followed, null told apart", () => {
  const job = schemas.flat({ $ref: "#/components/schemas/Job" });
  expect(job.required).toContain("state");
  expect(schemas.typeName(job.properties?.state ?? {})).toBe("JobState");
  expect(schemas.values(job.properties?.state ?? {})).toContain("cancelled");
  expect(schemas.flat(job.properties?.error ?? {}).nullable).toBe(true);
  const control = schemas.flat({ $ref: "#/components/schemas/Control" });
  expect(Object.keys(control.properties ?? {})).toContain("answer_key");
});

test("examples hold what is required", () => {
  const answer = answerExample(route("show_job"), schemas);
  expect(answer?.status).toBe("200");
  expect(Object.keys(JSON.parse(answer?.text ?? "{}") as object)).toEqual(expect.arrayContaining(["id", "kind", "state", "progress"]));
});

test("the filter wants every word", () => {
  expect(routes.filter((one) => matches(one, "feedback suggestion")).map((one) => one.operationId)).toContain("create_feedback");
  expect(routes.filter((one) => matches(one, "feedback nonsense"))).toEqual([]);
});
