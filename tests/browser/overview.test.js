// Figures over time.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { signIn, suggest } from "./browser.js";
import { DESK, PASSWORD } from "./server.js";
import { assertSound, LANGUAGES, WINDOWS, withServer } from "./suite.js";

const { withPage } = withServer();

const WORDS = {
  zh: { asked: "请求次数", served: "给出建议", question: "退货的运费谁出？" },
  en: { asked: "Asked", served: "served", question: "Who pays for sending it back?" },
};

for (const language of LANGUAGES) {
  const words = WORDS[language];

  describe(language, { concurrency: false }, () => {
    test("what agents asked for is counted, drawn, and downloaded", () =>
      withPage({ language }, async (page) => {
        await signIn(page, "ada", PASSWORD, `/overview?desk=${DESK}`);
        await page.getByTestId("overview").waitFor();
        const asked = page.locator(".overview-tile", { hasText: words.asked }).locator(".overview-value").first();
        const before = Number((await asked.innerText()).replace(/\D/g, ""));
        await suggest(page, words.question);
        await page.reload();
        await page.locator(`[data-testid^="chart-${DESK}-coverage"] canvas`).waitFor();
        assert.equal(Number((await asked.innerText()).replace(/\D/g, "")), before + 1);
        const chart = page.locator(`[data-testid^="chart-${DESK}-coverage"]`);
        const download = page.waitForEvent("download");
        await chart.getByTestId("chart-csv").click();
        const stream = await (await download).createReadStream();
        let csv = "";
        for await (const piece of stream) csv += piece;
        assert.ok(csv.includes(words.served) && csv.trim().split("\n").length === 31, csv);
        const picture = page.waitForEvent("download");
        await chart.getByTestId("chart-png").click();
        assert.match((await picture).suggestedFilename(), /\.png$/);
        await page.locator(`[data-testid="chart-${DESK}-topics"] canvas`).waitFor();
      }));

    for (const colorScheme of ["light", "dark"]) {
      test(`sound in ${colorScheme}`, () =>
        withPage({ language, colorScheme }, async (page) => {
          await signIn(page, "ada", PASSWORD, `/overview?desk=${DESK}`);
          await page.locator(`[data-testid="chart-${DESK}-topics"] canvas`).waitFor();
          for (const [name, size] of Object.entries(WINDOWS)) {
            await page.setViewportSize(size);
            await assertSound(page, `overview, ${name}`);
          }
        }));
    }
  });
}
