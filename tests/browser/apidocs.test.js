// The API reference: open to everybody, filtered, opened by link.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { signIn } from "./browser.js";
import { PASSWORD } from "./server.js";
import { assertSound, LANGUAGES, WINDOWS, withServer } from "./suite.js";

const { withPage } = withServer();

const operation = (page, id) => page.locator(`[data-operation="${id}"]`);

for (const language of LANGUAGES) {
  describe(language, { concurrency: false }, () => {
    test("operations are listed, filtered and opened without an account", () =>
      withPage({ language }, async (page) => {
        await page.goto("/docs");
        await page.getByTestId("guest").waitFor();
        await page.getByTestId("operation").first().waitFor();
        const described = await page.evaluate(async () => Object.values((await (await fetch("/openapi.json")).json()).paths).flatMap(Object.keys).length);
        assert.equal(await page.getByTestId("operation").count(), described);
        await page.keyboard.press("/");
        await page.keyboard.type("feedback suggestion");
        await page.waitForFunction((all) => document.querySelectorAll('[data-testid="operation"]').length < all, described);
        await operation(page, "create_feedback").getByRole("button").first().click();
        await operation(page, "create_feedback").getByTestId("operation-body").waitFor();
        assert.equal(new URL(page.url()).hash, "#create_feedback");
        await page.reload();
        await operation(page, "create_feedback").getByTestId("operation-body").waitFor();
      }));

    for (const colorScheme of ["light", "dark"]) {
      test(`the page is accessible and fits, ${colorScheme}`, () =>
        withPage({ language, colorScheme }, async (page) => {
          await signIn(page, "ada", PASSWORD);
          await page.goto("/docs#create_suggestions");
          for (const [name, size] of Object.entries(WINDOWS)) {
            await page.setViewportSize(size);
            await operation(page, "create_suggestions").getByTestId("operation-body").waitFor();
            await assertSound(page, name);
          }
        }));
    }
  });
}

test("a command is copied", () =>
  withPage({ permissions: ["clipboard-read", "clipboard-write"] }, async (page) => {
    await page.goto("/docs#create_suggestions");
    await operation(page, "create_suggestions").getByTestId("copy-curl").click();
    assert.match(await page.evaluate(() => navigator.clipboard.readText()), /^curl -X POST 'http:\/\/127.0.0.1:\d+\/v1\/suggestions'/);
  }));
