// Accounts, keys, a desk's settings, what was decided about answers.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { pick, signIn } from "./browser.js";
import { DESK, PASSWORD } from "./server.js";
import { assertSound, LANGUAGES, WINDOWS, withServer } from "./suite.js";

const { withPage } = withServer();

const rows = (page) => page.locator("tbody tr.ant-table-row");

/** Asks the service in the name of whoever is signed in on the page. */
const ask = (page, method, path, body) =>
  page.evaluate(
    async ([verb, address, content]) => {
      const answer = await fetch(address, { method: verb, headers: { "Content-Type": "application/json", "X-Riposte-CSRF": "1" }, body: content === undefined ? undefined : JSON.stringify(content) });
      if (!answer.ok) throw new Error(`${verb} ${address}: ${await answer.text()}`);
      const text = await answer.text();
      return text === "" ? null : JSON.parse(text);
    },
    [method, path, body],
  );

/** One control of an entry, and one answer that was reported outdated. */
async function decideSomething(page) {
  const entries = await ask(page, "GET", `/v1/entries?desk=${DESK}&status=published&limit=1`);
  await ask(page, "POST", `/v1/desks/${DESK}/controls`, { kind: "must_not_match", entry_id: entries.items[0].id, phrases: ["预售", "pre-order"], note: "only for goods on stock" });
  const set = await ask(page, "POST", "/v1/suggestions", { desk: DESK, conversation: { messages: [{ role: "customer", text: "退货的运费谁出？" }] } });
  await ask(page, "POST", `/v1/suggestions/${set.suggestions[0].id}/feedback`, { kind: "rejected", reason: "outdated" });
}

const WORDS = {
  zh: { agent: "坐席", revoked: "已停用" },
  en: { agent: "Agent", revoked: "Withdrawn" },
};

for (const language of LANGUAGES) {
  const words = WORDS[language];

  describe(language, { concurrency: false }, () => {
    test("an account is added, its password shown once, and it signs in", () =>
      withPage({ language, expected: [/409/] }, async (page) => {
        const name = `mei-${language}`;
        await signIn(page, "ada", PASSWORD, "/accounts");
        await rows(page).first().waitFor();
        await page.getByTestId("access-add").click();
        await page.getByTestId("access-submit").click();
        await page.locator(".ant-form-item-explain-error").waitFor();
        await page.getByTestId("access-name").fill("ada");
        await page.getByTestId("access-submit").click();
        await page.locator('[data-code="account_exists"]').waitFor();
        await page.getByTestId("access-name").fill(name);
        await pick(page, page.getByTestId("access-role"), words.agent);
        await assertSound(page, "new account");
        await page.getByTestId("access-submit").click();
        const password = await page.getByTestId("access-secret").innerText();
        assert.ok(password.length >= 12);
        await assertSound(page, "account made");
        await page.getByTestId("access-submit").click();
        await rows(page).filter({ hasText: name }).filter({ hasText: words.agent }).waitFor();
        await page.getByTestId("account-menu").click();
        await page.getByTestId("sign-out").click();
        await page.getByTestId("sign-in-submit").waitFor();
        await signIn(page, name, password, "/profile");
        await page.getByTestId("profile-name").filter({ hasText: name }).waitFor();
        assert.equal(await page.getByTestId("menu-/accounts").count(), 0, "an agent manages no accounts");
      }));

    test("a lost password is replaced, the person chooses their own, and leaves", () =>
      withPage({ language, expected: [/422/, /401/] }, async (page) => {
        const name = `zoe-${language}`;
        await signIn(page, "ada", PASSWORD, "/profile");
        await ask(page, "POST", "/v1/accounts", { name, role: "agent", desks: [DESK] });
        await page.goto("/accounts");
        const row = rows(page).filter({ hasText: name });
        const confirm = () => page.locator(".ant-popover:not(.ant-popover-hidden) .ant-btn-primary").click();
        await row.getByTestId("account-reset").click();
        await confirm();
        const given = await page.getByTestId("account-secret").innerText();
        await assertSound(page, "another password");
        await page.getByTestId("account-reset-close").click();
        assert.equal(await rows(page).filter({ hasText: "ada" }).getByTestId("account-remove").count(), 0, "nobody removes themselves");

        await withPage({ language, expected: [/422/, /401/] }, async (theirs) => {
          await signIn(theirs, name, given, "/profile");
          await theirs.getByTestId("password-now").fill("this is not it, I fear");
          await theirs.getByTestId("password-next").fill("a sentence of my own");
          await theirs.getByTestId("password-submit").click();
          await theirs.locator(".ant-form-item-explain-error").waitFor();
          await theirs.getByTestId("password-now").fill(given);
          await theirs.getByTestId("password-submit").click();
          await theirs.getByTestId("password-changed").waitFor();
          await assertSound(theirs, "password changed");
          await theirs.reload();
          await theirs.getByTestId("profile-name").filter({ hasText: name }).waitFor();

          await row.getByTestId("account-remove").click();
          await confirm();
          await row.waitFor({ state: "detached" });
          await theirs.goto("/desk");
          await theirs.getByTestId("sign-in-submit").waitFor();
        });
      }));

    test("a key is made, used and withdrawn", () =>
      withPage({ language, expected: [/401/] }, async (page) => {
        await signIn(page, "ada", PASSWORD, "/keys");
        await page.getByTestId("access-add").click();
        await page.getByTestId("access-name").fill(`desk-ui-${language}`);
        await page.getByTestId("access-submit").click();
        const key = await page.getByTestId("access-secret").innerText();
        const asked = () => page.evaluate(async (value) => (await fetch("/v1/me", { headers: { Authorization: `Bearer ${value}` }, credentials: "omit" })).status, key);
        assert.equal(await asked(), 200);
        await page.getByTestId("access-submit").click();
        const row = rows(page).filter({ hasText: `desk-ui-${language}` });
        await row.getByTestId("key-revoke").click();
        await page.locator(".ant-popover:not(.ant-popover-hidden) .ant-btn-dangerous").click();
        await row.filter({ hasText: words.revoked }).waitFor();
        assert.equal(await asked(), 401);
      }));

    test("a desk's settings are changed, and put back", () =>
      withPage({ language }, async (page) => {
        await signIn(page, "sun", PASSWORD, `/desk-settings?desk=${DESK}`);
        const saved = () => page.waitForResponse((response) => response.url().endsWith("/settings") && response.ok());
        for (const [typed, kept] of [["5", 5], ["", null]]) {
          await page.getByTestId("setting-limit").fill(typed);
          await page.getByTestId("setting-precision").fill(typed === "" ? "" : "82.5");
          const answer = saved();
          await page.getByTestId("settings-save").click();
          const settings = await (await answer).json();
          assert.deepEqual([settings.limit, settings.precision], [kept, kept === null ? null : 0.825]);
        }
      }));

    test("a control is changed and removed; an answer reported outdated is restored", () =>
      withPage({ language }, async (page) => {
        await signIn(page, "sun", PASSWORD, `/controls?desk=${DESK}`);
        await page.getByTestId("empty").waitFor();
        await assertSound(page, "no controls");
        await decideSomething(page);
        await page.reload();
        await rows(page).first().filter({ hasText: "pre-order" }).waitFor();
        await assertSound(page, "controls");
        await page.getByTestId("control-edit").click();
        await page.getByTestId("control-note").fill("because of the new contract");
        await assertSound(page, "changing a control");
        await page.getByTestId("control-save").click();
        await rows(page).first().filter({ hasText: "because of the new contract" }).waitFor();
        await page.getByTestId("control-remove").click();
        await page.locator(".ant-popover:not(.ant-popover-hidden) .ant-btn-primary").click();
        await page.getByTestId("empty").waitFor();
        await page.goto(`/controls?desk=${DESK}&list=retired`);
        await page.getByTestId("retired-restore").first().click();
        await page.getByTestId("retired-restore").first().waitFor({ state: "detached" });
      }));

    for (const colorScheme of ["light", "dark"]) {
      test(`every page is accessible and fits, ${colorScheme}`, () =>
        withPage({ language, colorScheme }, async (page) => {
          await signIn(page, "ada", PASSWORD);
          for (const [name, size] of Object.entries(WINDOWS)) {
            await page.setViewportSize(size);
            for (const [address, ready] of [
              ["/accounts", page.getByTestId("table-accounts").locator("tbody tr.ant-table-row").first()],
              ["/keys", page.getByTestId("table-keys")],
              [`/desk-settings?desk=${DESK}`, page.getByTestId("adapt")],
              [`/controls?desk=${DESK}`, page.getByTestId("table-controls")],
            ]) {
              await page.goto(address);
              await ready.waitFor();
              await assertSound(page, `${address}, ${name}`);
            }
          }
        }));
    }
  });
}

test("an administrator makes a desk and stays on it", () =>
  withPage({ expected: [/409/] }, async (page) => {
    await signIn(page, "ada", PASSWORD, `/desk-settings?desk=${DESK}`);
    await page.getByTestId("desk-add").click();
    await page.getByTestId("desk-name").fill(DESK);
    await page.getByTestId("desk-submit").click();
    await page.locator('[data-code="desk_exists"]').waitFor();
    await page.getByTestId("desk-name").fill("店铺-1");
    await page.getByTestId("desk-submit").click();
    await page.waitForURL((address) => address.searchParams.get("desk") === "店铺-1");
    await page.getByTestId("desk-chooser").filter({ hasText: "店铺-1" }).waitFor();
  }));

test("an editor reads a desk's settings and can not change them", () =>
  withPage({}, async (page) => {
    await signIn(page, "edi", PASSWORD, `/desk-settings?desk=${DESK}`);
    await page.getByTestId("desk-settings").waitFor();
    assert.equal(await page.getByTestId("settings-save").count(), 0);
    assert.equal(await page.getByTestId("setting-limit").isDisabled(), true);
    assert.equal(await page.getByTestId("desk-add").count(), 0);
  }));
