import { expect, test } from "vitest";
import { parseConversation, writeConversation } from "../src/features/lab/parse";

test("speakers are read in both languages, with either colon", () => {
  expect(parseConversation("客户：裙子买小了\n客服: 可以退的\nCustomer: who pays?\nA: you do")).toEqual([
    { role: "customer", text: "裙子买小了" },
    { role: "agent", text: "可以退的" },
    { role: "customer", text: "who pays?" },
    { role: "agent", text: "you do" },
  ]);
});

test("what has no speaker goes on with the one before, and begins with the customer", () => {
  expect(parseConversation("I lost my card\nwhat now?\n\nAgent: block it\nat once")).toEqual([
    { role: "customer", text: "I lost my card\nwhat now?" },
    { role: "agent", text: "block it\nat once" },
  ]);
  expect(parseConversation("  \n")).toEqual([]);
});

test("JSON is taken as the API takes it, and text that only looks like it stays text", () => {
  const messages = [{ role: "customer", text: "hi", at: "2026-05-06T01:14:56Z" }];
  for (const whole of [messages, { messages }, { desk: "shop", conversation: { messages } }]) expect(parseConversation(JSON.stringify(whole))).toEqual([{ role: "customer", text: "hi" }]);
  expect(parseConversation("[ORDER_NO] where is it")).toEqual([{ role: "customer", text: "[ORDER_NO] where is it" }]);
  expect(parseConversation('[{"role":"boss","text":"x"}]')[0]?.role).toBe("customer");
});

test("what is written reads back", () => {
  const turns = parseConversation("客户：裙子买小了\n吊牌还在\n客服：可以退");
  expect(parseConversation(writeConversation(turns, { customer: "客户", agent: "坐席", bot: "机器人", system: "系统" }))).toEqual(turns);
});
