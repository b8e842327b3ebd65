import { expect, test } from "vitest";
import { pieces, openPlaceholders } from "../src/components/SlotText";
import { EMPTY, happen, openTurn, type Happening, type SuggestionSet, type Talk } from "../src/features/desk/talk";
import { withoutSource } from "../src/features/desk/useReplayTalk";

const message = (position: number, role: "customer" | "agent", text = `m${position}`): Happening => ({ kind: "message", message: { position, role, text, at: null } });
const set = (turn: number, more: Partial<SuggestionSet> = {}): SuggestionSet => ({ id: `s${turn}`, turn, suggestions: [], abstained: "no_match", query: "", provisional: false, ...more });
const after = (...happenings: Happening[]): Talk => happenings.reduce(happen, EMPTY);

test("a set goes as soon as the customer writes again, whether the service says so or not", () => {
  const before = after(message(0, "customer"), { kind: "suggestions", set: set(0) });
  expect(before.set?.id).toBe("s0");
  const talk = happen(before, message(1, "customer"));
  expect(talk.set).toBeNull();
  expect(talk.withdrawn).toEqual({ set: set(0), because: "newer_message" });
  expect(happen(talk, { kind: "forgotten", id: "s0" }).withdrawn).toBeNull();
});

test("a set goes when an agent has answered", () => {
  expect(after(message(0, "customer"), { kind: "suggestions", set: set(0) }, message(1, "agent")).withdrawn?.because).toBe("answered");
});

test("a set that comes late is never shown", () => {
  expect(after(message(0, "customer"), message(1, "customer"), { kind: "suggestions", set: set(0) }).set).toBeNull();
  expect(after(message(0, "customer"), message(1, "agent"), { kind: "suggestions", set: set(0) }).set).toBeNull();
});

test("a provisional set goes once what was being written is sent", () => {
  const provisional = set(1, { provisional: true });
  const talk = after(message(0, "customer"), { kind: "suggestions", set: provisional });
  expect(talk.set).toEqual(provisional);
  expect(happen(talk, message(1, "customer")).set).toBeNull();
});

test("whatever the order of messages and sets, the one on the desk belongs to the latest turn", () => {
  let seed = 7;
  const random = (below: number) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  let shown = 0;
  for (let run = 0; run < 300; run += 1) {
    const script: Happening[] = [];
    for (let turn = 0; turn < 12; turn += 1) {
      script.push(message(turn, random(4) === 0 ? "agent" : "customer"));
      // Sets come late, twice, or for a turn of long ago.
      for (let more = random(3); more > 0; more -= 1) script.push({ kind: "suggestions", set: set(random(turn + 1)) });
      if (random(5) === 0) script.push({ kind: "withdrawn", turn: null, because: "resumed" });
    }
    let talk = EMPTY;
    for (const step of script) {
      talk = happen(talk, step);
      if (talk.set === null) continue;
      shown += 1;
      expect(talk.set.turn).toBe(openTurn(talk.messages));
    }
  }
  expect(shown).toBeGreaterThan(500);
});

test("one's own message stands once, whichever of echo and answer comes first", () => {
  const sending: Happening = { kind: "sending", outgoing: { role: "agent", clientId: "a", text: "m1", error: null, delivered: () => undefined } };
  const sent: Happening = { kind: "sent", clientId: "a", message: { position: 1, role: "agent", text: "m1", at: null } };
  for (const order of [[message(1, "agent"), sent], [sent, message(1, "agent")]]) {
    const talk = after(message(0, "customer"), sending, ...order);
    expect([talk.messages.length, talk.outgoing.length]).toEqual([2, 0]);
  }
});

test("places are characters, not code units", () => {
  const slots = [{ name: "ORDER_NO", start: 2, end: 12, filled: false }];
  expect(pieces("😀 [ORDER_NO]!", slots).map((piece) => piece.text)).toEqual(["😀 ", "[ORDER_NO]", "!"]);
  expect(openPlaceholders("😀 [ORDER_NO]!", slots)).toEqual(["[ORDER_NO]"]);
  // A place outside the text marks nothing.
  expect(pieces("short", [{ name: "X", start: 3, end: 99, filled: true }]).map((piece) => piece.text)).toEqual(["short"]);
});

test("a replay leaves out what only the replayed conversation says", () => {
  const suggestion = (id: string, sources: string[]) => ({
    id,
    rank: 1,
    text: id,
    score: 0.9,
    pool: "archive" as const,
    language: "en" as const,
    support: sources.length,
    slots: [],
    flags: [],
    evidence: sources.map((source) => ({ kind: "conversation" as const, id: source, question: "q" })),
  });
  const own = set(0, { abstained: null, suggestions: [suggestion("own", ["here"]), suggestion("both", ["here", "there"])] });
  const left = withoutSource(own, "here");
  expect(left.suggestions.map(({ id, rank, evidence }) => [id, rank, evidence.map((row) => row.id)])).toEqual([["both", 1, ["there"]]]);
  expect(withoutSource({ ...own, suggestions: own.suggestions.slice(0, 1) }, "here").abstained).toBe("no_match");
});
