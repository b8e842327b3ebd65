// The widget in another site's page: the host page of docs/widget.md as it stands there, and every state of the panel.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { after, describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { ROOT } from "./server.js";
import { settingsFor, startHosts } from "./hosts/hosts.js";
import { assertSound, LANGUAGES, withServer } from "./suite.js";

let hosts;
const { withPage, url, key } = withServer({
  settings: async () => {
    hosts = await startHosts();
    return settingsFor(hosts);
  },
});
after(() => hosts?.stop());

const WORDS = {
  zh: {
    question: "可以开发票吗？",
    next: "怎么退货",
    thanks: "好的，谢谢",
    heading: "推荐回复",
    silent: "客户没有提问",
    refused: "已记录为不合适",
    expired: "访问凭证已失效",
    forbidden: "业务",
    unreachable: "无法连接",
    idle: "暂无需要回复的消息",
  },
  en: {
    question: "How do I change the address?",
    next: "Can I get an invoice?",
    thanks: "ok thank you",
    heading: "Suggested replies",
    silent: "Nothing was asked",
    refused: "noted as not useful",
    expired: "Your access has ended",
    forbidden: "desk",
    unreachable: "can't be reached",
    idle: "Nothing to answer",
  },
};

/** The host page of the documentation, for these tests' servers and a language. */
async function documentedPage(language) {
  const text = await readFile(path.join(ROOT, "docs/widget.md"), "utf8");
  const [, page] = /```html\n([\s\S]*?)```/.exec(text);
  assert.ok(page.split("\n").length <= 21, "the page is said to be short");
  return page
    .replace("https://riposte.example.com", url())
    .replace('lang="en"', `lang="${language}"`)
    .replace('language: "en"', `language: "${language}"`)
    .replace("How do I change the address?", WORDS[language].question);
}

/** Opens the documented page; `steps` get it, the widget's frame and what the widget has reported. */
async function withHostPage({ language = "en", firstToken, ...options }, steps) {
  hosts.state.pages.desk = await documentedPage(language);
  Object.assign(hosts.state, { token: key(), firstToken, tokens: 0 });
  await withPage({ language, hosts: hosts.origins, ...options }, async (page, context) => {
    await options.prepare?.(context);
    await page.goto(`${hosts.own.origin}/desk.html`);
    const frame = page.frameLocator("#suggestions iframe");
    const panel = await (await page.waitForSelector("#suggestions iframe")).contentFrame();
    await steps(page, frame, panel, context);
  });
}

const cards = (frame) => frame.getByTestId("suggestion");
const answered = (frame) => cards(frame).first().waitFor();

for (const language of LANGUAGES) {
  const words = WORDS[language];

  describe(language, { concurrency: false }, () => {
    test("the documented page gets suggestions, and a key puts one into its editor", () =>
      withHostPage({ language }, async (page, frame) => {
        await answered(frame);
        assert.equal(await frame.locator("h1").textContent(), words.heading);
        await page.evaluate(() => {
          window.reports = [];
          window.panel.on("feedback", (report) => window.reports.push(report));
        });
        const text = await cards(frame).nth(1).locator(".words").textContent();
        await page.evaluate(() => window.panel.focus());
        await cards(frame).first().and(frame.locator(":focus")).waitFor();
        await page.keyboard.press("2");
        await page.keyboard.press("Enter");
        await page.waitForFunction((expected) => document.querySelector("#reply").value === expected, text);
        await page.waitForFunction(() => window.reports.some((report) => report.kind === "accepted"));

        // The agent changes a word and sends: the conversation shows it, and that is all the host does.
        await page.evaluate((said) => {
          const question = document.querySelector("#question").textContent;
          window.panel.conversation([{ role: "customer", text: question }, { role: "agent", text: `${said}!` }], { id: "chat-41" });
        }, text);
        await page.waitForFunction(() => window.reports.some((report) => report.kind === "sent"));
        await frame.getByTestId("notice").filter({ hasText: words.idle }).waitFor();
      }));

    for (const colorScheme of ["light", "dark"]) {
      test(`is accessible, ${colorScheme}`, () =>
        withHostPage({ language, colorScheme }, async (page, frame, panel) => {
          await answered(frame);
          await assertSound(panel, `${language} ${colorScheme} suggestions`);
          await cards(frame).first().getByTestId("refuse").click();
          await assertSound(panel, `${language} ${colorScheme} reasons`);
          await page.evaluate((text) => window.panel.conversation([{ role: "customer", text }]), words.thanks);
          await frame.getByTestId("silent").waitFor();
          await assertSound(panel, `${language} ${colorScheme} silent`);
        }));
    }

    test("says why it is silent", () =>
      withHostPage({ language }, async (page, frame) => {
        await answered(frame);
        await page.evaluate((text) => window.panel.conversation([{ role: "customer", text }]), words.thanks);
        await frame.getByTestId("silent").filter({ hasText: words.silent }).waitFor();
        assert.equal(await cards(frame).count(), 0);
      }));

    test("a suggestion that is of no use is refused with its reason", () =>
      withHostPage({ language }, async (page, frame) => {
        await answered(frame);
        const reported = page.waitForRequest((request) => request.url().endsWith("/feedback") && request.postDataJSON().kind === "rejected");
        await cards(frame).first().getByTestId("refuse").click();
        await frame.getByTestId("reason-incomplete").click();
        assert.deepEqual((await reported).postDataJSON(), { kind: "rejected", reason: "incomplete" });
        await cards(frame).first().getByTestId("fate").filter({ hasText: words.refused }).waitFor();
      }));

    test("an ended token is renewed by the host, unseen; without a new one the widget says how to go on", () =>
      withHostPage({ language, firstToken: "rk_ended", expected: [/401/] }, async (page, frame) => {
        // The page asks its server once for the token that has ended already, and once more when told so.
        await answered(frame);
        assert.equal(hosts.state.tokens, 2);
        hosts.state.token = "rk_ended";
        await page.evaluate(() => window.panel.token("rk_ended"));
        await page.evaluate((text) => window.panel.conversation([{ role: "customer", text }]), words.next);
        await frame.getByTestId("error").filter({ hasText: words.expired }).waitFor();
        await frame.getByTestId("retry").waitFor();
      }));

    test("a desk that the key does not reach, and a service that can't be reached", () =>
      withHostPage({ language, expected: [/40[34]|ERR_FAILED/] }, async (page, frame, _panel, context) => {
        await answered(frame);
        await context.route("**/v1/suggestions", (route) => route.abort());
        await page.evaluate((text) => window.panel.conversation([{ role: "customer", text }]), words.next);
        await frame.getByTestId("error").filter({ hasText: words.unreachable }).waitFor();
        await context.unroute("**/v1/suggestions");
        await frame.getByTestId("retry").click();
        await answered(frame);
        await page.evaluate(
          ([token, question]) => window.Riposte.mount("#suggestions", { token, desk: "another-desk" }).conversation([{ role: "customer", text: question }]),
          [key(), words.question],
        );
        await frame.getByTestId("error").filter({ hasText: words.forbidden }).waitFor();
      }));
  });
}

test("a set that was asked for an earlier moment never shows", () =>
  withHostPage({ expected: [/ERR_ABORTED/] }, async (page, frame, _panel, context) => {
    await answered(frame);
    let release;
    const slow = new Promise((resolve) => (release = resolve));
    await context.route("**/v1/suggestions", async (route) => {
      const first = route.request().postDataJSON().conversation.messages.at(-1).text.includes("invoice");
      if (first) await slow;
      await route.continue().catch(() => undefined);
    });
    await page.evaluate(() => window.panel.conversation([{ role: "customer", text: "Can I get an invoice?" }]));
    await frame.getByTestId("loading").waitFor();
    assert.equal(await cards(frame).count(), 0);
    await page.evaluate(() => window.panel.conversation([{ role: "customer", text: "How do I change the address?" }]));
    await answered(frame);
    const shown = await cards(frame).allTextContents();
    release();
    await page.waitForTimeout(300);
    assert.deepEqual(await cards(frame).allTextContents(), shown);
  }));

test("a busy service is asked again by itself", () =>
  withHostPage({ expected: [/503/] }, async (page, frame, _panel, context) => {
    await answered(frame);
    let asked = 0;
    await context.route("**/v1/suggestions", (route) => {
      asked += 1;
      if (asked > 1) return route.continue();
      return route.fulfill({ status: 503, contentType: "application/problem+json", headers: { "retry-after": "1" }, body: JSON.stringify({ code: "overloaded", status: 503 }) });
    });
    await page.evaluate(() => window.panel.conversation([{ role: "customer", text: "Can I get an invoice?" }]));
    await frame.getByTestId("error").waitFor();
    await answered(frame);
    assert.equal(asked, 2);
  }));

test("what a customer or an archive says stays text", () =>
  withHostPage({}, async (page, frame, _panel, context) => {
    await answered(frame);
    await context.route("**/v1/suggestions", async (route) => {
      const response = await route.fetch();
      const set = await response.json();
      set.suggestions[0] = { ...set.suggestions[0], text: "<img src=x onerror=alert(1)>🙂 [ORDER_NO]", slots: [{ name: "ORDER_NO", start: 30, end: 40, filled: false }], flags: ["open_slot"] };
      await route.fulfill({ response, json: set });
    });
    await page.evaluate(() => window.panel.conversation([{ role: "customer", text: "Can I get an invoice?" }]));
    const first = cards(frame).first().locator(".words");
    await first.filter({ hasText: "onerror" }).waitFor();
    assert.equal(await first.locator("img").count(), 0);
    assert.equal(await first.locator("mark.open").textContent(), "[ORDER_NO]");
  }));

test("a site that is not configured can neither show the widget nor speak to it", () =>
  withHostPage({ expected: [/frame-ancestors|Framing|refused/i] }, async (page, frame) => {
    await answered(frame);
    const before = await cards(frame).allTextContents();
    await page.evaluate(
      (address) =>
        new Promise((resolve) => {
          const stranger = document.createElement("iframe");
          stranger.onload = resolve;
          stranger.src = address;
          document.body.append(stranger);
          window.stranger = stranger;
        }),
      `${hosts.stranger.origin}/stranger.html`,
    );
    await page.evaluate(async () => {
      const done = new Promise((resolve) => window.addEventListener("message", ({ data }) => data === "stranger:done" && resolve()));
      window.stranger.contentWindow.postMessage({ riposte: "conversation", conversation: { messages: [{ role: "customer", text: "forged" }] } }, "*");
      await done;
    });
    await page.waitForTimeout(300);
    assert.deepEqual(await cards(frame).allTextContents(), before);

    await page.goto(`${hosts.stranger.origin}/frame.html?app=${encodeURIComponent(`${url()}/widget`)}`);
    await page.waitForTimeout(300);
    assert.equal(await page.frameLocator("iframe").getByTestId("panel").count(), 0);
  }));

test("the widget is small: less than 30 kB compressed, with its styles and its script tag", async () => {
  const loaded = [];
  await withHostPage({}, async (page, frame) => {
    page.on("response", (response) => loaded.push(response));
    await page.reload();
    await answered(frame);
    const own = [...new Set(loaded.map((response) => response.url()))].filter((address) => new URL(address).origin === url() && /\.(js|css)$/.test(new URL(address).pathname));
    // Asked for anew: what the browser had already is answered without a body.
    const sizes = await Promise.all(own.map(async (address) => gzipSync(Buffer.from(await (await fetch(address)).arrayBuffer()), { level: 9 }).length));
    const total = sizes.reduce((sum, size) => sum + size, 0);
    assert.ok(own.length >= 3 && total < 30_000, `${total} bytes in ${own.length} files`);
    console.log(`    widget: ${total} bytes compressed in ${own.length} files`);
  });
});

test("the page alone explains itself", () =>
  withPage({ language: "zh" }, async (page) => {
    await page.goto("/widget?language=zh");
    await page.getByTestId("notice").filter({ hasText: "需嵌入客服系统" }).waitFor();
    await assertSound(page, "alone");
  }));
