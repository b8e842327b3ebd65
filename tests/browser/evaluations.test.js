// Runs of `riposte eval`, kept by the command line and compared here.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { pick, signIn } from "./browser.js";
import { PASSWORD } from "./server.js";
import { assertSound, LANGUAGES, WINDOWS, withServer } from "./suite.js";

const { withPage } = withServer();

const rows = (page) => page.getByTestId("evaluation-runs").locator("tbody tr.ant-table-row");

for (const language of LANGUAGES) {
  describe(language, { concurrency: false }, () => {
    test("runs over one set are drawn beside each other and compared figure by figure", () =>
      withPage({ language }, async (page) => {
        await signIn(page, "ada", PASSWORD, "/evaluations");
        await page.getByTestId("evaluations").waitFor();
        // server.js has measured one set twice and another once.
        assert.equal(await rows(page).count(), 2);
        await page.locator(".chart canvas").waitFor();
        const comparison = page.getByTestId("comparison");
        assert.ok((await comparison.locator("tbody tr").count()) > 1);
        assert.equal(await comparison.locator('tbody tr[data-verdict="same"]').count(), await comparison.locator("tbody tr").count(), "the same program finds the same");
        await pick(page, page.getByTestId("evaluation-figure"), /^leaks?\b/);
        await page.waitForURL(/figure=leak/);
        await pick(page, page.getByTestId("evaluation-group"), /second/);
        await page.waitForURL(/set=/);
        assert.equal(await rows(page).count(), 1);
        assert.equal(await comparison.count(), 0);
      }));

    for (const colorScheme of ["light", "dark"]) {
      test(`sound in ${colorScheme}`, () =>
        withPage({ language, colorScheme }, async (page) => {
          await signIn(page, "ada", PASSWORD, "/evaluations");
          await page.locator(".chart canvas").waitFor();
          for (const [name, size] of Object.entries(WINDOWS)) {
            await page.setViewportSize(size);
            await assertSound(page, `evaluations, ${name}`);
          }
        }));
    }
  });
}
