// What every test file begins with: a server and a browser of its own, and pages that may not do what a page must not.

import assert from "node:assert/strict";
import { after, before } from "node:test";
import { accessibilityFaults, launch, openPage } from "./browser.js";
import { startServer } from "./server.js";

export const LANGUAGES = ["zh", "en"];

/** Windows that every page must fit into. */
export const WINDOWS = { laptop: { width: 1280, height: 720 }, tablet: { width: 768, height: 1024 } };

/** Starts both before the file's tests and ends them after. `settings` makes settings of the server's own. */
export function withServer({ settings = () => [] } = {}) {
  let server;
  let browser;
  before(async () => {
    server = await startServer(await settings());
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  /**
   * Opens a page, runs `steps` on it, and lets nothing pass that the page must not have done. `expected` names complaints that belong to
   * the test, such as the 401 of a refused password.
   */
  async function withPage({ expected = [], ...options }, steps) {
    const { page, context, complaints } = await openPage(browser, server.url, options);
    page.setDefaultTimeout(20_000);
    try {
      await steps(page, context);
      const unexpected = complaints.filter((complaint) => !expected.some((pattern) => pattern.test(complaint)));
      assert.deepEqual(unexpected, []);
    } finally {
      await context.close();
    }
  }

  return { withPage, url: () => server.url, key: () => server.key };
}

/** The page is accessible, and no wider than its window. */
export async function assertSound(page, where) {
  // Fading in and out changes contrast for a moment.
  await page.waitForFunction(() => document.getAnimations().every((animation) => animation.playState !== "running" || animation.effect?.getTiming().iterations === Infinity));
  assert.deepEqual(await accessibilityFaults(page), [], where);
  const [content, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.ok(content <= window, `${where}: ${content} px wide in a window of ${window} px`);
}
