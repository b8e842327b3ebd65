// "Try a conversation": a chat in which one plays both sides, and the suggestions for its present moment.

import * as api from "./api.js";
import { bar, byId, el, emptyState, fill } from "./dom.js";
import { EXAMPLES } from "./examples.js";
import { day, has, language, moment, number, percent, t } from "./i18n.js";
import { problemNote } from "./notices.js";
import { openSource } from "./source.js";

const LIMIT = 5;
const REASONS = ["wrong", "incomplete", "outdated", "tone", "other"];

/** Names a conversation, so that edits made in it count as one customer's. */
const newId = () => Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(16).padStart(8, "0")).join("");

export function tryPage({ desk }) {
  /** Messages so far; what is being written; the set on show; what was done with each suggestion. */
  const state = { id: newId(), messages: [], set: null, error: null, busy: false, outcome: new Map(), rejecting: null, draft: null, unfolded: new Set() };
  let running = null;

  const log = byId("chat-log");
  const input = byId("message");
  const body = byId("suggest-body");
  const roleInputs = [...document.querySelectorAll('#composer input[name="role"]')];

  // --- chat -------------------------------------------------------------------------------------------------------------

  const role = () => roleInputs.find((candidate) => candidate.checked).value;

  function setRole(next) {
    for (const candidate of roleInputs) candidate.checked = candidate.value === next;
    input.placeholder = t(`chat.placeholder.${next}`);
  }

  function drawChat() {
    const used = new Set(state.set && state.set.query ? state.set.query.used_turns : []);
    if (state.messages.length === 0) {
      fill(log, emptyState(t("chat.empty"), t("chat.emptyText")));
    } else {
      fill(
        log,
        state.messages.map((message, position) =>
          el(
            "div",
            { class: `bubble ${message.role}${used.has(position) ? " used" : ""}`, testid: "chat-message", data: { role: message.role }, title: used.has(position) ? t("chat.used") : null },
            el("span", { class: "bubble-role", text: t(`role.${message.role}`) }),
            el("p", { text: message.text }),
          ),
        ),
      );
      log.scrollTop = log.scrollHeight;
    }
    byId("chat-undo").disabled = state.messages.length === 0;
    byId("chat-new").disabled = state.messages.length === 0;
    drawExamples();
  }

  function drawExamples() {
    const holder = byId("examples");
    const languages = language() === "zh" ? ["zh", "en"] : ["en", "zh"];
    const fitting = languages.flatMap((code) => EXAMPLES.filter((example) => example.desk === desk()).map((example) => ({ code, example })));
    holder.hidden = fitting.length === 0;
    fill(
      holder,
      el("span", { class: "small muted", text: t("chat.examples") }),
      fitting.map(({ code, example }) =>
        el("button", {
          type: "button",
          class: "chip",
          lang: code === "zh" ? "zh-CN" : "en",
          testid: "example",
          data: { example: `${example.id}-${code}` },
          text: example.title[code],
          on: { click: () => start(example.messages[code]) },
        }),
      ),
    );
  }

  /** Puts a whole conversation in place, as if it had been going on for a few minutes. */
  function start(messages) {
    const now = Date.now();
    state.id = newId();
    state.messages = messages.map((message, position) => ({ ...message, at: new Date(now - (messages.length - 1 - position) * 20_000).toISOString() }));
    dropDraft();
    setRole("customer");
    input.value = "";
    conversationChanged();
  }

  function add(message) {
    state.messages.push({ ...message, at: new Date().toISOString() });
    conversationChanged();
  }

  function conversationChanged() {
    const last = state.messages.at(-1);
    if (last && last.role === "customer") {
      drawChat();
      ask();
      return;
    }
    if (running) running.abort();
    state.busy = false;
    if (!last) {
      state.set = null;
      state.error = null;
      state.outcome.clear();
    }
    drawChat();
    drawSuggestions();
  }

  function send() {
    const text = input.value.trim();
    if (!text) return;
    const speaker = role();
    const draft = state.draft;
    input.value = "";
    dropDraft();
    if (draft && speaker === "agent") {
      const unchanged = text === draft.text.trim();
      note(draft.id, unchanged ? { kind: "accepted" } : { kind: "edited", final_text: text });
    }
    add({ role: speaker, text });
    // The customer's side is the one to be played; writing as the agent is for one message at a time.
    setRole("customer");
    input.focus();
  }

  function dropDraft() {
    state.draft = null;
    byId("composer-note").hidden = true;
  }

  function drawDraft() {
    byId("composer-note").hidden = !state.draft;
    if (state.draft) byId("composer-note-text").textContent = t("chat.editing", { n: state.draft.rank });
  }

  // --- asking -----------------------------------------------------------------------------------------------------------

  async function ask() {
    if (running) running.abort();
    const control = new AbortController();
    running = control;
    state.busy = true;
    state.error = null;
    state.rejecting = null;
    drawSuggestions();
    const request = { desk: desk(), conversation: { id: state.id, messages: state.messages.map(({ role: speaker, text, at }) => ({ role: speaker, text, at })) }, limit: LIMIT };
    if (byId("reply-language").value) request.language = byId("reply-language").value;
    if (byId("pools").value) request.filters = { pools: [byId("pools").value] };
    try {
      const set = await api.suggest(request, control.signal);
      if (running !== control) return;
      state.set = set;
      state.outcome = new Map();
      state.unfolded.clear();
      // What was on the screen is part of the record; losing it harms nobody, so a failure stays quiet.
      for (const suggestion of set.suggestions) api.feedback(suggestion.id, { kind: "shown" }).catch(() => {});
    } catch (error) {
      if (error.name === "AbortError" || running !== control) return;
      state.set = null;
      state.error = error;
    }
    state.busy = false;
    drawChat();
    drawSuggestions();
    announce();
    // Where the panes lie one below the other, the answer would arrive out of sight.
    if (matchMedia("(max-width: 60rem)").matches) body.parentElement.scrollIntoView({ block: "start", behavior: "smooth" });
  }

  /** Tells a screen reader what has arrived, in one sentence; the cards themselves would be read out again with every change. */
  function announce() {
    const words = state.set && (state.set.abstained ? t("abstain.title") : t("suggest.count", { n: number(state.set.suggestions.length), text: state.set.suggestions[0] ? state.set.suggestions[0].text : "" }));
    fill(byId("suggest-status"), words || null);
  }

  function askAgain() {
    const last = state.messages.at(-1);
    if (last && last.role === "customer") ask();
  }

  // --- what is done with a suggestion -----------------------------------------------------------------------------------

  async function note(id, sent) {
    state.outcome.set(id, sent);
    drawSuggestions();
    try {
      await api.feedback(id, sent);
    } catch (error) {
      state.outcome.set(id, { error });
      drawSuggestions();
    }
  }

  const isOpen = (suggestion) => suggestion.slots.some((slot) => !slot.filled);

  function accept(suggestion) {
    // A reply with an empty place must not go out as it is: it goes to the writing field first.
    if (isOpen(suggestion)) {
      insert(suggestion);
      return;
    }
    note(suggestion.id, { kind: "accepted" });
    dropDraft();
    add({ role: "agent", text: suggestion.text });
    setRole("customer");
    input.focus();
  }

  function insert(suggestion) {
    state.draft = { id: suggestion.id, rank: suggestion.rank, text: suggestion.text };
    setRole("agent");
    input.value = suggestion.text;
    drawDraft();
    input.focus();
    const slot = suggestion.slots.find((candidate) => !candidate.filled);
    if (slot) {
      // Slots count Unicode scalar values, the field counts UTF-16 units.
      const scalars = Array.from(suggestion.text);
      const start = scalars.slice(0, slot.start).join("").length;
      input.setSelectionRange(start, start + scalars.slice(slot.start, slot.end).join("").length);
    } else {
      input.setSelectionRange(input.value.length, input.value.length);
    }
  }

  // --- suggestions ------------------------------------------------------------------------------------------------------

  function drawSuggestions() {
    body.setAttribute("aria-busy", String(state.busy));
    body.classList.toggle("busy", state.busy && state.set !== null);
    fill(byId("suggest-foot"), footWords());
    if (state.error) {
      fill(body, problemNote(state.error, { onRetry: askAgain }));
    } else if (state.set) {
      const answered = state.messages.at(-1) && state.messages.at(-1).role !== "customer";
      fill(
        body,
        answered ? el("p", { class: "answered", text: t("suggest.answered") }) : null,
        understood(state.set),
        state.set.abstained ? abstention(state.set.abstained) : null,
        state.set.suggestions.length > 0 ? el("ol", { class: "cards" }, state.set.suggestions.map((suggestion) => card(suggestion))) : null,
      );
    } else if (state.busy) {
      fill(body, el("p", { class: "empty muted", text: t("suggest.busy") }));
    } else {
      fill(body, emptyState(t("suggest.empty"), t("suggest.emptyText")));
    }
  }

  function footWords() {
    if (!state.set) return null;
    const { timings_ms: ms, model } = state.set;
    const figure = (value) => number(value, value < 10 ? 1 : 0);
    const parts = [];
    if (ms) parts.push(el("span", { text: t("timings.line", { total: figure(ms.total), embed: figure(ms.embed), search: figure(ms.search), rank: figure(ms.rank) }) }));
    if (model) parts.push(el("span", { title: model.fingerprint, text: t("timings.model", { name: model.name, fingerprint: String(model.fingerprint).slice(0, 12) }) }));
    if (state.set.suggestions.length > 0) parts.push(el("span", { class: "keys", text: t("suggest.keys") }));
    return parts;
  }

  function understood(set) {
    if (!set.query || !set.query.text) return null;
    return el("p", { class: "understood" }, el("span", { class: "muted", text: t("suggest.understood") }), " ", el("q", { testid: "understood-query", text: set.query.text }));
  }

  function abstention(abstained) {
    const key = `abstain.${abstained.reason}`;
    return el(
      "div",
      { class: "abstention", testid: "abstention", data: { reason: abstained.reason } },
      el("p", { class: "abstention-title", text: t("abstain.title") }),
      // The detail says the same in English; it is for reasons this page does not know.
      el("p", { text: has(key) ? t(key) : abstained.detail || t("abstain.unknown") }),
    );
  }

  function card(suggestion) {
    const outcome = state.outcome.get(suggestion.id);
    const done = outcome && !outcome.error;
    // A prediction is never certain, and rounding must not make it so.
    const share = suggestion.score > 0.99 ? `>${percent(0.99)}` : percent(suggestion.score);
    return el(
      "li",
      { class: `card suggestion${done ? ` done ${outcome.kind}` : ""}`, testid: "suggestion-card", tabindex: "-1", data: { id: suggestion.id, pool: suggestion.pool, rank: suggestion.rank } },
      el(
        "div",
        { class: "suggestion-head" },
        el("kbd", { text: suggestion.rank, "aria-hidden": "true" }),
        el("span", { class: `tag ${suggestion.pool}`, testid: "suggestion-pool", text: t(`pool.${suggestion.pool}`) }),
        el("span", { class: "muted small", testid: "suggestion-support", text: suggestion.support > 1 ? t("suggest.support", { n: number(suggestion.support) }) : t("suggest.support1") }),
        el("span", { class: "score", title: t("suggest.scoreHint") }, bar(suggestion.score), el("b", { testid: "suggestion-score", text: `${share}%` }), el("span", { class: "hidden-visually", text: t("suggest.score", { n: share }) })),
      ),
      el("p", { class: "suggestion-text", testid: "suggestion-text", lang: suggestion.language === "zh" ? "zh-CN" : "en" }, withSlots(suggestion)),
      suggestion.flags.length > 0 ? el("ul", { class: "flags" }, suggestion.flags.map((flag) => el("li", { class: `flag ${flag}`, testid: "suggestion-flag", text: has(`flag.${flag}`) ? t(`flag.${flag}`) : flag }))) : null,
      evidence(suggestion),
      outcome && outcome.error ? problemNote(outcome.error) : null,
      done ? el("p", { class: "outcome", testid: "suggestion-outcome", text: outcomeWords(outcome) }) : actions(suggestion),
    );
  }

  function outcomeWords(outcome) {
    return t(`done.${outcome.kind}`, { reason: outcome.reason ? t(`reject.${outcome.reason}`) : "" });
  }

  function withSlots(suggestion) {
    const scalars = Array.from(suggestion.text);
    const parts = [];
    let position = 0;
    for (const slot of [...suggestion.slots].sort((left, right) => left.start - right.start)) {
      if (slot.start < position) continue;
      parts.push(scalars.slice(position, slot.start).join(""));
      parts.push(el("mark", { class: slot.filled ? "slot filled" : "slot open", title: `${slot.name} · ${t(slot.filled ? "slot.filled" : "slot.open")}`, text: scalars.slice(slot.start, slot.end).join("") }));
      position = slot.end;
    }
    parts.push(scalars.slice(position).join(""));
    return parts;
  }

  function evidence(suggestion) {
    if (suggestion.evidence.length === 0) return null;
    return el(
      "details",
      {
        class: "evidence",
        testid: "evidence",
        open: state.unfolded.has(suggestion.id),
        on: { toggle: (event) => (event.currentTarget.open ? state.unfolded.add(suggestion.id) : state.unfolded.delete(suggestion.id)) },
      },
      el("summary", { text: t("evidence.title", { n: number(suggestion.evidence.length) }) }),
      el(
        "ul",
        {},
        suggestion.evidence.map((row) => {
          const when = row.answered_at ? day(row.answered_at) : t("evidence.unknownTime");
          const source = row.kind === "entry" ? t("evidence.entry") : row.answered_by;
          return el(
            "li",
            { testid: "evidence-row", data: { kind: row.kind } },
            el("q", { text: row.question }),
            el(
              "span",
              { class: "small muted" },
              el("span", { title: moment(row.answered_at), text: source ? t("evidence.by", { who: source, when }) : when }),
              el("button", {
                type: "button",
                class: "link",
                testid: "evidence-open",
                text: t(row.kind === "entry" ? "evidence.openEntry" : "evidence.open"),
                on: { click: () => openSource({ kind: row.kind, id: row.id, desk: desk(), question: row.question, answer: suggestion.text }) },
              }),
            ),
          );
        }),
      ),
    );
  }

  function actions(suggestion) {
    if (state.rejecting === suggestion.id) {
      return el(
        "div",
        { class: "actions reject-reasons", role: "group", "aria-label": t("action.rejectTitle") },
        el("span", { class: "small muted", text: t("action.rejectTitle") }),
        REASONS.map((reason) => el("button", { type: "button", class: "chip", testid: `reject-${reason}`, text: t(`reject.${reason}`), on: { click: () => reject(suggestion, reason) } })),
        el("button", { type: "button", class: "link", text: t("chat.cancel"), on: { click: () => setRejecting(null, suggestion.id) } }),
      );
    }
    return el(
      "div",
      { class: "actions" },
      el("button", { type: "button", class: "button primary", testid: "suggestion-accept", text: t(isOpen(suggestion) ? "action.complete" : "action.accept"), on: { click: () => accept(suggestion) } }),
      el("button", { type: "button", class: "button", testid: "suggestion-edit", text: t("action.edit"), on: { click: () => insert(suggestion) } }),
      el("button", { type: "button", class: "button quiet", testid: "suggestion-reject", text: t("action.reject"), on: { click: () => setRejecting(suggestion.id) } }),
    );
  }

  function setRejecting(id, before) {
    state.rejecting = id;
    drawSuggestions();
    const drawn = [...body.querySelectorAll(".suggestion")].find((node) => node.dataset.id === (id || before));
    const next = drawn && drawn.querySelector(id ? ".reject-reasons .chip" : '[data-testid="suggestion-reject"]');
    if (next) next.focus();
  }

  function reject(suggestion, reason) {
    state.rejecting = null;
    if (state.draft && state.draft.id === suggestion.id) dropDraft();
    note(suggestion.id, { kind: "rejected", reason });
    // The button that had the focus is gone; go on from the card it belonged to.
    const drawn = [...body.querySelectorAll(".suggestion")].find((node) => node.dataset.id === suggestion.id);
    if (drawn) drawn.focus();
  }

  // --- wiring -----------------------------------------------------------------------------------------------------------

  byId("composer").addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });
  input.addEventListener("keydown", (event) => {
    // While an input method composes a Chinese word, Enter belongs to it (229: browsers that report it that way only).
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    send();
  });
  for (const candidate of roleInputs) candidate.addEventListener("change", () => setRole(candidate.value));
  byId("composer-cancel").addEventListener("click", () => {
    dropDraft();
    input.value = "";
    input.focus();
  });
  byId("chat-undo").addEventListener("click", () => {
    state.messages.pop();
    conversationChanged();
  });
  byId("chat-new").addEventListener("click", () => {
    reset();
    input.focus();
  });
  byId("pools").addEventListener("change", askAgain);
  byId("reply-language").addEventListener("change", askAgain);
  document.addEventListener("keydown", (event) => {
    const digit = /^(?:Digit|Numpad)([1-5])$/.exec(event.code);
    if (!digit || event.ctrlKey || event.metaKey || byId("panel-try").hidden || byId("console").hidden || byId("source").open) return;
    const typing = event.target.closest("input:not([type=radio]), textarea, select");
    if (typing && !event.altKey) return;
    const suggestion = state.set && !state.busy && state.set.suggestions[Number(digit[1]) - 1];
    if (!suggestion) return;
    event.preventDefault();
    insert(suggestion);
  });

  function reset() {
    state.id = newId();
    state.messages = [];
    dropDraft();
    input.value = "";
    setRole("customer");
    conversationChanged();
  }

  return {
    start,
    opened: () => {
      drawChat();
      drawSuggestions();
    },
    deskChanged: reset,
    languageChanged: () => {
      setRole(role());
      drawDraft();
      drawChat();
      drawSuggestions();
    },
  };
}
