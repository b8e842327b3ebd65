// Signing in and out, and the frame around every page: language, light and dark, menu, deep links.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { signIn, tabTo } from "./browser.js";
import { PASSWORD } from "./server.js";
import { assertSound, LANGUAGES, WINDOWS, withServer } from "./suite.js";

const { withPage } = withServer();

const WORDS = {
  zh: { refused: "用户名或密码不正确", signOut: "退出登录", profile: "个人资料", ended: "登录已失效" },
  en: { refused: "Name or password is wrong", signOut: "Sign out", profile: "Profile", ended: "Your session has ended" },
};

for (const language of LANGUAGES) {
  const words = WORDS[language];

  describe(language, { concurrency: false }, () => {
    test("a wrong password is refused with the reason, the right one lets in", () =>
      withPage({ language, expected: [/401/] }, async (page) => {
        await page.goto("/");
        await page.getByTestId("sign-in-name").fill("ada");
        await page.getByTestId("sign-in-password").fill("not the password");
        await page.getByTestId("sign-in-submit").click();
        await page.getByTestId("sign-in-problem").filter({ hasText: words.refused }).waitFor();
        await assertSound(page, "refused");
        assert.equal(await page.getByTestId("sign-in-name").inputValue(), "ada");
        await page.getByTestId("sign-in-password").fill(PASSWORD);
        await page.getByTestId("sign-in-submit").click();
        await page.getByTestId("console").waitFor();
      }));

    test("signing in with the keyboard alone, and out", () =>
      withPage({ language, expected: [/401/] }, async (page) => {
        await page.goto("/");
        await tabTo(page, "sign-in-name");
        await page.keyboard.type("ada");
        await page.keyboard.press("Tab");
        await page.keyboard.type(PASSWORD);
        await page.keyboard.press("Enter");
        await page.getByTestId("console").waitFor();
        await tabTo(page, "account-menu");
        await page.keyboard.press("Enter");
        await page.getByTestId("sign-out").filter({ hasText: words.signOut }).click();
        await page.getByTestId("login").waitFor();
        assert.equal(await page.evaluate(async () => (await fetch("/v1/desks")).status), 401);
        await page.goto("/profile");
        await page.getByTestId("login").waitFor();
      }));

    test("a link to a page leads there after signing in", () =>
      withPage({ language }, async (page) => {
        await signIn(page, "ada", PASSWORD, "/profile");
        await page.getByTestId("profile").waitFor();
        assert.equal(new URL(page.url()).pathname, "/profile");
        assert.ok((await page.title()).startsWith(words.profile));
      }));

    for (const colorScheme of ["light", "dark"]) {
      test(`the frame is accessible and fits, ${colorScheme}`, () =>
        withPage({ language, colorScheme }, async (page) => {
          for (const [name, size] of Object.entries(WINDOWS)) {
            await page.setViewportSize(size);
            if (name === "laptop") {
              await page.goto("/");
              await page.getByTestId("login").waitFor();
              await assertSound(page, "signing in");
              await signIn(page, "ada", PASSWORD, "/profile");
            }
            await page.getByTestId("profile").waitFor();
            await assertSound(page, `profile, ${name}`);
          }
          await page.getByTestId("menu-button").click();
          await page.getByTestId("menu-/profile").waitFor();
          await assertSound(page, "open menu");
          await page.keyboard.press("Escape");
          await page.getByTestId("menu-/profile").waitFor({ state: "hidden" });
        }));
    }
  });
}

test("the language is switched on the spot, and remembered", () =>
  withPage({ language: "zh" }, async (page) => {
    await signIn(page, "ada", PASSWORD, "/profile");
    await page.getByRole("heading", { name: WORDS.zh.profile, level: 1 }).waitFor();
    await page.getByTestId("language-switch").click();
    await page.getByRole("heading", { name: WORDS.en.profile, level: 1 }).waitFor();
    assert.equal(await page.locator("html").getAttribute("lang"), "en");
    await page.reload();
    await page.getByRole("heading", { name: WORDS.en.profile, level: 1 }).waitFor();
  }));

test("light and dark are chosen, and remembered", () =>
  withPage({ colorScheme: "light" }, async (page) => {
    await signIn(page, "ada", PASSWORD);
    const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await ground();
    await page.getByTestId("theme-menu").click();
    await page.getByTestId("theme-dark").click();
    await page.locator('html[data-theme="dark"]').waitFor({ state: "attached" });
    assert.notEqual(await ground(), light);
    await page.reload();
    await page.getByTestId("console").waitFor();
    assert.equal(await page.locator("html").getAttribute("data-theme"), "dark");
  }));

test("a session that has ended leads to signing in, and back to the page", () =>
  withPage({ expected: [/401/] }, async (page, context) => {
    await signIn(page, "ada", PASSWORD, "/profile?desk=demo-shop");
    await page.getByTestId("profile").waitFor();
    await context.clearCookies();
    await page.reload();
    await page.getByTestId("login").filter({ hasText: WORDS.en.ended }).waitFor();
    await page.getByTestId("sign-in-name").fill("ada");
    await page.getByTestId("sign-in-password").fill(PASSWORD);
    await page.getByTestId("sign-in-submit").click();
    await page.getByTestId("profile").waitFor();
    assert.equal(new URL(page.url()).search, "?desk=demo-shop");
  }));

test("an address without a page says so", () =>
  withPage({}, async (page) => {
    await signIn(page, "ada", PASSWORD, "/nowhere");
    await page.getByTestId("not-found").waitFor();
    await assertSound(page, "not found");
    await page.getByTestId("not-found").getByRole("link").click();
    await page.getByTestId("desk").waitFor();
  }));

test("the first page is small", () =>
  withPage({}, async (page) => {
    await page.goto("/");
    await page.getByTestId("sign-in-submit").waitFor();
    const scripts = await page.evaluate(() => performance.getEntriesByType("resource").filter((entry) => entry.name.endsWith(".js")).map((entry) => new URL(entry.name).pathname));
    assert.ok(scripts.length > 0);
    const sizes = await page.evaluate(
      (names) =>
        Promise.all(
          names.map(async (name) => {
            const squeezed = (await fetch(name)).body.pipeThrough(new CompressionStream("gzip"));
            return (await new Response(squeezed).arrayBuffer()).byteLength;
          }),
        ),
      scripts,
    );
    const total = sizes.reduce((sum, size) => sum + size, 0);
    assert.ok(total <= 400_000, `${total} bytes of compressed script`);
  }));
