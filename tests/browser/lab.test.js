// Trying a conversation: pasted or taken from the archive, with the query, the candidates and why they stand in this order.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { signIn } from "./browser.js";
import { PASSWORD } from "./server.js";
import { assertSound, LANGUAGES, WINDOWS, withServer } from "./suite.js";

const { withPage } = withServer();

const WORDS = {
  zh: { pasted: "客户：裙子买小了想退，吊牌还在\n客服：可以退的，7天内申请就行\n客户：那运费呢？", question: "运费", silent: "谢谢，没事了", read: "3 条消息" },
  en: { pasted: "Customer: the dress is too small, tags still on\nAgent: sorry to hear that\nCustomer: how do I return something?", question: "return something", silent: "ok, thank you!", read: "3 messages" },
};

for (const language of LANGUAGES) {
  const words = WORDS[language];

  describe(language, { concurrency: false }, () => {
    test("a pasted conversation shows its query, its suggestions, and why in this order", () =>
      withPage({ language }, async (page) => {
        await signIn(page, "edi", PASSWORD, "/lab");
        await page.getByTestId("lab-text").fill(words.pasted);
        await page.getByText(words.read).waitFor();
        await page.keyboard.press("Control+Enter");
        await page.getByTestId("lab-query").filter({ hasText: words.question }).waitFor();
        await page.getByTestId("lab-suggestion").first().waitFor();
        assert.ok((await page.locator('[data-used="true"]').count()) >= 1);
        const candidates = page.getByTestId("lab-candidates");
        assert.ok((await candidates.getByTestId("lab-fate").count()) > 1);
        const why = candidates.getByTestId("lab-why").first();
        assert.ok((await why.locator("tbody tr").count()) > 3);
        assert.match(await why.innerText(), /[+−]\d/);
      }));

    test("silence is explained", () =>
      withPage({ language }, async (page) => {
        await signIn(page, "edi", PASSWORD, "/lab");
        await page.getByTestId("lab-text").fill(words.silent);
        await page.getByTestId("lab-run").click();
        await page.locator('[data-testid="lab-silent"][data-reason="small_talk"]').waitFor();
      }));

    for (const colorScheme of ["light", "dark"]) {
      test(`the page is accessible and fits, ${colorScheme}`, () =>
        withPage({ language, colorScheme }, async (page) => {
          await signIn(page, "edi", PASSWORD, "/lab");
          await page.getByTestId("lab-empty").waitFor();
          await assertSound(page, "empty");
          await page.getByTestId("lab-text").fill(words.pasted);
          await page.getByTestId("lab-run").click();
          await page.getByTestId("lab-outcome").waitFor();
          for (const [name, size] of Object.entries(WINDOWS)) {
            await page.setViewportSize(size);
            await assertSound(page, `outcome, ${name}`);
          }
        }));
    }
  });
}

test("a conversation of the archive is taken by choosing it, and by a link", () =>
  withPage({}, async (page) => {
    await signIn(page, "edi", PASSWORD, "/lab");
    await page.getByTestId("lab-pick").click();
    await page.locator(".ant-select-item-option").first().click();
    await page.getByTestId("lab-outcome").waitFor();
    const text = await page.getByTestId("lab-text").inputValue();
    assert.match(text, /^(Customer|Agent|Bot): /);
    await page.reload();
    await page.getByTestId("lab-outcome").waitFor();
    assert.equal(await page.getByTestId("lab-text").inputValue(), text);
  }));

test("an agent has no such page in the menu", () =>
  withPage({}, async (page) => {
    await signIn(page, "lin", PASSWORD, "/desk");
    await page.getByTestId("menu-/desk").waitFor();
    assert.equal(await page.getByTestId("menu-/lab").count(), 0);
  }));
