// The pages as people use them, in Chinese and in English, by keyboard and by pointer.

import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { accessibilityFaults, launch, openPage, signIn, tabTo } from "./browser.js";
import { DESK, PASSWORD, startServer } from "./server.js";

const WORDS = {
  zh: {
    opening: "你好，我们公司买了12把餐椅，怎么开发票？",
    openingWord: "发票",
    followUp: "专票呢？",
    answer: /专票|专用发票/,
    smallTalk: "好的谢谢",
    signOut: "退出登录",
    question: "退货的运费谁出？",
  },
  en: {
    opening: "Hi, I'd like an invoice for my order.",
    openingWord: "invoice for my order",
    followUp: "and one for my company?",
    answer: /company (?:title|name)/i,
    smallTalk: "thanks a lot!",
    signOut: "Sign out",
    question: "Who pays the postage if I send it back?",
  },
};

let server;
let browser;

before(async () => {
  server = await startServer();
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

/** Opens a page, runs `steps` on it, and lets nothing pass that the page must not have done. */
async function withPage(options, steps) {
  const { page, context, complaints } = await openPage(browser, server.url, options);
  page.setDefaultTimeout(20_000);
  try {
    await steps(page);
    assert.deepEqual(complaints, []);
  } finally {
    await context.close();
  }
}

const cards = (page) => page.getByTestId("suggestion-card");
const value = (page) => page.getByTestId("message-input").inputValue();

/** Waits for the answer to the request that `act` brings about. */
async function suggested(page, act) {
  const answered = page.waitForResponse((response) => response.url().endsWith("/v1/suggestions"));
  await act();
  assert.equal((await answered).status(), 200);
  await page.locator('[data-testid="suggestions"][aria-busy="false"]').waitFor();
}

/** Sends as the customer, with the keyboard. */
const say = (page, text) =>
  suggested(page, async () => {
    await tabTo(page, "message-input");
    await page.keyboard.type(text);
    await page.keyboard.press("Enter");
  });

const feedback = (page, kind) =>
  page.waitForResponse((response) => response.url().endsWith("/feedback") && response.request().postDataJSON().kind === kind);

for (const language of ["zh", "en"]) {
  const words = WORDS[language];

  describe(language, { concurrency: false }, () => {
    test("a conversation is held with the keyboard alone", () =>
      withPage({ language }, async (page) => {
        await page.goto("/");
        await tabTo(page, "sign-in-name");
        await page.keyboard.type("ada");
        await page.keyboard.press("Tab");
        await page.keyboard.type(PASSWORD);
        await page.keyboard.press("Enter");
        await page.getByTestId("console").waitFor();

        await say(page, words.opening);
        await cards(page).first().waitFor();
        const reply = await cards(page).first().getByTestId("suggestion-text").innerText();

        await page.keyboard.press("Alt+1");
        assert.equal(await value(page), reply);
        const accepted = feedback(page, "accepted");
        await page.keyboard.press("Enter");
        assert.ok((await accepted).ok());
        assert.equal(await page.locator('[data-testid="chat-message"][data-role="agent"]').innerText().then((text) => text.includes(reply)), true);

        // The follow-up says nothing by itself.
        await say(page, words.followUp);
        await page.getByTestId("understood-query").filter({ hasText: words.openingWord }).waitFor();
        assert.match(await cards(page).getByTestId("suggestion-text").allInnerTexts().then((texts) => texts.slice(0, 2).join("\n")), words.answer);
        for (const card of await cards(page).all()) {
          assert.match(await card.getByTestId("suggestion-score").innerText(), /^>?\d{1,2}%$/);
          assert.match(await card.getByTestId("suggestion-support").innerText(), /\d/);
          assert.ok((await card.getByTestId("evidence-row").count()) > 0, "every suggestion names its source");
        }

        // Outside a text field the bare digit does it.
        await tabTo(page, "role-customer", "Shift+Tab");
        await page.keyboard.press("1");
        assert.equal(await value(page), await cards(page).first().getByTestId("suggestion-text").innerText());
        assert.equal(await page.getByTestId("role-agent").isChecked(), true);
        const edited = feedback(page, "edited");
        await page.keyboard.type("!");
        await page.keyboard.press("Enter");
        assert.ok((await edited).ok());
      }));

    test("the source of a suggestion opens, and a suggestion is rejected with a reason", () =>
      withPage({ language }, async (page) => {
        await signIn(page, "ada", PASSWORD);
        await suggested(page, () => page.locator(`[data-example="shop-invoice-${language}"]`).click());
        for (const kind of ["conversation", "entry"]) {
          const row = page.locator(`[data-testid="evidence-row"][data-kind="${kind}"]`).first();
          const card = cards(page).filter({ has: row }).first();
          await card.locator("summary").click();
          await row.getByTestId("evidence-open").click();
          const dialog = page.getByTestId("source-dialog");
          const content = kind === "entry" ? dialog.getByTestId("source-answer") : dialog.getByTestId("source-message");
          await content.first().waitFor();
          if (kind === "conversation") assert.ok((await dialog.locator(".matched").count()) > 0, "the question that matched is marked");
          assert.deepEqual(await accessibilityFaults(page), []);
          await page.keyboard.press("Escape");
          await dialog.waitFor({ state: "hidden" });
        }

        const rejected = feedback(page, "rejected");
        await cards(page).nth(1).getByTestId("suggestion-reject").click();
        await cards(page).nth(1).getByTestId("reject-outdated").click();
        assert.equal((await rejected).request().postDataJSON().reason, "outdated");
        assert.ok((await rejected).ok());
        await cards(page).nth(1).getByTestId("suggestion-outcome").waitFor();
      }));

    test("small talk and silence: the reason is told", () =>
      withPage({ language }, async (page) => {
        await signIn(page, "ada", PASSWORD);
        await say(page, words.smallTalk);
        assert.equal(await page.getByTestId("abstention").getAttribute("data-reason"), "small_talk");
        assert.equal(await cards(page).count(), 0);
      }));

    test("frequent questions are listed, grouped anew and tried", () =>
      withPage({ language }, async (page) => {
        await signIn(page, "ada", PASSWORD);
        await page.getByTestId("tab-clusters").click();
        await page.getByTestId("cluster-card").first().waitFor();
        const started = page.waitForResponse((response) => response.url().endsWith("/v1/clusters/rebuild"));
        const listed = page.waitForResponse((response) => response.url().includes("/v1/clusters?"), { timeout: 120_000 });
        await page.getByTestId("clusters-rebuild").click();
        assert.ok((await started).ok());
        assert.ok((await listed).ok());
        await page.locator('[data-testid="clusters-rebuild"]:enabled').waitFor({ timeout: 120_000 });
        assert.ok((await page.getByTestId("cluster-card").count()) > 5);
        assert.deepEqual(await accessibilityFaults(page), []);
        await suggested(page, () => page.getByTestId("cluster-try").first().click());
        await page.getByTestId("panel-try").waitFor();
      }));

    test("an import reports the row it did not take", async () => {
      const folder = await mkdtemp(path.join(tmpdir(), "riposte-upload-"));
      try {
        const conversation = { id: `upload-${language}`, channel: "webchat", customer_id: "u-1", agent_id: "kf-1", started_at: "2026-10-01T09:00:00Z" };
        const good = { ...conversation, messages: [{ role: "customer", text: words.question, at: "2026-10-01T09:00:00Z" }, { role: "agent", text: words.opening, at: "2026-10-01T09:01:00Z" }] };
        const file = path.join(folder, "upload.jsonl");
        await writeFile(file, `${JSON.stringify(good)}\n{"id": "cut off", "messages": [\n`);
        await withPage({ language }, async (page) => {
          await signIn(page, "ada", PASSWORD);
          await page.getByTestId("tab-import").click();
          assert.deepEqual(await accessibilityFaults(page), []);
          await page.getByTestId("import-file").setInputFiles(file);
          await page.getByTestId("import-form").locator("#import-submit").click();
          await page.locator('[data-testid="import-state"][data-state="succeeded"]').waitFor({ timeout: 60_000 });
          assert.equal(await page.getByTestId("import-conversations_added").innerText(), "1");
          assert.equal(await page.getByTestId("import-rejected").innerText(), "1");
          const row = page.getByTestId("rejected-rows").locator("tbody tr");
          await row.first().waitFor();
          assert.equal(await row.count(), 1);
          assert.equal(await row.locator("td").first().innerText(), "2");
          assert.deepEqual(await accessibilityFaults(page), []);
        });
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    });

    test("the API pages list operations and filter them", () =>
      withPage({ language }, async (page) => {
        await page.goto("/docs");
        await page.getByTestId("operation").first().waitFor();
        const described = await page.evaluate(async () => Object.values((await (await fetch("/openapi.json")).json()).paths).flatMap(Object.keys).length);
        assert.equal(await page.getByTestId("operation").count(), described);
        assert.deepEqual(await accessibilityFaults(page), []);
        await page.keyboard.press("/");
        await page.keyboard.type("feedback");
        await page.waitForFunction((all) => document.querySelectorAll('[data-testid="operation"]').length < all, described);
        assert.ok((await page.locator('[data-operation="create_feedback"]').count()) === 1);
      }));

    for (const [name, options] of [
      ["light", { colorScheme: "light" }],
      ["dark", { colorScheme: "dark" }],
      ["on a telephone", { viewport: { width: 390, height: 844 } }],
    ]) {
      test(`every view is accessible and fits, ${name}`, () =>
        withPage({ language, ...options }, async (page) => {
          const look = async (where) => {
            assert.deepEqual(await accessibilityFaults(page), [], where);
            const [content, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
            assert.ok(content <= window, `${where}: ${content} px wide in a window of ${window} px`);
          };
          await page.goto("/");
          await page.getByTestId("sign-in-form").waitFor();
          await look("signing in");
          await signIn(page, "ada", PASSWORD);
          await look("no conversation yet");
          await suggested(page, () => page.locator(`[data-example="shop-return-${language}"]`).click());
          await page.locator("summary").first().click();
          await cards(page).first().getByTestId("suggestion-reject").click();
          await look("suggestions");
          await page.getByTestId("tab-clusters").click();
          await page.getByTestId("cluster-card").first().waitFor();
          await look("frequent questions");
          await page.getByTestId("tab-import").click();
          await look("import");
          await page.goto("/docs");
          await page.getByTestId("operation").first().waitFor();
          await look("API");
        }));
    }
  });
}

test("the language is switched on the spot, and remembered", () =>
  withPage({ language: "zh" }, async (page) => {
    await signIn(page, "ada", PASSWORD);
    await say(page, WORDS.zh.opening);
    await cards(page).first().waitFor();
    const shown = await cards(page).count();
    assert.equal(await page.getByTestId("sign-out").innerText(), WORDS.zh.signOut);
    await page.getByTestId("language-switch").click();
    assert.equal(await page.getByTestId("sign-out").innerText(), WORDS.en.signOut);
    assert.equal(await page.locator("html").getAttribute("lang"), "en");
    assert.equal(await cards(page).count(), shown, "the conversation stays");
    await page.reload();
    await page.getByTestId("console").waitFor();
    assert.equal(await page.getByTestId("sign-out").innerText(), WORDS.en.signOut);
  }));

test("an agent sees one desk and no page that is not for agents", () =>
  withPage({}, async (page) => {
    await signIn(page, "lin", PASSWORD);
    assert.deepEqual(await page.getByTestId("desk-select").locator("option").allInnerTexts(), [DESK]);
    assert.equal(await page.getByTestId("tab-try").isVisible(), true);
    assert.equal(await page.getByTestId("tab-clusters").isVisible(), false);
    assert.equal(await page.getByTestId("tab-import").isVisible(), false);
    await suggested(page, () => page.locator('[data-example="shop-return-en"]').click());
    await cards(page).first().waitFor();
  }));

test("a wrong password, signing out, and no way back in without signing in", async () => {
  const { page, context, complaints } = await openPage(browser, server.url);
  try {
    await page.goto("/");
    await page.getByTestId("sign-in-name").fill("ada");
    await page.getByTestId("sign-in-password").fill("not the password");
    await page.getByTestId("sign-in-submit").click();
    await page.getByTestId("sign-in-problem").filter({ hasText: /./ }).waitFor();
    assert.deepEqual(await accessibilityFaults(page), []);
    await signIn(page, "ada", PASSWORD);
    await page.getByTestId("sign-out").click();
    await page.getByTestId("landing").waitFor();
    assert.equal(await page.evaluate(async () => (await fetch("/v1/desks")).status), 401);
    assert.deepEqual(complaints.filter((complaint) => !complaint.includes("401")), []);
  } finally {
    await context.close();
  }
});
