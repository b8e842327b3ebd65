// What is missing or wrong: gaps, conflicts, and entries that want an editor; every list leads to what mends it.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { askApi, pick, signIn } from "./browser.js";
import { DESK, PASSWORD } from "./server.js";
import { assertSound, LANGUAGES, WINDOWS, withServer } from "./suite.js";

const { withPage } = withServer();

const WORDS = {
  zh: { gap: "凉席可以按榻榻米尺寸裁剪吗", gapAnswer: "可以免费裁剪一次。", dismissed: "已忽略", stale: "圣诞树什么时候上架", thin: "洗衣袋有几种尺寸", refused: "抱枕芯能单独买吗", answer: "有的，请在店铺首页查看。", fuller: "洗衣袋有小号、中号和大号三种，小号适合内衣，大号适合床单。" },
  en: { gap: "Can a mat be cut to the size of a tatami room?", gapAnswer: "We cut it once free of charge.", dismissed: "Dismissed", stale: "When do Christmas trees go on sale?", thin: "Which sizes do laundry bags come in?", refused: "Is the cushion filling sold separately?", answer: "Yes, please see our shop's first page.", fuller: "Laundry bags come in small, medium and large; small ones suit underwear, large ones bed sheets." },
};

const post = async (page, address, body) => {
  const answer = await askApi(page, "POST", address, body);
  assert.ok(answer.status < 300, `${address}: ${JSON.stringify(answer.body)}`);
  return answer.body;
};
const write = (page, question, answer, more = {}) => post(page, "/v1/entries", { desk: DESK, status: "published", questions: [question], answer, ...more });

/** Three customers ask; `say` is what the agent then does with each suggestion. */
async function ask(page, question, say) {
  for (const customer of ["one", "two", "three"]) {
    const set = await post(page, "/v1/suggestions", { desk: DESK, conversation: { id: `${customer}-${question}`, messages: [{ role: "customer", text: question }] } });
    for (const suggestion of set.suggestions) {
      const feedback = say(suggestion);
      if (feedback) await post(page, `/v1/suggestions/${suggestion.id}/feedback`, feedback);
    }
  }
}

const open = async (page, address) => {
  await signIn(page, "sun", PASSWORD, `${address}?desk=${DESK}`);
  await page.getByRole("heading", { level: 1 }).waitFor();
};
const badge = (page, list) => page.getByTestId(`menu-/worklists/${list}`).locator(".side-count");
const gapRow = (page, question) => page.locator("tr.ant-table-row").filter({ hasText: question });

for (const language of LANGUAGES) {
  const words = WORDS[language];

  describe(language, { concurrency: false }, () => {
    test("gaps are looked for, dismissed, opened again and settled by a new entry", () =>
      withPage({ language }, async (page) => {
        await open(page, "/worklists/gaps");
        await ask(page, words.gap, () => ({ kind: "rejected", reason: "wrong" }));
        await page.getByTestId("find-gaps").click();
        await page.locator('[data-testid="job-line"][data-state="succeeded"]').waitFor({ timeout: 60_000 });
        await gapRow(page, words.gap).waitFor();
        await badge(page, "gaps").waitFor();

        await gapRow(page, words.gap).getByTestId("gap-dismiss").click();
        await page.getByTestId("gap-why").fill("not this year");
        await page.getByTestId("gap-dismiss-confirm").click();
        await gapRow(page, words.gap).waitFor({ state: "detached" });
        await pick(page, page.getByTestId("gap-state"), words.dismissed);
        await gapRow(page, words.gap).filter({ hasText: "not this year" }).waitFor();
        await gapRow(page, words.gap).getByTestId("gap-reopen").click();
        await gapRow(page, words.gap).waitFor({ state: "detached" });

        await page.getByTestId("menu-/worklists/gaps").click();
        await page.goto(`/worklists/gaps?desk=${DESK}`);
        await gapRow(page, words.gap).getByTestId("gap-write").click();
        await page.getByTestId("entry-form").waitFor();
        assert.equal(await page.getByTestId("question-input").inputValue(), words.gap);
        await page.getByTestId("answer-input").fill(words.gapAnswer);
        await page.getByTestId("publish").click();
        await page.getByTestId("entry-page").waitFor();
        const id = new URL(page.url()).pathname.split("/").pop();
        const { body } = await askApi(page, "GET", `/v1/gaps?desk=${DESK}&state=resolved`);
        assert.equal(body.items.find((gap) => gap.question === words.gap)?.decision.entry_id, id);
      }));

    test("conflicts stand side by side, are counted in the menu, and lead to their cluster", () =>
      withPage({ language }, async (page) => {
        await open(page, "/worklists/conflicts");
        await page.getByTestId("conflict-side").first().waitFor();
        const { body } = await askApi(page, "GET", `/v1/conflicts?desk=${DESK}&limit=200`);
        assert.equal(await page.getByTestId("conflict-side").count(), 2 * Math.min(50, body.items.length));
        const first = body.items[0];
        const row = page.locator("tr.ant-table-row").first();
        assert.ok((await row.innerText()).includes(first.question));
        const [one, other] = await row.getByTestId("conflict-side").allInnerTexts();
        assert.ok(one.includes(first.one.text.slice(0, 12)) && other.includes(first.other.text.slice(0, 12)));
        assert.equal(await badge(page, "conflicts").innerText(), String(body.items.length));
        await page.getByTestId("conflict-mend").first().click();
        await page.getByTestId("contradictions").waitFor();
      }));

    test("entries that are out of date, too thin or often refused are listed with the reason", () =>
      withPage({ language }, async (page) => {
        await open(page, "/worklists/stale");
        const stale = await write(page, words.stale, words.answer, { valid_to: "2025-01-01T00:00:00Z" });
        const thin = await write(page, words.thin, words.answer);
        const refused = await write(page, words.refused, words.answer);
        const of = (entry, feedback) => (suggestion) => (suggestion.evidence.some((evidence) => evidence.id === entry.id) ? feedback : null);
        await ask(page, words.thin, of(thin, { kind: "edited", final_text: words.fuller }));
        await ask(page, words.refused, of(refused, { kind: "rejected", reason: "incomplete" }));
        for (const [name, entry, question] of [["stale", stale, words.stale], ["thin", thin, words.thin], ["rejected", refused, words.refused]]) {
          await page.goto(`/worklists/${name}?desk=${DESK}`);
          const link = page.getByTestId("worklist-entry").filter({ hasText: question });
          await link.waitFor();
          assert.ok((await link.getAttribute("href")).includes(entry.id));
          await badge(page, name).waitFor();
          await assertSound(page, name);
        }
        await page.goto(`/worklists/thin?desk=${DESK}`);
        await page.getByText(words.fuller).waitFor();
        await page.getByTestId("worklist-entry").filter({ hasText: words.thin }).click();
        await page.getByTestId("entry-form").waitFor();
      }));

    for (const colorScheme of ["light", "dark"]) {
      test(`the lists are accessible and fit, ${colorScheme}`, () =>
        withPage({ language, colorScheme }, async (page) => {
          await open(page, "/worklists/conflicts");
          for (const [size, window] of Object.entries(WINDOWS).slice(0, colorScheme === "light" ? 2 : 1)) {
            await page.setViewportSize(window);
            for (const [name, there] of [["conflicts", "conflict-side"], ["gaps", "gap-state"], ["stale", "worklist-entry"], ["thin", "worklist-entry"], ["rejected", "worklist-entry"]]) {
              await page.goto(`/worklists/${name}?desk=${DESK}`);
              await page.getByTestId(there).first().waitFor();
              await assertSound(page, `${name}, ${size}`);
            }
          }
        }));
    }
  });
}
