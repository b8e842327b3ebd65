// "Frequent questions": the groups of a desk, and the button that groups anew.

import * as api from "./api.js";
import { bar, byId, el, emptyState, fill } from "./dom.js";
import { number, percent, t } from "./i18n.js";
import { drawJob, problemNote } from "./notices.js";

export function clustersPage({ desk, tryQuestion, mayTry, mayRebuild }) {
  const state = { desk: null, items: null, cursor: null, error: null, job: null, jobError: null };
  const body = byId("clusters-body");
  const jobNode = byId("clusters-job");
  const rebuild = byId("rebuild");
  let stopFollowing = () => {};

  async function load(cursor) {
    const asked = desk();
    state.desk = asked;
    try {
      const page = await api.clusters(asked, cursor);
      if (asked !== desk()) return;
      state.items = cursor ? [...state.items, ...page.items] : page.items;
      state.cursor = page.next_cursor || null;
      state.error = null;
    } catch (error) {
      if (asked !== desk()) return;
      state.error = error;
    }
    draw();
  }

  function draw() {
    if (state.error) fill(body, problemNote(state.error, { onRetry: () => load() }));
    else if (state.items === null) fill(body, el("p", { class: "muted", text: t("loading") }));
    else if (state.items.length === 0) fill(body, emptyState(t("clusters.empty"), t("clusters.emptyText")));
    else {
      const largest = Math.max(...state.items.map((item) => item.share));
      fill(
        body,
        el("ol", { class: "clusters" }, state.items.map((item) => card(item, largest))),
        state.cursor ? el("button", { type: "button", class: "button", testid: "clusters-more", text: t("action.more"), on: { click: () => load(state.cursor) } }) : null,
      );
    }
    const busy = state.job !== null && !api.isFinal(state.job.state);
    rebuild.hidden = !mayRebuild();
    rebuild.disabled = busy;
    rebuild.textContent = t(busy ? "clusters.rebuilding" : "clusters.rebuild");
    if (state.jobError) fill(jobNode, problemNote(state.jobError)).hidden = false;
    else if (state.job && state.job.state !== "succeeded") {
      drawJob(jobNode, state.job);
      if (state.job.error) jobNode.append(problemNote({ problem: { title: t("job.failed"), detail: state.job.error } }));
    } else jobNode.hidden = true;
  }

  function card(item, largest) {
    const answers = item.answers || [];
    return el(
      "li",
      { class: "card cluster", testid: "cluster-card", data: { id: item.id } },
      el(
        "div",
        { class: "cluster-main" },
        el("h3", { testid: "cluster-representative", text: item.representative }),
        el("p", { class: "keywords" }, item.keywords.map((word) => el("span", { class: "keyword", text: word }))),
        el(
          "details",
          { class: "evidence" },
          el("summary", { text: t("clusters.answers", { n: number(answers.length) }) }),
          answers.length > 0
            ? el("ul", {}, answers.map((answer) => el("li", {}, el("span", { text: answer.text }), el("span", { class: "small muted", text: answer.support > 1 ? t("suggest.support", { n: number(answer.support) }) : t("suggest.support1") }))))
            : el("p", { class: "muted", text: t("clusters.noAnswers") }),
        ),
      ),
      el(
        "div",
        { class: "cluster-side" },
        el("p", { class: "cluster-size" }, el("b", { text: t("clusters.size", { n: number(item.size) }) })),
        // Bars compare the groups with each other, so the largest one fills its bar.
        bar(largest > 0 ? item.share / largest : 0, "wide"),
        el("p", { class: "small muted", text: t("clusters.share", { n: percent(item.share, 1) }) }),
        el("p", { class: "small muted", text: `${t("clusters.conversations", { n: number(item.conversations) })} · ${t("clusters.customers", { n: number(item.customers) })}` }),
        mayTry() && el("button", { type: "button", class: "link", testid: "cluster-try", text: t("clusters.try"), on: { click: () => tryQuestion(item.representative) } }),
      ),
    );
  }

  rebuild.addEventListener("click", async () => {
    const asked = desk();
    state.jobError = null;
    rebuild.disabled = true;
    try {
      state.job = await api.rebuildClusters(asked);
    } catch (error) {
      state.jobError = error;
      draw();
      return;
    }
    draw();
    if (api.isFinal(state.job.state)) {
      load();
      return;
    }
    stopFollowing = api.followJob(
      state.job.id,
      (job) => {
        state.job = job;
        if (job.state === "succeeded") load();
        else draw();
      },
      (error) => {
        state.job = null;
        state.jobError = error;
        draw();
      },
    );
  });

  return {
    opened: () => {
      draw();
      if (state.desk !== desk() || state.items === null) load();
    },
    deskChanged: () => {
      stopFollowing();
      Object.assign(state, { desk: null, items: null, cursor: null, error: null, job: null, jobError: null });
    },
    languageChanged: draw,
  };
}
