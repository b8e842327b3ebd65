import { afterEach, describe, expect, test, vi } from "vitest";
import { readContext } from "../adapters/chatwoot/context";
import { asHtml, readTicket } from "../adapters/zendesk/ticket";
import { asConversation, customerWaits, fingerprint } from "../widget/model";
import { madeOf } from "../widget/outcome";
import { Tokens } from "../widget/tokens";

describe("what the agent sent", () => {
  test.each([
    ["可以的，7天内可以退货。", "可以的，7天内可以退货", true],
    ["您好！7天内可以退货，运费由我们承担哦", "7天内可以退货，运费由我们承担。", true],
    ["Hello Anna, returns are free within 30 days.", "Returns are free within 30 days!", true],
    ["请提供一下订单号", "7天内可以退货，运费由我们承担。", false],
    ["Which order is it?", "Returns are free within 30 days!", false],
    ["", "好", false],
  ])("%s ← %s: %s", (sent, suggested, made) => {
    expect(madeOf(sent, suggested)).toBe(made);
  });
});

describe("conversations of other sites", () => {
  test("what is no message is left out, ids become text", () => {
    const conversation = asConversation({ id: 7, customer: { name: "A", age: 3, phone: "" }, messages: [{ role: "customer", text: "hi", id: 1 }, { role: "boss", text: "x" }, { role: "agent", text: " " }, null] });
    expect(conversation).toEqual({ id: "7", customer: { name: "A" }, messages: [{ role: "customer", text: "hi", id: "1" }] });
    expect(asConversation({ messages: "hi" })).toBeNull();
    expect(asConversation("hi")).toBeNull();
  });

  test("the customer waits until somebody answers; lines of the system are no answer", () => {
    const messages = [{ role: "customer" as const, text: "hi" }];
    expect(customerWaits({ messages })).toBe(true);
    expect(customerWaits({ messages: [...messages, { role: "system", text: "assigned" }] })).toBe(true);
    expect(customerWaits({ messages: [...messages, { role: "agent", text: "hello" }] })).toBe(false);
    expect(customerWaits({ messages: [] })).toBe(false);
    expect(fingerprint({ messages })).not.toBe(fingerprint({ messages: [{ role: "agent", text: "hi" }] }));
  });
});

describe("Chatwoot", () => {
  const context = (messages: unknown[], more = {}) => readContext(JSON.stringify({ event: "appContext", data: { conversation: { id: 41, account_id: 2, messages }, contact: { name: "Example" }, currentAgent: { id: 5, name: "Agent" }, ...more } }));

  test("speakers by the kind of message", () => {
    const message = (kind: number, more = {}) => ({ id: kind, content: `kind ${kind}`, message_type: kind, created_at: 0, ...more });
    const read = context([message(0), message(1, { sender: { type: "user" } }), message(1, { sender: { type: "agent_bot" } }), message(2), message(3), message(1, { private: true }), message(0, { content_attributes: { deleted: true } }), message(0, { content: null })]);
    expect(read?.conversation.messages.map(({ role }) => role)).toEqual(["customer", "agent", "bot", "bot"]);
    expect(read?.agent).toEqual({ id: "5", name: "Agent" });
    expect(read?.account).toBe("2");
  });

  test("a time of 0 is none", () => {
    expect(context([{ id: 1, content: "a", message_type: 0, created_at: 0 }])?.conversation.messages[0]).not.toHaveProperty("at");
    expect(context([{ id: 1, content: "a", message_type: 0, created_at: 1_700_000_000 }])?.conversation.messages[0]?.at).toBe("2023-11-14T22:13:20.000Z");
  });

  test.each([["not json"], ["{}"], [JSON.stringify({ event: "other", data: { conversation: { messages: [] } } })], [{ event: "appContext" }], [JSON.stringify({ event: "appContext", data: { conversation: {} } })]])(
    "%s is no context",
    (data) => {
      expect(readContext(data)).toBeNull();
    },
  );
});

describe("Zendesk", () => {
  test("roles, and an agent who asks for themselves", () => {
    const said = (role: string, id = 1) => ({ author: { id, role }, message: { content: "x", contentType: "text/plain" }, timestamp: "2023-11-14T22:13:20Z" });
    const ticket = readTicket({ "ticket.id": 12, "ticket.requester": { id: 9, email: "a@b.example" }, "ticket.conversation": [said("end-user"), said("agent"), said("admin", 9), said("system"), { ...said("agent"), channel: { name: "internal" } }] });
    expect(ticket.messages.map(({ role }) => role)).toEqual(["customer", "agent", "customer", "system"]);
    expect(ticket).toMatchObject({ id: "12", customer: { email: "a@b.example" } });
    expect(readTicket({})).toEqual({ messages: [] });
  });

  test("an inserted text stays text", () => {
    expect(asHtml("a < b & c\nd")).toBe("a &lt; b &amp; c<br>d");
  });
});

describe("tokens", () => {
  afterEach(() => vi.useRealTimers());

  test("several requests that meet one ended token ask for one new one", async () => {
    const ask = vi.fn();
    const tokens = new Tokens(ask);
    tokens.give("old");
    const renewed = [tokens.renew("old"), tokens.renew("old"), tokens.token()];
    expect(ask).toHaveBeenCalledTimes(1);
    tokens.give("new");
    expect(await Promise.all(renewed)).toEqual(["new", "new", "new"]);
    expect(await tokens.renew("old")).toBe("new");
    expect(ask).toHaveBeenCalledTimes(1);
  });

  test("who gets none is told so after a while, and may ask again", async () => {
    vi.useFakeTimers();
    const ask = vi.fn();
    const tokens = new Tokens(ask);
    const failed = expect(tokens.token()).rejects.toMatchObject({ code: "expired" });
    await vi.advanceTimersByTimeAsync(15_000);
    await failed;
    const second = tokens.token();
    expect(ask).toHaveBeenCalledTimes(2);
    tokens.give("late");
    expect(await second).toBe("late");
  });
});
