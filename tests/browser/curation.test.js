// Frequent questions: found, merged, split, moved, decided, taken back, and made into entries that agents get.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { askApi, pick, signIn, suggest } from "./browser.js";
import { DESK, PASSWORD } from "./server.js";
import { assertSound, LANGUAGES, WINDOWS, withServer } from "./suite.js";

const { withPage } = withServer();

const WORDS = {
  zh: { title: "常见问题", approved: "已认可", overtaken: "其他人刚刚改动过", undo: "撤销", fee: "一年149元，开通后立即生效。", otherFee: "一年99元，开通后立即生效。", answer: "荞麦枕芯可以单独买，客服会发链接给您。" },
  en: { title: "Frequent questions", approved: "Approved", overtaken: "Somebody else changed this", undo: "Undo", fee: "It costs 149 yuan a year and starts at once.", otherFee: "It costs 99 yuan a year and starts at once.", answer: "The filling can be bought on its own, we will send you the link." },
};

const list = (language, more = "") => `/clusters?desk=${DESK}&language=${language}${more}`;
const rows = (page) => page.locator("tbody tr.ant-table-row");
const clustersOf = (page, language, more = "") => askApi(page, "GET", `/v1/clusters?desk=${DESK}&language=${language}${more}`).then(({ body }) => body.items);

async function openList(page, language, more = "", name = "edi") {
  await signIn(page, name, PASSWORD, list(language, more));
  await page.getByTestId("cluster-link").first().waitFor();
}

/** Opens the cluster at this place of the list. */
async function openCluster(page, language, place, more = "") {
  await openList(page, language, more);
  await page.getByTestId("cluster-link").nth(place).click();
  await page.getByTestId("cluster-page").waitFor();
  return new URL(page.url()).pathname.split("/").pop();
}

for (const language of LANGUAGES) {
  const words = WORDS[language];

  describe(language, { concurrency: false }, () => {
    test("an editor merges two clusters and promotes one, and a suggestion for its question is that entry", () =>
      withPage({ language, expected: [/404/, /409/] }, async (page) => {
        await openList(page, language, "&covered=false");
        const before = await clustersOf(page, language, "&covered=false");
        const [one, other] = before;
        for (const place of [0, 1]) await rows(page).nth(place).locator("input[type=checkbox]").check();
        await page.getByTestId("bulk-merge").click();
        assert.equal(await page.getByTestId("merge-choice").count(), 2);
        await page.getByTestId("merge-choice").filter({ hasText: one.name }).first().click();
        await page.getByTestId("merge-confirm").click();
        await page.getByTestId("decided").waitFor();
        const stayed = (await askApi(page, "GET", `/v1/clusters/${one.id}?desk=${DESK}`)).body;
        assert.equal(stayed.size, one.size + other.size);
        assert.equal((await askApi(page, "GET", `/v1/clusters/${other.id}?desk=${DESK}`)).status, 404);

        await page.goto(`/clusters/${one.id}?desk=${DESK}`);
        await page.getByTestId("promote").click();
        await page.getByTestId("provenance").filter({ hasText: stayed.name }).waitFor();
        assert.equal(await page.getByTestId("question-input").first().inputValue(), stayed.representative);
        // An answer is about what was asked; one that is about something else is rightly not the first.
        const answer = `${stayed.representative} ${words.answer}`;
        await page.getByTestId("answer-input").fill(answer);
        await page.getByTestId("answer-preview").filter({ hasText: words.answer }).waitFor();
        await page.getByTestId("promote-publish").click();
        // Entries about the same thing may be there already, in other words.
        const promoted = page.getByTestId("promoted");
        await promoted.or(page.getByTestId("promote-anyway")).waitFor();
        if (!(await promoted.isVisible())) await page.getByTestId("promote-anyway").click();
        await promoted.waitFor();
        const entry = await page.getByTestId("promoted").getAttribute("data-entry");
        const set = await suggest(page, stayed.representative);
        assert.equal(set.suggestions[0]?.text, answer);
        assert.ok(set.suggestions[0].evidence.some((evidence) => evidence.id === entry));
        await page.getByTestId("open-entry").click();
        await page.getByTestId("entry-source").locator(`a[href*="${one.id}"]`).waitFor();
        assert.equal((await askApi(page, "GET", `/v1/clusters/${one.id}?desk=${DESK}`)).body.state, "approved");
      }));

    test("an entry that asks the same is named before another one is made", () =>
      withPage({ language, expected: [/409/] }, async (page) => {
        await openCluster(page, language, 0);
        const [entry] = (await askApi(page, "GET", `/v1/entries?desk=${DESK}&language=${language}&status=published&limit=1`)).body.items;
        await page.getByTestId("promote-answer").first().click();
        await page.getByTestId("question-input").first().fill(entry.questions[0]);
        // It is named by its nearest question, which may be any of them.
        await page.getByTestId("near-duplicate").locator(`a[href*="${entry.id}"]`).first().waitFor();
        await page.getByTestId("promote-draft").click();
        await page.getByTestId("near-duplicate-refused").waitFor();
        await page.getByTestId("promote-anyway").click();
        await page.getByTestId("promoted").waitFor();
      }));

    test("questions are added to an entry that is there; an answer against it is pointed out; edits are not lost unasked", () =>
      withPage({ language }, async (page) => {
        const id = await openCluster(page, language, 2);
        const { body: cluster } = await askApi(page, "GET", `/v1/clusters/${id}?desk=${DESK}`);
        const { body: entry } = await askApi(page, "POST", "/v1/entries", { desk: DESK, status: "published", language, questions: [cluster.proposed_questions[0]], answer: words.fee });
        await page.getByTestId("promote").click();
        await page.getByTestId("answer-input").fill(words.otherFee);
        await page.getByTestId("contradicts-entry").filter({ hasText: words.fee }).waitFor();
        await assertSound(page, "contradicts an entry");
        await page.locator(".ant-drawer-footer .ant-btn").last().click();
        await page.locator(".ant-modal-confirm-btns .ant-btn").first().click();
        assert.equal(await page.getByTestId("answer-input").inputValue(), words.otherFee);

        await page.getByTestId("near-duplicate").filter({ has: page.locator(`a[href*="${entry.id}"]`) }).getByTestId("merge-into").click();
        await page.getByTestId("merged-into").waitFor();
        const { body: now } = await askApi(page, "GET", `/v1/entries/${entry.id}?desk=${DESK}`);
        assert.deepEqual([now.answer, now.questions], [words.fee, cluster.proposed_questions]);
        assert.equal((await askApi(page, "GET", `/v1/clusters/${id}?desk=${DESK}`)).body.state, "approved");
        await page.getByTestId("open-entry").click();
        await page.getByTestId("entry-page").waitFor();
      }));

    test("two editors decide about one cluster: the slower one is told, and looks again", () =>
      withPage({ language, expected: [/412/] }, async (mine) => {
        const id = await openCluster(mine, language, 1);
        await withPage({ language }, async (theirs) => {
          await signIn(theirs, "sun", PASSWORD, `/clusters/${id}?desk=${DESK}`);
          await theirs.getByTestId("rename").click();
          await theirs.getByTestId("name-field").fill(`Sun (${language})`);
          await theirs.getByTestId("name-save").click();
          await theirs.getByTestId("decided").waitFor();
        });
        await mine.getByTestId("approve").click();
        await mine.getByTestId("overtaken").filter({ hasText: words.overtaken }).waitFor();
        await assertSound(mine, "overtaken");
        assert.equal((await askApi(mine, "GET", `/v1/clusters/${id}?desk=${DESK}`)).body.state, "open");
        await mine.getByTestId("look-again").click();
        await mine.getByTestId("cluster-name").filter({ hasText: `Sun (${language})` }).waitFor();
        await mine.getByTestId("approve").click();
        await mine.locator('[data-testid="cluster-state"][data-state="approved"]').filter({ hasText: words.approved }).waitFor();
        const decisions = mine.getByTestId("decisions");
        await decisions.locator('[data-kind="approve"]').waitFor();
        await decisions.getByTestId("undo").first().click();
        await mine.locator('[data-testid="cluster-state"][data-state="open"]').waitFor();
        await decisions.locator('[data-kind="undo"]').waitFor();
      }));

    test("questions are moved by dragging and by ticking, and split off", () =>
      withPage({ language }, async (page) => {
        await page.setViewportSize({ width: 1280, height: 1600 });
        const id = await openCluster(page, language, 2);
        const show = async (of) => (await askApi(page, "GET", `/v1/clusters/${of}?desk=${DESK}`)).body;
        const before = await show(id);
        const target = page.getByTestId("other").first();
        const goal = await show(await target.getAttribute("data-cluster"));

        await page.getByTestId("question").nth(0).dragTo(target);
        await page.getByTestId("cluster-size").filter({ hasText: new RegExp(`^${before.size - 1}$`) }).waitFor();
        assert.equal((await show(goal.id)).size, goal.size + 1);

        await page.getByTestId("question").nth(0).locator("input").check();
        // One question more may have given the cluster another name.
        await page.getByTestId("others-search").fill((await show(goal.id)).name);
        await page.locator(`[data-testid="other"][data-cluster="${goal.id}"]`).getByTestId("move-here").click();
        await page.getByTestId("cluster-size").filter({ hasText: new RegExp(`^${before.size - 2}$`) }).waitFor();
        assert.equal((await show(goal.id)).size, goal.size + 2);

        await page.getByTestId("question").nth(0).locator("input").check();
        await page.getByTestId("question").nth(1).locator("input").check();
        await page.getByTestId("split").click();
        await page.getByTestId("split-name").fill(`Split (${language})`);
        await page.getByTestId("split-confirm").click();
        await page.getByTestId("cluster-size").filter({ hasText: new RegExp(`^${before.size - 4}$`) }).waitFor();
        assert.equal(await page.locator('[data-testid="decision"][data-kind="move"]').count(), 2);
        await page.locator('[data-testid="decision"][data-kind="split"]').waitFor();

        await page.getByTestId("propose-split").click();
        await page.getByTestId("split-proposal").waitFor();
        assert.ok((await page.getByTestId("split-proposal").locator("input[type=radio]").count()) >= 2);
        await page.keyboard.press("Escape");
      }));

    test("the list is worked through with the keyboard alone", () =>
      withPage({ language }, async (page) => {
        await openList(page, language, "&state=open&sort=recent");
        const [first, second] = await clustersOf(page, language, "&state=open&sort=recent");
        await page.keyboard.press("j");
        await page.keyboard.press("a");
        await page.getByTestId("decided").waitFor();
        assert.equal((await askApi(page, "GET", `/v1/clusters/${first.id}?desk=${DESK}`)).body.state, "approved");
        await page.getByTestId("decided").getByRole("button", { name: words.undo }).click();
        await page.getByTestId("cluster-link").filter({ hasText: first.name }).first().waitFor();
        assert.equal((await askApi(page, "GET", `/v1/clusters/${first.id}?desk=${DESK}`)).body.state, "open");

        await page.keyboard.press("j");
        await page.keyboard.press("d");
        await page.getByTestId("dismiss-why").fill("not for us");
        await page.keyboard.press("Enter");
        await page.getByTestId("cluster-link").filter({ hasText: second.name }).first().waitFor({ state: "detached" });
        const dismissed = (await askApi(page, "GET", `/v1/clusters/${second.id}?desk=${DESK}`)).body;
        assert.deepEqual([dismissed.state, dismissed.dismissed_why], ["dismissed", "not for us"]);
        await page.locator(".ant-modal-wrap").waitFor({ state: "hidden" });
        await page.keyboard.press("/");
        await page.keyboard.type(first.name);
        await page.waitForURL(/[?&]q=/);
        await page.getByTestId("cluster-link").filter({ hasText: first.name }).first().waitFor();
      }));

    for (const colorScheme of ["light", "dark"]) {
      test(`the pages are accessible and fit, ${colorScheme}`, () =>
        withPage({ language, colorScheme }, async (page) => {
          await openList(page, language, "", "sun");
          // How wide a page is does not depend on its colours.
          for (const [size, window] of Object.entries(WINDOWS).slice(0, colorScheme === "light" ? 2 : 1)) {
            await page.setViewportSize(window);
            await page.getByTestId("cluster-link").first().waitFor();
            await assertSound(page, `list, ${size}`);
            for (const [address, there] of [["/clusters/outliers", "outlier"], ["/clusters/decisions", "decision"], ["/clusters/map", "cluster-map"]]) {
              await page.getByTestId(`tab-${address}`).click();
              await page.getByTestId(there).first().waitFor();
              await assertSound(page, `${address}, ${size}`);
            }
            await page.getByTestId("tab-/clusters").click();
            await page.getByTestId("cluster-link").first().click();
            await page.getByTestId("cluster-page").waitFor();
            await page.locator(".chart canvas").waitFor();
            await assertSound(page, `cluster, ${size}`);
            await page.getByTestId("promote").click();
            await page.getByTestId("provenance").waitFor();
            await assertSound(page, `promotion, ${size}`);
            await page.keyboard.press("Escape");
            await page.keyboard.press("u");
          }
        }));
    }
  });
}

test("the map shows every cluster, tells its figures as a table, and a click opens one", () =>
  withPage({}, async (page) => {
    await signIn(page, "edi", PASSWORD, `/clusters/map?desk=${DESK}`);
    const map = page.getByTestId("cluster-map");
    const canvas = map.locator("canvas");
    await canvas.waitFor();
    const { items } = (await askApi(page, "GET", `/v1/clusters/map?desk=${DESK}`)).body;
    await map.locator(".ant-segmented-item").nth(1).click();
    assert.equal(await map.locator("tbody tr").count(), items.length);
    await map.locator(".ant-segmented-item").first().click();
    await canvas.waitFor();
    // The largest lies where its coordinates say: the plot is the canvas without its margins, 1.12 to each side.
    const largest = items.reduce((a, b) => (b.size > a.size ? b : a));
    const box = await canvas.boundingBox();
    const place = (value, from, length) => from + ((value + 1.12) / 2.24) * length;
    await page.waitForFunction(() => document.getAnimations().every((animation) => animation.playState !== "running"));
    await page.waitForTimeout(400); // the chart's own animation, which the document does not know
    await canvas.click({ position: { x: place(largest.x, 8, box.width - 16), y: place(-largest.y, 40, box.height - 48) } });
    await page.getByTestId("cluster-page").waitFor();
    // Another one may lie on top of it.
    assert.ok(items.some(({ id }) => page.url().includes(id)));
  }));

test("pages of the list come from the server, columns are chosen and kept", () =>
  withPage({}, async (page) => {
    await signIn(page, "edi", PASSWORD, `/clusters?desk=${DESK}`);
    await page.getByTestId("cluster-link").first().waitFor();
    await pick(page, page.locator(".pager .ant-select"), /^25 /);
    await page.waitForFunction(() => document.querySelectorAll("tbody tr.ant-table-row").length === 25);
    const seen = await page.getByTestId("cluster-link").allInnerTexts();
    await page.getByTestId("page-next").click();
    await page.getByTestId("cluster-link").filter({ hasText: seen[0] }).first().waitFor({ state: "detached" });
    assert.ok((await rows(page).count()) > 0);
    await page.getByTestId("page-previous").click();
    await page.getByTestId("cluster-link").filter({ hasText: seen[0] }).first().waitFor();
    const table = page.getByTestId("table-clusters");
    await table.locator("thead th").nth(1).waitFor();
    const headings = await table.locator("thead th").count();
    await page.getByTestId("columns").click();
    await page.getByTestId("column-chooser").locator("input:not(:checked)").first().check();
    await page.reload();
    await page.getByTestId("cluster-link").first().waitFor();
    assert.equal(await table.locator("thead th").count(), headings + 1);
  }));

test("an agent reads entries, and neither changes them nor sees clusters", () =>
  withPage({}, async (page) => {
    await signIn(page, "lin", PASSWORD, `/knowledge?desk=${DESK}`);
    await page.getByTestId("entry-link").first().waitFor();
    assert.equal(await page.getByTestId("menu-/clusters").count(), 0);
    assert.equal(await page.getByTestId("new-entry").count(), 0);
  }));
