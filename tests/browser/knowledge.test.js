// Knowledge entries: written, published, changed by two people at once, compared, brought back, imported and exported.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, test } from "node:test";
import { askApi, signIn, suggest } from "./browser.js";
import { DESK, PASSWORD } from "./server.js";
import { assertSound, LANGUAGES, WINDOWS, withServer } from "./suite.js";

const { withPage } = withServer();

const WORDS = {
  zh: { question: "遮光窗帘能定做三米五宽的吗", answer: "可以定做，**最宽四米**，七天发货。", shown: "最宽四米", later: "可以定做，最宽三米六，十天发货。", overtaken: "改过这个条目", published: "已发布" },
  en: { question: "Can blackout curtains be made 3.5 metres wide?", answer: "Yes, **up to four metres**, sent within seven days.", shown: "up to four metres", later: "Yes, up to 3.6 metres, sent within ten days.", overtaken: "changed this", published: "Published" },
};

async function openEntries(page, more = "", name = "edi") {
  await signIn(page, name, PASSWORD, `/knowledge?desk=${DESK}${more}`);
  await page.getByTestId("entry-link").first().waitFor();
}

/** Makes an entry through the API and opens it. */
async function openNew(page, entry) {
  await signIn(page, "edi", PASSWORD, `/profile?desk=${DESK}`);
  const { body } = await askApi(page, "POST", "/v1/entries", { desk: DESK, status: "published", ...entry });
  await page.goto(`/knowledge/${body.id}?desk=${DESK}`);
  await page.getByTestId("entry-form").waitFor();
  return body;
}

const present = (page, id) => askApi(page, "GET", `/v1/entries/${id}?desk=${DESK}`).then(({ body }) => body);

for (const language of LANGUAGES) {
  const words = WORDS[language];

  describe(language, { concurrency: false }, () => {
    test("an entry is written, published, changed, compared and brought back", () =>
      withPage({ language }, async (page) => {
        await openEntries(page);
        await page.getByTestId("new-entry").click();
        await page.getByTestId("question-input").fill(words.question);
        await page.getByTestId("publish").click();
        await page.locator(".ant-form-item-explain-error").first().waitFor();
        await page.getByTestId("answer-input").fill(words.answer);
        await page.getByTestId("answer-preview").locator("strong", { hasText: words.shown }).waitFor();
        await page.getByTestId("save-draft").click();
        await page.getByTestId("entry-page").waitFor();
        const id = new URL(page.url()).pathname.split("/").pop();
        assert.equal((await present(page, id)).status, "draft");
        await page.getByTestId("publish").click();
        await page.locator('[data-testid="entry-status"][data-status="published"]').filter({ hasText: words.published }).waitFor();
        const offered = await suggest(page, words.question);
        assert.ok(offered.suggestions[0].evidence.some((evidence) => evidence.id === id));

        await page.getByTestId("answer-input").fill(words.later);
        await page.getByTestId("entry-note").fill("narrower now");
        await page.getByTestId("save").click();
        await page.locator('[data-testid="entry-page"][data-version="3"]').waitFor();
        await page.getByTestId("to-versions").click();
        await page.getByTestId("version-diff").locator("ins").first().waitFor();
        assert.ok((await page.getByTestId("version-diff").locator("del").count()) > 0);
        await page.getByText("narrower now").first().waitFor();
        await page.getByTestId("rollback-2").click();
        await page.getByTestId("rollback-confirm").click();
        await page.locator('[data-testid="entry-page"][data-version="4"]').waitFor();
        assert.equal((await present(page, id)).answer, words.answer);

        await page.goto(`/knowledge/${id}?desk=${DESK}`);
        await page.getByTestId("retire").click();
        await page.locator(".ant-popover").getByRole("button").last().click();
        await page.locator('[data-testid="entry-status"][data-status="retired"]').waitFor();
        assert.ok((await suggest(page, words.question)).suggestions.every((suggestion) => suggestion.evidence.every((evidence) => evidence.id !== id)));
      }));

    test("two editors change one entry: the slower one sees what the other did, and both changes stay", () =>
      withPage({ language, expected: [/412/] }, async (page) => {
        const entry = await openNew(page, { questions: [`${words.question} (2)`], answer: words.answer });
        await withPage({ language }, async (theirs) => {
          await signIn(theirs, "sun", PASSWORD, `/knowledge/${entry.id}?desk=${DESK}`);
          await theirs.getByTestId("answer-input").fill(words.later);
          await theirs.getByTestId("save").click();
          await theirs.locator('[data-testid="entry-page"][data-version="2"]').waitFor();
        });
        await page.getByTestId("entry-owner").fill("curtains@shop.example");
        await page.getByTestId("save").click();
        const notice = page.getByTestId("overtaken");
        await notice.filter({ hasText: words.overtaken }).waitFor();
        await notice.locator("ins").first().waitFor();
        await assertSound(page, "overtaken");
        assert.equal(await page.getByTestId("entry-owner").inputValue(), "curtains@shop.example");
        await page.getByTestId("save-mine").click();
        await page.locator('[data-testid="entry-page"][data-version="3"]').waitFor();
        const now = await present(page, entry.id);
        assert.deepEqual([now.owner, now.answer], ["curtains@shop.example", words.later]);
      }));

    test("what asks the same is named while one writes; unsaved words are not lost unasked", () =>
      withPage({ language, expected: [/409/] }, async (page) => {
        await openEntries(page, `&language=${language}&status=published`);
        const question = await page.getByTestId("entry-link").first().innerText();
        await page.goto(`/knowledge/new?desk=${DESK}&question=${encodeURIComponent(question)}`);
        assert.equal(await page.getByTestId("question-input").inputValue(), question);
        await page.getByTestId("near-duplicate").filter({ hasText: question }).first().waitFor();
        await page.getByTestId("answer-input").fill(words.answer);
        await page.getByTestId("menu-/worklists/gaps").click();
        await page.locator(".ant-modal-footer button").first().click();
        assert.equal(new URL(page.url()).pathname, "/knowledge/new");
        await page.getByTestId("save-draft").click();
        await page.getByTestId("near-duplicate-refused").waitFor();
        await page.getByTestId("save-anyway").click();
        await page.getByTestId("entry-page").waitFor();
      }));

    test("a file is tried, then imported without its bad rows, and exported", () =>
      withPage({ language, acceptDownloads: true }, async (page) => {
        await openEntries(page);
        await page.getByTestId("to-import").click();
        const rows = ["id,questions,answer,status,valid_to", `file-${language},"${words.question} (3)","${words.later}",draft,`, `late-${language},${words.question} (4),x,draft,soon`, `none-${language},,x,draft,`];
        await page.locator("input[type=file]").setInputFiles({ name: "faq.csv", mimeType: "text/csv", buffer: Buffer.from(rows.join("\n")) });
        const report = page.getByTestId("import-report");
        await report.and(page.locator('[data-dry="true"]')).waitFor();
        assert.deepEqual([await page.getByTestId("report-new").innerText(), await page.getByTestId("report-rejected").innerText()], ["1", "2"]);
        await assertSound(page, "report");
        const bad = page.waitForEvent("download");
        await page.getByTestId("rejected-csv").click();
        assert.match(await readFile(await (await bad).path(), "utf8"), /valid_to/);
        const search = () => askApi(page, "GET", `/v1/entries?desk=${DESK}&q=file-${language}`).then(({ body }) => body.items.length);
        assert.equal(await search(), 0);
        await page.getByTestId("import-confirm").click();
        await report.and(page.locator('[data-dry="false"]')).waitFor();
        assert.equal(await search(), 1);

        await page.getByTestId("menu-/knowledge").click();
        await page.getByTestId("export").click();
        const file = page.waitForEvent("download");
        await page.getByTestId("export-csv").click();
        const text = await readFile(await (await file).path(), "utf8");
        assert.ok(text.includes(`file-${language}`) && text.includes(words.question));
        await page.getByTestId("to-import").click();
        await page.locator("input[type=file]").setInputFiles({ name: "notes.doc", mimeType: "application/msword", buffer: Buffer.from("x") });
        await page.getByTestId("import-unknown").waitFor();
      }));

    for (const colorScheme of ["light", "dark"]) {
      test(`the pages are accessible and fit, ${colorScheme}`, () =>
        withPage({ language, colorScheme }, async (page) => {
          await openEntries(page);
          // How wide a page is does not depend on its colours.
          for (const [size, window] of Object.entries(WINDOWS).slice(0, colorScheme === "light" ? 2 : 1)) {
            await page.setViewportSize(window);
            await page.getByTestId("entry-link").first().waitFor();
            await assertSound(page, `list, ${size}`);
            await page.getByTestId("entry-link").first().click();
            await page.getByTestId("entry-form").waitFor();
            await assertSound(page, `entry, ${size}`);
            await page.getByTestId("to-versions").click();
            await page.getByTestId("versions").locator("tbody tr.ant-table-row").first().waitFor();
            await assertSound(page, `versions, ${size}`);
            await page.goto(`/knowledge/new?desk=${DESK}`);
            await page.getByTestId("entry-form").waitFor();
            await assertSound(page, `new, ${size}`);
            await page.goto(`/knowledge/import?desk=${DESK}`);
            await page.getByTestId("import-page").waitFor();
            await assertSound(page, `import, ${size}`);
            await page.goto(`/knowledge?desk=${DESK}`);
          }
        }));
    }
  });
}

test("several entries are retired and published again at once; one that somebody else changed is left alone", () =>
  withPage({ expected: [/412/] }, async (page) => {
    await openEntries(page);
    const [one, other, third] = (await askApi(page, "GET", `/v1/entries?desk=${DESK}&limit=50`)).body.items.filter((entry) => entry.status === "published");
    const show = async ({ id }) => (await askApi(page, "GET", `/v1/entries/${id}?desk=${DESK}`)).body;
    const choose = async (entries) => {
      // By its key: another entry may ask the same.
      for (const { id } of entries) await page.locator(`tbody tr[data-row-key="${id}"] input[type=checkbox]`).check();
    };
    await choose([one, other]);
    await page.getByTestId("bulk-retire").click();
    await page.locator("#bulk-retire-sure").click();
    await page.getByTestId("entry-bulk").waitFor({ state: "detached" });
    assert.deepEqual([(await show(one)).status, (await show(other)).status], ["retired", "retired"]);

    await choose([one, third]);
    // A colleague edits one of them on another page.
    await askApi(page, "PATCH", `/v1/entries/${one.id}?desk=${DESK}`, { note: "looked at it", tags: ["seen"] }, (await show(one)).version);
    await page.getByTestId("bulk-publish").click();
    await page.locator(".ant-message-warning").waitFor();
    assert.equal((await show(one)).status, "retired");
    await page.reload();
    await choose([one, other]);
    await page.getByTestId("bulk-publish").click();
    await page.getByTestId("entry-bulk").waitFor({ state: "detached" });
    assert.deepEqual([(await show(one)).status, (await show(other)).status, (await show(third)).status], ["published", "published", "published"]);
  }));

test("entries are found by words, status and tag, and the address keeps it", () =>
  withPage({}, async (page) => {
    await openEntries(page);
    await page.getByTestId("entry-search").fill("invoice");
    await page.waitForURL(/[?&]q=invoice/);
    await page.getByTestId("entry-link").filter({ hasText: "How do I get an invoice?" }).waitFor();
    await page.locator(".tag-link", { hasText: "tax" }).first().click();
    await page.getByTestId("tag-filter").waitFor();
    await page.reload();
    await page.getByTestId("entry-link").filter({ hasText: "How do I get an invoice?" }).waitFor();
    assert.equal(await page.getByTestId("entry-link").count(), 1);
    await page.getByTestId("entry-search").fill("no such words anywhere");
    await page.getByTestId("empty").waitFor();
  }));
