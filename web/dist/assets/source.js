// The dialog that shows the source of a suggestion: an archived conversation, masked, or a knowledge entry.

import * as api from "./api.js";
import { byId, el, fill } from "./dom.js";
import { moment, t } from "./i18n.js";
import { problemNote } from "./notices.js";

const dialog = byId("source");
const body = byId("source-body");
let asked = 0;

byId("source-close").addEventListener("click", () => dialog.close());
dialog.addEventListener("click", (event) => {
  // Only the backdrop is the dialog itself: everything inside is a child.
  if (event.target === dialog) dialog.close();
});

/** Opens the dialog; in a conversation the question that matched and the answer that was suggested are marked. */
export async function openSource({ kind, id, desk, question, answer }) {
  asked += 1;
  const mine = asked;
  fill(byId("source-title"), t(kind === "entry" ? "dialog.entry" : "dialog.title"));
  fill(body, el("p", { class: "muted", text: t("loading") }));
  dialog.showModal();
  try {
    const found = kind === "entry" ? await api.entry(id, desk) : await api.conversation(id, desk);
    if (mine !== asked) return;
    if (kind === "entry") drawEntry(found);
    else drawConversation(found, question, answer);
  } catch (error) {
    if (mine === asked) fill(body, problemNote(error));
  }
}

function drawEntry(found) {
  fill(
    body,
    el("p", { class: "small muted" }, el("code", { text: found.external_id }), found.updated_at ? ` ${t("dialog.changed", { when: moment(found.updated_at) })}` : ""),
    el("h3", { text: t("dialog.questions") }),
    el("ul", { class: "notes" }, found.questions.map((question) => el("li", { text: question }))),
    el("h3", { text: t("dialog.answer") }),
    el("p", { class: "suggestion-text", testid: "source-answer", text: found.answer }),
  );
  body.focus();
}

function drawConversation(found, question, answer) {
  // A question gathered from several turns is those turns with spaces between them; an answer of several messages has a line for each.
  const given = (message) => message.role !== "customer" && `\n${answer}\n`.includes(`\n${message.text}\n`);
  const answered = found.messages.findIndex(given);
  const partOf = (message, position) => message.role === "customer" && (answered < 0 || position < answered) && ` ${question} `.includes(` ${message.text} `);
  const parts = new Set([...found.messages.keys()].filter((position) => partOf(found.messages[position], position)));
  const last = Math.max(...parts);
  let target = null;
  const bubbles = found.messages.map((message, position) => {
    const marked = parts.has(position) || given(message);
    const bubble = el(
      "div",
      { class: `bubble ${message.role}${marked ? " matched" : ""}`, testid: "source-message" },
      el("span", { class: "bubble-role" }, t(`role.${message.role}`), message.at ? ` · ${moment(message.at)}` : "", parts.has(position) ? ` · ${t("dialog.matched")}` : ""),
      el("p", { text: message.text }),
    );
    if (position === last) target = bubble;
    return bubble;
  });
  fill(body, el("p", { class: "small muted" }, found.external_id ? el("code", { text: found.external_id }) : null, " ", t("dialog.masked")), bubbles);
  body.focus();
  if (target) target.scrollIntoView({ block: "center" });
}
