// Chromium without a network, and pages that remember whatever a page must not do.

import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { chromium } from "playwright-core";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

export function launch() {
  const executablePath = process.env.CHROMIUM;
  if (!executablePath) throw new Error("CHROMIUM is not set: it names the browser to test with (.ci/browser.sh sets it)");
  return chromium.launch({
    executablePath,
    headless: true,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      // A page that a test answers itself (RIPOSTE_WEB) counts as one of the open network, which may not ask 127.0.0.1.
      "--disable-features=LocalNetworkAccessChecks",
      // No name resolves: what needs another host fails, as it would on a machine without a network.
      "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    ],
  });
}

/**
 * A page in a browser profile of its own. `complaints` lists console errors, exceptions, violations of the content security policy and
 * requests to other origins; it must stay empty.
 *
 * `hosts` are origins of other sites that belong to the test. With RIPOSTE_WEB set to web/dist the console comes from there: its changes
 * show without a build of the program. Nothing moves unless `reducedMotion` says so: a click on what is still growing can miss it.
 */
export async function openPage(browser, url, { language = "en", hosts = [], ...options } = {}) {
  const context = await browser.newContext({ baseURL: url, locale: language === "zh" ? "zh-CN" : "en-GB", viewport: { width: 1280, height: 800 }, reducedMotion: "reduce", ...options });
  const complaints = [];
  await context.exposeFunction("reportViolation", (text) => complaints.push(`content security policy: ${text}`));
  await context.addInitScript((chosen) => {
    document.addEventListener("securitypolicyviolation", (event) => window.reportViolation(`${event.violatedDirective} ${event.blockedURI}`));
    // The place of a frame that was refused has no storage.
    if (location.origin !== "null" && !localStorage.getItem("riposte.language")) localStorage.setItem("riposte.language", chosen);
  }, language);
  const own = new URL(url).origin;
  if (process.env.RIPOSTE_WEB) await context.route((address) => address.origin === own, (route) => fromDisk(route, path.resolve(process.env.RIPOSTE_WEB)));
  const page = await context.newPage();
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(`console: ${message.text()} (${message.location().url})`);
  });
  page.on("pageerror", (error) => complaints.push(`exception: ${error.stack ?? error}`));
  page.on("request", (request) => {
    if (!/^(data|blob):/.test(request.url()) && ![own, ...hosts].includes(new URL(request.url()).origin)) complaints.push(`foreign request: ${request.url()}`);
  });
  return { page, context, complaints };
}

const TYPES = { ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml", ".png": "image/png" };

/** Answers as the program would (src/http/assets.rs): files under their names, the page with a nonce at every other address that a person goes to. */
async function fromDisk(route, folder) {
  const request = route.request();
  const { pathname } = new URL(request.url());
  const file = TYPES[path.extname(pathname)];
  if (file) return route.fulfill({ contentType: file, body: await readFile(path.join(folder, pathname)) });
  if (/^\/(widget|adapters\/\w+)$/.test(pathname)) return framedFromDisk(route, path.join(folder, pathname, "index.html"));
  if (request.resourceType() !== "document" || /^\/(v1|errors|livez|readyz|openapi\.json)(\/|$)/.test(pathname)) return route.continue();
  const policy = (await route.fetch({ url: new URL("/", request.url()).href })).headers()["content-security-policy"];
  const nonce = randomBytes(16).toString("base64url");
  const headers = {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": policy.replace(/style-src 'self'( 'nonce-[^']*')?/, `style-src 'self' 'nonce-${nonce}'`).replace(/img-src 'self' data:( blob:)?/, "img-src 'self' data: blob:"),
  };
  return route.fulfill({ headers, body: (await readFile(path.join(folder, "index.html"), "utf8")).replaceAll("__CSP_NONCE__", nonce) });
}

/** A page that other sites frame: the program's answer, with the page's text from the disk. */
async function framedFromDisk(route, file) {
  const answer = await route.fetch();
  if (!answer.ok()) return route.fulfill({ response: answer });
  const [, settings] = /name="riposte-settings" content="([^"]*)"/.exec(await answer.text());
  const [, nonce] = /'nonce-([^']*)'/.exec(answer.headers()["content-security-policy"]);
  const page = await readFile(file, "utf8");
  return route.fulfill({ response: answer, body: page.replaceAll("__CSP_NONCE__", nonce).replace("__SETTINGS__", () => settings) });
}

/** What axe finds that is serious or critical, one line each. Run through the debugger: the pages' policy admits no foreign script. */
export async function accessibilityFaults(page) {
  if (!(await page.evaluate("typeof axe === 'object'"))) await page.evaluate(await readFile(AXE, "utf8"));
  const result = await page.evaluate("axe.run(document, { resultTypes: ['violations'] })");
  if (result.passes.length === 0) throw new Error("axe checked nothing");
  return result.violations
    .filter((violation) => ["serious", "critical"].includes(violation.impact))
    .flatMap((violation) => violation.nodes.map((node) => `${violation.id} (${violation.impact}): ${node.target.join(" ")}: ${node.failureSummary}`));
}

/** Signs in and waits for the page that was asked for. */
export async function signIn(page, name, password, address = "/") {
  await page.goto(address);
  await page.getByTestId("sign-in-name").fill(name);
  await page.getByTestId("sign-in-password").fill(password);
  await page.getByTestId("sign-in-submit").click();
  await page.getByTestId("console").waitFor();
}

/** Picks an option of a closed list, as a person does. */
export async function pick(page, list, option) {
  // The list before may still be closing.
  await page.waitForFunction(() => !document.querySelector(".ant-select-dropdown:not(.ant-select-dropdown-hidden)"));
  await list.click();
  await page.locator(".ant-select-dropdown:not(.ant-select-dropdown-hidden) .ant-select-item-option").filter({ hasText: option }).first().click();
}

/** Presses Tab until the element with this test id has the focus. */
export async function tabTo(page, testid, key = "Tab") {
  for (let presses = 0; presses < 80; presses += 1) {
    if ((await page.evaluate(() => document.activeElement?.dataset.testid)) === testid) return;
    await page.keyboard.press(key);
  }
  throw new Error(`${testid} can't be reached with ${key}`);
}

/** Asks the service as the person who is signed in on the page. */
export function askApi(page, method, address, body, version) {
  return page.evaluate(
    async ([how, where, what, seen]) => {
      const headers = { "X-Riposte-CSRF": "1", ...(what === null ? {} : { "content-type": "application/json" }), ...(seen === null ? {} : { "if-match": `"${seen}"` }) };
      const response = await fetch(where, { method: how, headers, ...(what === null ? {} : { body: JSON.stringify(what) }) });
      const text = await response.text();
      return { status: response.status, body: text === "" ? null : JSON.parse(text) };
    },
    [method, address, body ?? null, version ?? null],
  );
}

/** What an agent would be offered for a question. */
export async function suggest(page, question, desk = "demo-shop") {
  const { status, body } = await askApi(page, "POST", "/v1/suggestions", { desk, conversation: { messages: [{ role: "customer", text: question }] } });
  if (status !== 200) throw new Error(`no suggestions: ${JSON.stringify(body)}`);
  return body;
}
