// Takes pictures of every page from the demo that `make run` serves, in Chinese and English, light and dark, into docs/screenshots/:
// `npm run screenshots`, or `npm run screenshots -- imports` for some pages. RIPOSTE_PASSWORD is the password of demo-admin, CHROMIUM the
// browser, RIPOSTE_URL where the demo is (http://127.0.0.1:8080).

import { mkdir } from "node:fs/promises";
import path from "node:path";
import { launch, openPage, signIn } from "./browser.js";
import { DESK, ROOT } from "./server.js";

/** Name of the picture, address, and what must be there before it is taken. */
const PAGES = [
  ["imports", `/imports?desk=${DESK}`, "table-jobs"],
  ["controls", `/controls?desk=${DESK}`, "table-controls"],
  ["desk-settings", `/desk-settings?desk=${DESK}`, "adapt"],
  ["accounts", "/accounts", "table-accounts"],
  ["keys", "/keys", "table-keys"],
  ["profile", "/profile", "profile"],
  ["api", "/docs#create_suggestions", "operation-body"],
];

const url = process.env.RIPOSTE_URL ?? "http://127.0.0.1:8080";
const folder = path.join(ROOT, "docs/screenshots");
const wanted = process.argv.slice(2);

await mkdir(folder, { recursive: true });
const browser = await launch();
try {
  for (const language of ["zh", "en"]) {
    for (const colorScheme of ["light", "dark"]) {
      const { page, context, complaints } = await openPage(browser, url, { language, colorScheme });
      const take = (name) => page.screenshot({ path: path.join(folder, `${name}-${language}-${colorScheme}.png`), animations: "disabled" });
      await page.goto("/login");
      await page.getByTestId("sign-in-submit").waitFor();
      if (wanted.length === 0 || wanted.includes("login")) await take("login");
      await signIn(page, "demo-admin", process.env.RIPOSTE_PASSWORD ?? "");
      for (const [name, address, ready] of PAGES) {
        if (wanted.length > 0 && !wanted.includes(name)) continue;
        await page.goto(address);
        await page.getByTestId(ready).first().waitFor();
        await page.waitForLoadState("networkidle");
        await page.mouse.move(0, 0);
        await take(name);
      }
      if (complaints.length > 0) throw new Error(complaints.join("\n"));
      await context.close();
    }
  }
} finally {
  await browser.close();
}
