// Takes the README's pictures from the demo that `make run` serves: `npm run screenshots`, with RIPOSTE_PASSWORD set to the password of
// demo-supervisor, CHROMIUM to the browser, and RIPOSTE_URL where the demo is not at http://127.0.0.1:8080.

import { mkdir } from "node:fs/promises";
import path from "node:path";
import { launch, openPage, signIn } from "./browser.js";
import { DESK, ROOT } from "./server.js";

const url = process.env.RIPOSTE_URL ?? "http://127.0.0.1:8080";
const folder = path.join(ROOT, "docs/images");

await mkdir(folder, { recursive: true });
const browser = await launch();
try {
  for (const language of ["zh", "en"]) {
    const { page, context, complaints } = await openPage(browser, url, { language, deviceScaleFactor: 1 });
    await signIn(page, "demo-supervisor", process.env.RIPOSTE_PASSWORD ?? "");
    await page.getByTestId("desk-select").selectOption(DESK);
    await page.locator(`[data-example="shop-invoice-${language}"]`).click();
    await page.locator('[data-testid="suggestions"][aria-busy="false"]').waitFor();
    const first = page.getByTestId("suggestion-card").first();
    await first.locator("summary").click();
    await first.getByTestId("evidence-open").waitFor();
    await page.mouse.move(0, 0);
    await page.screenshot({ path: path.join(folder, `try-${language}.png`) });
    if (complaints.length > 0) throw new Error(complaints.join("\n"));
    await context.close();
  }
} finally {
  await browser.close();
}
