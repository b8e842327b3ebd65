// What the pages show about work in progress and about failure.

import { el, fill } from "./dom.js";
import { bytes, has, number, percent, t } from "./i18n.js";

/** A failure in plain words: title, detail, the fields at fault, and the request's id for whoever asks the administrator. */
export function problemNote(error, { onRetry } = {}) {
  const problem = error && error.problem ? error.problem : { title: t("error.generic"), detail: String((error && error.message) || error) };
  const known = has(`code.${problem.code}`) ? t(`code.${problem.code}`) : problem.title;
  const title = problem.unreachable ? t("error.unreachable") : known || t("error.generic");
  let detail = problem.unreachable ? t("error.unreachableText") : problem.detail || "";
  if (!detail && problem.status === 403) detail = t("error.forbidden");
  const errors = Array.isArray(problem.errors) ? problem.errors : [];
  const request = problem.request_id;
  return el(
    "div",
    { class: "problem", role: "alert", testid: "problem" },
    el("p", { class: "problem-title" }, title, problem.code ? el("code", { text: problem.code }) : null),
    detail ? el("p", { text: detail }) : null,
    errors.length > 0 ? el("ul", {}, errors.map((item) => el("li", {}, fieldError(item)))) : null,
    request ? el("p", { class: "small muted", text: t("error.request", { id: request }) }) : null,
    onRetry ? el("button", { type: "button", class: "button", text: t("action.retry"), on: { click: onRetry } }) : null,
  );
}

function fieldError(item) {
  if (typeof item === "string") return item;
  const where = item.field || item.pointer || item.parameter || item.location || item.name;
  const what = item.detail || item.message || item.reason || item.title || JSON.stringify(item);
  return where ? [el("code", { text: where }), ` ${what}`] : what;
}

const stageName = (stage) => (has(`stage.${stage}`) ? t(`stage.${stage}`) : stage.replaceAll("_", " "));

/** Draws how far a job is into `node`. */
export function drawJob(node, job) {
  const progress = job.progress || {};
  const stage = job.state === "running" && progress.stage ? stageName(progress.stage) : t(`job.${job.state}`);
  drawProgress(node, stage, progress.done || 0, progress.total ?? null, progress.stage === "reading", job.state);
}

/** Draws a labelled bar; without a total it only says that something happens. */
export function drawProgress(node, label, done, total, inBytes = false, state = "running") {
  const ended = state === "succeeded";
  const known = ended || (total !== null && total > 0);
  const share = ended ? 1 : known ? Math.min(1, done / total) : 0;
  const amount = inBytes ? bytes : number;
  const figures = ended ? "" : known ? `${amount(done)} / ${amount(total)} · ${percent(share)}%` : done > 0 ? amount(done) : "";
  const attributes = known ? { max: 1, value: share } : {};
  const meter = el("progress", { "aria-label": label, ...attributes });
  fill(node, el("div", { class: "progress-line" }, el("span", { text: label }), el("span", { class: "figures", text: figures })), meter);
  node.hidden = false;
}
