// The page as a whole: who is signed in, which desk is chosen, which tab is open.

import * as api from "./api.js";
import { clustersPage } from "./clusters.js";
import { byId, el, emptyState, fill } from "./dom.js";
import { number, onLanguageChange, t, translatePage, wireLanguageSwitch } from "./i18n.js";
import { importPage } from "./import.js";
import { problemNote } from "./notices.js";
import { tryPage } from "./try.js";

const TABS = ["try", "clusters", "import"];
/** What each role may open; the server decides, this only spares people pages that would be refused. */
const TABS_OF = { agent: ["try"], supervisor: TABS, kb_editor: ["try", "clusters"], auditor: ["clusters"], admin: TABS };
const DESK_KEY = "riposte.desk";
const USER_KEY = "riposte.user";

/** While something waits to be indexed the counts are asked for again this often. */
const PENDING_REFRESH_MS = 4000;

const state = { desks: [], desk: null, tab: "try", tabs: TABS, userName: recall(USER_KEY) };

function recall(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function remember(key, value) {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  } catch {
    // Not remembered; nothing else depends on it.
  }
}

const pages = {
  try: tryPage({ desk: () => state.desk }),
  clusters: clustersPage({ desk: () => state.desk, tryQuestion, mayTry: () => state.tabs.includes("try"), mayRebuild: () => state.role !== "auditor" }),
  import: importPage({ desk: () => state.desk, desksChanged: refreshDesks }),
};

function tryQuestion(text) {
  openTab("try");
  pages.try.start([{ role: "customer", text }]);
}

// --- signing in and out -------------------------------------------------------------------------------------------------

function showLanding(note) {
  byId("console").hidden = true;
  byId("landing").hidden = false;
  byId("sign-out").hidden = true;
  byId("user-name").hidden = true;
  document.body.classList.remove("working");
  fill(byId("sign-in-problem"), note ? el("p", { class: "hint-warn", text: note }) : null);
  // On a small screen the words come first, and the focus would scroll past them and open the keyboard.
  if (note || matchMedia("(min-width: 60.001rem)").matches) byId("sign-in-name").focus();
}

function showConsole([desks, me]) {
  state.role = me.role;
  state.tabs = TABS_OF[me.role] ?? TABS;
  byId("landing").hidden = true;
  byId("console").hidden = false;
  byId("sign-out").hidden = false;
  byId("user-name").hidden = !state.userName;
  byId("user-name").textContent = state.userName || "";
  document.body.classList.add("working");
  takeDesks(desks);
  const wanted = location.hash.slice(1);
  openTab(state.tabs.includes(wanted) ? wanted : state.tabs[0], { focus: false });
}

byId("sign-in").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.currentTarget;
  const submit = byId("sign-in-submit");
  submit.disabled = true;
  submit.textContent = t("signin.busy");
  fill(byId("sign-in-problem"));
  try {
    const name = form.elements.name.value.trim();
    await api.signIn(name, form.elements.password.value);
    form.reset();
    state.userName = name;
    remember(USER_KEY, name);
    showConsole(await Promise.all([api.desks(), api.me()]));
  } catch (error) {
    const note = error.status === 401 ? el("p", { class: "hint-warn", role: "alert", text: t("signin.wrong") }) : problemNote(error);
    fill(byId("sign-in-problem"), note);
    byId("sign-in-password").focus();
    byId("sign-in-password").select();
  } finally {
    submit.disabled = false;
    submit.textContent = t("signin.submit");
  }
});

byId("sign-out").addEventListener("click", async () => {
  try {
    await api.signOut();
  } catch (error) {
    // A session that is over already is as good as signed out; any other failure must be seen.
    if (error.status !== 401) {
      fill(byId("boot-problem"), problemNote(error)).hidden = false;
      return;
    }
  }
  state.userName = null;
  remember(USER_KEY, null);
  // A fresh page holds nothing of the last person's conversations.
  location.assign("/");
});

api.whenUnauthorised(() => {
  if (!byId("console").hidden) showLanding(t("signin.ended"));
});

// --- desks --------------------------------------------------------------------------------------------------------------

let pendingTimer;

function takeDesks(desks) {
  state.desks = desks;
  const known = (id) => desks.some((desk) => desk.id === id);
  const wanted = [state.desk, recall(DESK_KEY)].find((id) => id && known(id));
  const next = wanted || (desks[0] ? desks[0].id : null);
  const changed = next !== state.desk;
  clearTimeout(pendingTimer);
  if (desks.some((desk) => desk.counts && desk.counts.index_pending > 0)) pendingTimer = setTimeout(refreshDesks, PENDING_REFRESH_MS);
  state.desk = next;
  drawDesks();
  if (changed) for (const page of Object.values(pages)) page.deskChanged();
}

async function refreshDesks() {
  try {
    const desks = await api.desks();
    if (!byId("console").hidden) takeDesks(desks);
  } catch {
    // The counts stay as they were; whatever is wrong shows with the next act.
  }
}

function drawDesks() {
  const select = byId("desk");
  // Redrawn only when it differs: an open list must not close under the hand of whoever is choosing.
  if ([...select.options].map((option) => option.value).join("\n") !== state.desks.map((desk) => desk.id).join("\n")) fill(select, state.desks.map((desk) => el("option", { value: desk.id, text: desk.id, })));
  select.value = state.desk ?? "";
  select.disabled = state.desks.length === 0;
  const desk = state.desks.find((candidate) => candidate.id === state.desk);
  const counts = desk && desk.counts;
  const items = ["conversations", "messages", "pairs", "questions", "entries"]
    .filter((name) => counts && counts[name] !== undefined)
    .map((name) => el("span", { class: "count" }, el("b", { text: number(counts[name]) }), ` ${t(`count.${name}`)}`));
  const pending = counts && counts.index_pending > 0 ? el("span", { class: "count pending", text: t("count.pending", { n: number(counts.index_pending) }) }) : null;
  fill(byId("desk-counts"), items, pending);
  drawPanels();
}

byId("desk").addEventListener("change", (event) => {
  state.desk = event.target.value;
  remember(DESK_KEY, state.desk);
  drawDesks();
  for (const page of Object.values(pages)) page.deskChanged();
  pages[state.tab].opened();
});

// --- tabs ---------------------------------------------------------------------------------------------------------------

function drawPanels() {
  const none = state.desks.length === 0;
  byId("no-desk").hidden = !none;
  if (none) fill(byId("no-desk"), emptyState(t("desk.none"), t("desk.noneText")));
  for (const name of TABS) {
    const selected = name === state.tab;
    const tab = byId(`tab-${name}`);
    tab.hidden = !state.tabs.includes(name);
    tab.setAttribute("aria-selected", String(selected));
    tab.tabIndex = selected ? 0 : -1;
    byId(`panel-${name}`).hidden = none || !selected;
  }
}

function openTab(name, { focus = true } = {}) {
  state.tab = name;
  document.body.dataset.tab = name;
  history.replaceState(null, "", `#${name}`);
  drawPanels();
  if (state.desk) pages[name].opened();
  if (focus) byId(`tab-${name}`).focus();
}

for (const name of TABS) {
  const tab = byId(`tab-${name}`);
  tab.addEventListener("click", () => openTab(name));
  tab.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const { tabs } = state;
    const target = step ? tabs[(tabs.indexOf(name) + step + tabs.length) % tabs.length] : { Home: tabs[0], End: tabs.at(-1) }[event.key];
    if (!target) return;
    event.preventDefault();
    openTab(target);
  });
}

// --- start --------------------------------------------------------------------------------------------------------------

translatePage();
wireLanguageSwitch(byId("language"));
onLanguageChange(() => {
  drawDesks();
  for (const page of Object.values(pages)) page.languageChanged();
});

async function start() {
  byId("boot-problem").hidden = true;
  // The cookie cannot be seen from here. Without a remembered name nobody has signed in with this browser: no need to ask and be refused.
  if (!state.userName) {
    showLanding();
    return;
  }
  try {
    showConsole(await Promise.all([api.desks({ probe: true }), api.me({ probe: true })]));
  } catch (error) {
    if (error.status === 401) showLanding();
    else fill(byId("boot-problem"), problemNote(error, { onRetry: start })).hidden = false;
  }
}

start();
