// The adapters inside stand-ins of their desks, which speak the desks' protocols; for Zendesk and WeCom through the real SDKs.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, describe, test } from "node:test";
import { promisify } from "node:util";
import { inflateRawSync } from "node:zlib";
import { ROOT } from "./server.js";
import { installBridge, settingsFor, startHosts, WECOM_BROWSER } from "./hosts/hosts.js";
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
  zh: { next: "怎么退货", signIn: "请先登录", refusedSite: "该网站不能显示推荐", wrongEntry: "请在会话旁打开此页面", question: "可以开发票吗？" },
  en: { next: "Can I get an invoice?", signIn: "Sign in first", refusedSite: "may not show suggestions", wrongEntry: "Open this page beside", question: "How do I change the address?" },
};
const SHOP = "demo-shop";

/** Opens a stand-in with the adapter in it; `steps` get the page and the adapter's frame. */
async function withDesk(name, { language = "en", app = {}, desk = {}, ...options }, steps) {
  Object.assign(hosts.state, { token: key(), tokens: 0, signedIn: true, conversation: null, proxied: [], ...options.state });
  const adapter = new URL(`/adapters/${name}`, url());
  for (const [field, value] of Object.entries({ language, ...app })) adapter.searchParams.set(field, value);
  const address = new URL(`${hosts[name].origin}/${name}.html`);
  for (const [field, value] of Object.entries({ language, app: adapter.href, ...desk })) address.searchParams.set(field, value);
  await withPage({ language, hosts: hosts.origins, ...options }, async (page, context) => {
    await options.prepare?.(context);
    const asked = [];
    page.on("request", (request) => {
      if (request.url() === `${url()}/v1/suggestions`) asked.push(request.postDataJSON());
    });
    await page.goto(address.href);
    const panel = await (await page.waitForSelector("iframe")).contentFrame();
    await steps(page, page.frameLocator("iframe").first(), { panel, asked, context });
  });
}

const cards = (frame) => frame.getByTestId("suggestion");
const answered = (frame) => cards(frame).first().waitFor();

/** Adds a frame of another site to the desk, which posts `data` to every frame of it. */
async function strangerPosts(page, data) {
  await page.evaluate(
    ([address, forged]) =>
      new Promise((resolve) => {
        const stranger = document.createElement("iframe");
        window.addEventListener("message", (event) => event.data === "stranger:done" && resolve());
        stranger.onload = () => stranger.contentWindow.postMessage(forged, "*");
        stranger.src = address;
        document.body.append(stranger);
      }),
    [`${hosts.stranger.origin}/stranger.html`, data],
  );
  await page.waitForTimeout(300);
}

for (const language of LANGUAGES) {
  const words = WORDS[language];

  describe(`Chatwoot, ${language}`, { concurrency: false }, () => {
    test("asks for the conversation, suggests, and copies", () =>
      withDesk("chatwoot", { language, permissions: ["clipboard-read"] }, async (page, frame, { panel, asked }) => {
        await answered(frame);
        const [{ desk, conversation }] = asked;
        assert.equal(desk, SHOP);
        // Without the private note and the line of Chatwoot's own.
        assert.deepEqual(conversation.messages.map(({ role, id }) => [role, id]), [["customer", "9002"]]);
        assert.equal(conversation.id, "41");
        assert.equal(conversation.customer.phone, "+10000000000");
        await assertSound(panel, "chatwoot");

        const text = await cards(frame).first().locator(".words").textContent();
        assert.equal(await frame.getByTestId("take").first().textContent(), language === "zh" ? "复制" : "Copy");
        await frame.getByTestId("take").first().click();
        await frame.getByTestId("fate").waitFor();
        await page.evaluate(() => window.focus());
        assert.equal((await page.evaluate(() => navigator.clipboard.readText())).replaceAll("\r", ""), text);
      }));

    test("a new message brings new suggestions, since Chatwoot itself says nothing", () =>
      withDesk("chatwoot", { language }, async (page, frame, { asked }) => {
        await answered(frame);
        await page.evaluate((text) => window.eval(`add("agent", "…"); add("customer", ${JSON.stringify(text)})`), words.next);
        await page.waitForRequest(`${url()}/v1/suggestions`);
        assert.equal(asked.at(-1).conversation.messages.at(-1).text, words.next);
        await answered(frame);
      }));

    test("an agent who is not signed in at the desk's server is led there, and comes back", () =>
      withDesk("chatwoot", { language, state: { signedIn: false }, expected: [/401/] }, async (page, frame, { panel }) => {
        await frame.getByTestId("notice").filter({ hasText: words.signIn }).waitFor();
        assert.equal(await frame.getByTestId("link").getAttribute("href"), `${hosts.own.origin}/sign-in`);
        await assertSound(panel, "sign in");
        hosts.state.signedIn = true;
        await frame.getByTestId("retry").click();
        await answered(frame);
      }));
  });

  describe(`Zendesk, ${language}`, { concurrency: false }, () => {
    test("reads the ticket, suggests, and inserts", () =>
      withDesk("zendesk", { language, desk: { desk: SHOP } }, async (page, frame, { panel, asked }) => {
        await answered(frame);
        const [{ desk, conversation }] = asked;
        assert.equal(desk, SHOP);
        // Without the internal note, and without the comment's markup.
        assert.equal(conversation.messages.length, 1);
        assert.equal(conversation.messages[0].role, "customer");
        assert.ok(!conversation.messages[0].text.includes("<"));
        assert.equal(conversation.id, "1201");
        await assertSound(panel, "zendesk");
        // The key itself never comes to the browser: Zendesk's proxy knows it.
        assert.deepEqual(hosts.state.proxied.map(({ url: asked, secure, data }) => [asked, secure, JSON.parse(data)]), [[`${url()}/v1/widget-tokens`, true, { desk: SHOP, agent: "Example Agent" }]]);

        const text = await cards(frame).first().locator(".words").textContent();
        await frame.getByTestId("take").first().click();
        await page.waitForFunction((expected) => document.querySelector("#editor").innerText === expected, text);
        await frame.getByTestId("fate").waitFor();
        assert.ok((await page.locator("#tray iframe").boundingBox()).height > 200);
      }));

    test("a new comment brings new suggestions", () =>
      withDesk("zendesk", { language, desk: { desk: SHOP } }, async (page, frame, { asked }) => {
        await answered(frame);
        await page.evaluate((text) => window.eval(`add("agent", "<p>…</p>"); add("end-user", ${JSON.stringify(`<p>${text}</p>`)}); trigger("ticket.conversation.changed", conversation)`), words.next);
        await page.waitForRequest(`${url()}/v1/suggestions`);
        assert.equal(asked.at(-1).conversation.messages.at(-1).text, words.next);
        await answered(frame);
      }));
  });

  describe(`WeCom, ${language}`, { concurrency: false }, () => {
    const wecom = { language, userAgent: WECOM_BROWSER };

    test("signs for the SDK, suggests to what the agent pastes, and sends", () =>
      withDesk("wecom", { ...wecom, prepare: (context) => installBridge(context) }, async (page, frame, { panel }) => {
        await frame.getByTestId("question").fill(words.question);
        await frame.getByTestId("question").press("Enter");
        await answered(frame);
        await assertSound(panel, "wecom");
        const signed = await panel.evaluate(() => window.bridged.find(({ name }) => name === "agentConfig").parameters);
        assert.equal(signed.corpid, "wwEXAMPLE");
        assert.equal(signed.agentid, "1000002");
        assert.equal(signed.signature, "0".repeat(40));

        const card = cards(frame).first();
        await card.getByTestId("edit").click();
        await card.getByTestId("edited").fill("您好 / hello");
        const reported = page.waitForRequest((request) => request.url().endsWith("/feedback") && request.postDataJSON().kind === "sent");
        await card.getByTestId("send-edited").click();
        await page.locator(".message.agent").filter({ hasText: "您好 / hello" }).waitFor();
        assert.equal((await reported).postDataJSON().final_text, "您好 / hello");
        const sent = await panel.evaluate(() => window.bridged.find(({ name }) => name === "sendChatMessage").parameters);
        assert.equal(sent.msgtype, "text");
      }));

    test("follows the conversation where the desk's server knows it", () =>
      withDesk(
        "wecom",
        { ...wecom, state: { conversation: { id: "wm1", messages: [{ role: "customer", text: words.question }] } }, prepare: (context) => installBridge(context) },
        async (page, frame, { asked }) => {
          await answered(frame);
          assert.equal(await frame.getByTestId("question").count(), 0);
          assert.equal(asked[0].conversation.id, "wm1");
          hosts.state.conversation = { id: "wm1", messages: [...hosts.state.conversation.messages, { role: "agent", text: "…" }, { role: "customer", text: words.next }] };
          await page.waitForRequest(`${url()}/v1/suggestions`);
          await answered(frame);
        },
      ));

    test("elsewhere in WeCom it says where it belongs", () =>
      withDesk("wecom", { ...wecom, prepare: (context) => installBridge(context, { entry: "normal" }) }, (page, frame) =>
        frame.getByTestId("notice").filter({ hasText: words.wrongEntry }).waitFor(),
      ));
  });
}

describe("a message from a site that is not configured is ignored", { concurrency: false }, () => {
  test("by Chatwoot's adapter", () =>
    withDesk("chatwoot", {}, async (page, frame, { asked }) => {
      await answered(frame);
      const messages = [{ id: 1, content: "forged", message_type: 0, created_at: 1 }];
      await strangerPosts(page, JSON.stringify({ event: "appContext", data: { conversation: { id: 41, messages } } }));
      assert.equal(asked.length, 1);
      // The same message from the desk itself is heard: it was not its form.
      await page.evaluate((forged) => window.eval("frame").contentWindow.postMessage(forged, "*"), JSON.stringify({ event: "appContext", data: { conversation: { id: 41, messages } } }));
      await page.waitForRequest(`${url()}/v1/suggestions`);
      assert.equal(asked.length, 2);
    }));

  test("by Zendesk's adapter", () =>
    withDesk("zendesk", { desk: { desk: SHOP } }, async (page, frame, { asked }) => {
      await answered(frame);
      await page.evaluate(() => window.eval(`conversation.push({ author: { id: 3001, role: "end-user" }, channel: { name: "web" }, message: { content: "more", contentType: "text/plain" } })`));
      await strangerPosts(page, JSON.stringify({ key: "zaf.ticket.conversation.changed", message: [] }));
      assert.equal(asked.length, 1);
    }));

  test("a desk that names another site in the address gets nothing, not even the SDK", () =>
    withDesk("zendesk", { desk: { desk: SHOP, says: "https://evil.example" } }, async (page, frame) => {
      await frame.getByTestId("error").filter({ hasText: WORDS.en.refusedSite }).waitFor();
      assert.deepEqual(hosts.state.proxied, []);
    }));

  test("and no other site can show one of the pages", () =>
    withPage({ hosts: hosts.origins, expected: [/frame-ancestors|Framing|refused/i] }, async (page) => {
      for (const name of ["chatwoot", "zendesk", "wecom"]) {
        await page.goto(`${hosts.stranger.origin}/frame.html?app=${encodeURIComponent(`${url()}/adapters/${name}`)}`);
        await page.waitForTimeout(200);
        assert.equal(await page.frameLocator("iframe").getByTestId("panel").count(), 0, name);
      }
    }));
});

test("each page's policy names its own desk and no other; the console's names none", async () => {
  const policy = async (address) => {
    const response = await fetch(new URL(address, url()), { headers: { accept: "text/html" } });
    assert.equal(response.status, 200, address);
    return { text: response.headers.get("content-security-policy"), frames: response.headers.get("x-frame-options") };
  };
  const foreign = (text) => [...new Set(text.match(/https?:\/\/[^\s;]+/g) ?? [])].sort();
  const [chatwoot, zendesk, wecom, widget, console] = await Promise.all(["/adapters/chatwoot", "/adapters/zendesk", "/adapters/wecom", "/widget", "/"].map(policy));
  assert.deepEqual(foreign(chatwoot.text), [hosts.chatwoot.origin, `${hosts.own.origin}/riposte/`].sort());
  assert.deepEqual(foreign(zendesk.text), [hosts.zendesk.origin, `${hosts.zendesk.origin}/sdk.js`].sort());
  assert.deepEqual(foreign(wecom.text), [hosts.wecom.origin, `${hosts.wecom.origin}/sdk.js`, `${hosts.own.origin}/riposte/`].sort());
  assert.deepEqual(foreign(widget.text), [hosts.own.origin]);
  assert.deepEqual(foreign(console.text), []);
  assert.match(chatwoot.text, /script-src 'self';/);
  assert.match(console.text, /frame-ancestors 'none'/);
  assert.deepEqual([chatwoot.frames, zendesk.frames, wecom.frames, widget.frames, console.frames], [null, null, null, null, "DENY"]);
});

/** The files of a zip archive, read by its directory as an unpacker would. */
function unzip(bytes) {
  const end = bytes.lastIndexOf("PK\x05\x06");
  let at = bytes.readUInt32LE(end + 16);
  const files = new Map();
  for (let count = bytes.readUInt16LE(end + 10); count > 0; count -= 1) {
    assert.equal(bytes.toString("latin1", at, at + 4), "PK\x01\x02");
    const [packed, size, nameLength] = [bytes.readUInt32LE(at + 20), bytes.readUInt32LE(at + 24), bytes.readUInt16LE(at + 28)];
    const name = bytes.toString("utf8", at + 46, at + 46 + nameLength);
    const local = bytes.readUInt32LE(at + 42);
    const from = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
    const content = inflateRawSync(bytes.subarray(from, from + packed));
    assert.equal(content.length, size, name);
    files.set(name, content);
    at += 46 + nameLength;
  }
  return files;
}

test("the Zendesk app is packed as Zendesk wants it", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "riposte-zendesk-"));
  const pack = (...args) => promisify(execFile)(process.execPath, [path.join(ROOT, "web/adapters/zendesk/package.js"), ...args]);
  try {
    const out = path.join(folder, "app.zip");
    await pack("--url", "https://riposte.company.example:8443/", "--email", "desk@company.example", "--out", out);
    const files = unzip(await readFile(out));
    assert.deepEqual([...files.keys()].sort(), ["assets/logo-small.png", "assets/logo.png", "manifest.json", "translations/en.json", "translations/zh-cn.json"]);
    const manifest = JSON.parse(files.get("manifest.json"));
    assert.equal(manifest.location.support.ticket_sidebar.url, "https://riposte.company.example:8443/adapters/zendesk");
    assert.equal(manifest.frameworkVersion, "2.0");
    assert.deepEqual(manifest.domainWhitelist, ["riposte.company.example"]);
    assert.equal(manifest.author.email, "desk@company.example");
    assert.ok(manifest.parameters.find(({ name }) => name === "api_key").secure);
    for (const [name, side] of [["assets/logo.png", 320], ["assets/logo-small.png", 128]]) {
      assert.deepEqual([files.get(name).readUInt32BE(16), files.get(name).readUInt32BE(20)], [side, side], name);
    }
    for (const name of ["translations/en.json", "translations/zh-cn.json"]) {
      const { app } = JSON.parse(files.get(name));
      assert.deepEqual(Object.keys(app.parameters), manifest.parameters.map((parameter) => parameter.name), name);
      for (const field of ["name", "short_description", "long_description", "installation_instructions"]) assert.ok(app[field], `${name}: ${field}`);
    }
    await assert.rejects(pack("--url", "http://riposte.company.example", "--email", "a@b.example", "--out", out), /https only/);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
