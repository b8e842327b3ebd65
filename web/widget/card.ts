// One suggestion: its words with what must be filled in, where it comes from, and what can be done with it.

import { el } from "./dom";
import type { Action, RejectReason, Suggestion } from "./model";
import type { Say, Word } from "./texts";

const REASONS: RejectReason[] = ["wrong", "incomplete", "outdated", "tone", "other"];

/** What has happened to a suggestion. */
export type Fate = "inserted" | "copied" | "sent" | "refused";

export interface CardActions {
  /** Hands the words to the host, or sends them. */
  take: (text: string) => void;
  copy: (text: string) => void;
  refuse: (reason: RejectReason) => void;
}

/** The words, with each slot as an element of its own. Positions count Unicode scalar values. */
function words(suggestion: Suggestion): (Node | string)[] {
  const characters = Array.from(suggestion.text);
  const parts: (Node | string)[] = [];
  let from = 0;
  for (const slot of suggestion.slots.toSorted((a, b) => a.start - b.start)) {
    if (slot.start < from || slot.end > characters.length) continue;
    parts.push(characters.slice(from, slot.start).join(""));
    parts.push(el("mark", { class: slot.filled ? "slot" : "slot open", title: slot.name }, characters.slice(slot.start, slot.end).join("")));
    from = slot.end;
  }
  parts.push(characters.slice(from).join(""));
  return parts;
}

export function card(suggestion: Suggestion, number: number, say: Say, action: Action, fate: Fate | undefined, actions: CardActions): HTMLElement {
  const item = el("li", { class: "card", testid: "suggestion", "data-id": suggestion.id, tabindex: -1, "aria-label": `${number}. ${suggestion.text}` });
  const draw = (...content: (Node | null)[]) => {
    item.replaceChildren(...content.filter((node) => node !== null));
  };
  const mustFill = suggestion.slots.some((slot) => !slot.filled);

  const facts = [
    el("span", {}, say(suggestion.pool)),
    // Once is what anything is at least.
    ...(suggestion.support > 1 ? [el("span", {}, say("support", { n: suggestion.support }))] : []),
    ...suggestion.flags.map((flag) => el("span", { class: `flag ${flag}` }, say(`flag_${flag}` satisfies Word))),
  ];
  const percent = Math.round(suggestion.score * 100);
  const head = el(
    "div",
    { class: "head" },
    el("kbd", { class: "number", "aria-hidden": true }, String(number)),
    el("span", { class: "facts" }, ...facts),
    el("span", { class: "score", title: say("score", { n: percent }) }, `${percent}%`),
  );
  const [source] = suggestion.evidence;
  const evidence = source
    ? el(
        "details",
        {},
        el("summary", {}, say("evidence")),
        el("p", {}, source.question, source.answered_at ? el("time", { datetime: source.answered_at }, ` · ${source.answered_at.slice(0, 10)}`) : null),
      )
    : null;

  const button = (word: Word, run: () => void, kind: string, testid: string) => el("button", { type: "button", class: kind, testid, onclick: run }, say(word));

  const standing = () => {
    const buttons = el("div", { class: "buttons" });
    if (fate !== "sent" && fate !== "refused") {
      // What is sent at once must be whole; elsewhere the agent fills it in at the desk.
      if (!(action === "send" && mustFill)) buttons.append(button(action, () => actions.take(suggestion.text), "main", "take"));
      if (action === "send") buttons.append(button("edit", editing, mustFill ? "main" : "", "edit"));
      if (action !== "copy") buttons.append(button("copy", () => actions.copy(suggestion.text), "", "copy"));
      buttons.append(button("refuse", refusing, "quiet", "refuse"));
    }
    if (evidence) buttons.append(evidence);
    if (fate !== undefined) buttons.prepend(el("span", { class: `fate ${fate}`, testid: "fate" }, say(fate)));
    item.classList.toggle("done", fate !== undefined);
    draw(head, el("p", { class: "words" }, ...words(suggestion)), action === "send" && mustFill ? el("p", { class: "note" }, say("open_slots")) : null, buttons);
  };

  const editing = () => {
    const area = el("textarea", { "aria-label": say("edited_text"), rows: 4, testid: "edited" });
    area.value = suggestion.text;
    const back = () => {
      standing();
      item.focus();
    };
    const send = () => {
      if (area.value.trim() !== "") actions.take(area.value.trim());
    };
    draw(head, area, el("div", { class: "buttons" }, button("send_edited", send, "main", "send-edited"), button("cancel", back, "quiet", "cancel")));
    area.focus();
    const [slot] = suggestion.slots.filter((found) => !found.filled);
    if (slot) {
      // The field counts UTF-16 units.
      const units = (count: number) => Array.from(suggestion.text).slice(0, count).join("").length;
      area.setSelectionRange(units(slot.start), units(slot.end));
    }
  };

  const refusing = () => {
    const reasons = REASONS.map((reason) => button(reason, () => actions.refuse(reason), "", `reason-${reason}`));
    const group = el("div", { class: "buttons", role: "group", "aria-label": say("refuse_why") }, el("span", { class: "why" }, say("refuse_why")), ...reasons, button("cancel", standing, "quiet", "cancel"));
    draw(head, el("p", { class: "words" }, ...words(suggestion)), group);
    reasons[0]?.focus();
  };

  standing();
  return item;
}
