// Takes the guides' pictures of the widget and the adapters in their stand-ins: `npm run desks`, with RIPOSTE_BIN and CHROMIUM set.

import { mkdir, readFile } from "node:fs/promises";
import path from "node:path";
import { launch, openPage } from "../browser.js";
import { ROOT, startServer } from "../server.js";
import { installBridge, settingsFor, startHosts, WECOM_BROWSER } from "./hosts.js";

const folder = process.env.PICTURES ?? path.join(ROOT, "docs/images/adapters");
const WINDOW = { width: 1100, height: 640 };

await mkdir(folder, { recursive: true });
const hosts = await startHosts();
const server = await startServer(settingsFor(hosts));
const browser = await launch();
hosts.state.token = server.key;
try {
  for (const language of ["zh", "en"]) {
    for (const theme of ["light", ...(process.env.PICTURES ? ["dark"] : [])]) {
      for (const name of ["chatwoot", "zendesk", "wecom", "widget"]) await take(name, language, theme);
    }
  }
} finally {
  await browser.close();
  await server.stop();
  await hosts.stop();
}

async function take(name, language, theme) {
  const options = { language, hosts: hosts.origins, viewport: WINDOW, colorScheme: theme, ...(name === "wecom" ? { userAgent: WECOM_BROWSER } : {}) };
  const { page, context, complaints } = await openPage(browser, server.url, options);
  if (name === "wecom") await installBridge(context);
  if (name === "widget") {
    const [, text] = /```html\n([\s\S]*?)```/.exec(await readFile(path.join(ROOT, "docs/widget.md"), "utf8"));
    hosts.state.pages.desk = text.replace("https://riposte.example.com", server.url).replace('language: "en"', `language: "${language}"`);
    if (language === "zh") hosts.state.pages.desk = hosts.state.pages.desk.replace("How do I change the address?", "可以开发票吗？");
    await page.goto(`${hosts.own.origin}/desk.html`);
  } else {
    const app = new URL(`/adapters/${name}?language=${language}`, server.url).href;
    const query = new URLSearchParams({ app, language, theme, desk: "demo-shop" });
    await page.goto(`${hosts[name].origin}/${name}.html?${query}`);
  }
  const frame = page.frameLocator("iframe").first();
  if (name === "wecom") {
    await frame.getByTestId("question").fill(language === "zh" ? "可以开发票吗？" : "How do I change the address?");
    await frame.getByTestId("ask").click();
  }
  await frame.getByTestId("suggestion").first().waitFor();
  // The guides show what the button does.
  await frame.getByTestId("take").first().click();
  await frame.getByTestId("fate").waitFor();
  await page.waitForTimeout(200);
  await page.screenshot({ path: path.join(folder, `${name}-${language}${theme === "dark" ? "-dark" : ""}.png`) });
  if (complaints.length > 0) throw new Error(`${name}: ${complaints.join("\n")}`);
  await context.close();
}
