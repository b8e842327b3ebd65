// "Import": uploads a file, follows the job, shows what was taken and what was not.

import * as api from "./api.js";
import { byId, el, fill, withCode } from "./dom.js";
import { number, t } from "./i18n.js";
import { drawJob, drawProgress, problemNote } from "./notices.js";

const FIGURES = ["conversations_read", "conversations_added", "conversations_changed", "messages_read", "messages_added", "pairs_mined", "rejected"];
const FORMATS = { jsonl: "jsonl", ndjson: "jsonl", json: "jsonl", csv: "csv", tsv: "csv", xlsx: "xlsx" };

export function importPage({ desk, desksChanged }) {
  const state = { sent: null, job: null, dryRun: false, error: null, rows: [], cursor: null, rowsError: null, missingFile: false };
  const jobNode = byId("import-job");
  const result = byId("import-result");
  const fileInput = byId("import-file");
  let stopFollowing = () => {};

  const busy = () => state.sent !== null || (state.job !== null && !api.isFinal(state.job.state));

  function draw() {
    byId("import-lead").textContent = t("import.lead", { desk: desk() || "" });
    byId("import-submit").disabled = busy();
    if (state.sent) drawProgress(jobNode, t("import.sending"), state.sent.done, state.sent.total, true);
    else if (state.job && state.job.state !== "succeeded") drawJob(jobNode, state.job);
    else jobNode.hidden = true;
    drawResult();
  }

  function drawResult() {
    if (state.missingFile) {
      fill(result, el("p", { class: "hint-warn", role: "alert", text: t("import.noFile") }));
      return;
    }
    if (state.error) {
      fill(result, problemNote(state.error));
      return;
    }
    const job = state.job;
    if (!job || !api.isFinal(job.state)) {
      fill(result);
      return;
    }
    const report = job.result || {};
    const title = job.state === "succeeded" ? t(state.dryRun ? "import.doneDry" : "import.done") : t("import.failed");
    fill(
      result,
      el("h3", { class: `result-title ${job.state}`, testid: "import-state", data: { state: job.state }, text: title }),
      job.error ? problemNote({ problem: { title: t("job.failed"), detail: job.error } }) : null,
      el("dl", { class: "figures-grid" }, FIGURES.filter((name) => report[name] !== undefined).map((name) => el("div", { class: name === "rejected" && report[name] > 0 ? "warn" : null }, el("dt", { text: t(`import.${name}`) }), el("dd", { testid: `import-${name}`, text: number(report[name]) })))),
      (report.notes || []).length > 0 ? el("ul", { class: "notes" }, report.notes.map((note) => el("li", { text: note }))) : null,
      state.rowsError ? problemNote(state.rowsError) : null,
      state.rows.length > 0 ? rejectedTable() : report.rejected === 0 ? el("p", { class: "muted", text: t("import.noneRejected") }) : null,
    );
  }

  function rejectedTable() {
    return [
      el("h3", { id: "rejected-title", text: t("import.rejectedTitle") }),
      el(
        "div",
        { class: "table-holder", tabindex: "0", role: "region", "aria-labelledby": "rejected-title" },
        el(
          "table",
          { testid: "rejected-rows" },
          el("thead", {}, el("tr", {}, ["line", "field", "reason", "remedy"].map((name) => el("th", { scope: "col", text: t(`import.${name}`) })))),
          el("tbody", {}, state.rows.map((row) => el("tr", {}, el("td", { class: "figure", text: String(row.line) }), el("td", {}, row.field ? el("code", { text: row.field }) : "–"), el("td", {}, withCode(row.reason)), el("td", {}, withCode(row.remedy))))),
        ),
      ),
      state.cursor ? el("button", { type: "button", class: "button", text: t("action.more"), on: { click: () => loadRows(state.cursor) } }) : null,
    ];
  }

  async function loadRows(cursor) {
    const id = state.job.id;
    try {
      const page = await api.rejectedRows(id, cursor);
      if (!state.job || state.job.id !== id) return;
      state.rows = [...state.rows, ...page.items];
      state.cursor = page.next_cursor || null;
    } catch (error) {
      state.rowsError = error;
    }
    draw();
  }

  function ended(job) {
    state.job = job;
    draw();
    if (!job.result || job.result.rejected > 0) loadRows();
    if (!state.dryRun) desksChanged();
  }

  fileInput.addEventListener("change", () => {
    const file = fileInput.files[0];
    const ending = file ? file.name.split(".").at(-1).toLowerCase() : "";
    if (FORMATS[ending]) byId("import-format").value = FORMATS[ending];
    state.missingFile = false;
  });

  byId("import-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const file = fileInput.files[0];
    if (!file) {
      state.missingFile = true;
      draw();
      fileInput.focus();
      return;
    }
    stopFollowing();
    state.dryRun = byId("import-dry-run").checked;
    Object.assign(state, { sent: { done: 0, total: file.size }, job: null, error: null, rows: [], cursor: null, rowsError: null, missingFile: false });
    draw();
    try {
      const job = await api.upload({ desk: desk(), format: byId("import-format").value, dryRun: state.dryRun, file }, (done, total) => {
        if (!state.sent) return;
        state.sent = { done, total };
        drawProgress(jobNode, t("import.sending"), done, total, true);
      });
      state.sent = null;
      if (api.isFinal(job.state)) {
        ended(job);
        return;
      }
      state.job = job;
      draw();
      stopFollowing = api.followJob(
        job.id,
        (current) => {
          if (api.isFinal(current.state)) ended(current);
          else {
            state.job = current;
            draw();
          }
        },
        (error) => {
          state.job = null;
          state.error = error;
          draw();
        },
      );
    } catch (error) {
      state.sent = null;
      state.error = error;
      draw();
    }
  });

  return {
    opened: draw,
    deskChanged: () => {
      // A running upload belongs to the desk it was started for: it goes on, and its report stays on show.
      draw();
    },
    languageChanged: draw,
  };
}
