// Importing: choosing and dropping files, columns, checking, bad rows, stopping, the list of jobs.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, test } from "node:test";
import { pick, signIn } from "./browser.js";
import { PASSWORD } from "./server.js";
import { assertSound, LANGUAGES, WINDOWS, withServer } from "./suite.js";
import { workbook } from "./workbook.js";

const { withPage } = withServer();

/** A file as the page's file field takes it. */
const file = (name, content) => ({ name, mimeType: "application/octet-stream", buffer: Buffer.from(content) });

/** Messages in a table whose role column is called something the service does not know, with two bad rows. */
const csvFor = (language) =>
  ["单号,谁,消息内容,发送时间", `t-${language}-1,1,退货的运费谁出？,2026-10-01 09:00`, `t-${language}-1,2,质量问题由我们承担。,2026-10-01 09:01`, `,1,没有单号,2026-10-01 09:02`, `t-${language}-2,9,谁也不是,2026-10-01 09:03`, `t-${language}-2,1,什么时候发货？,2026-10-01 09:04`].join("\n");

const rowOf = (page, heading) => page.getByTestId("mapping-row").filter({ has: page.getByRole("rowheader", { name: heading, exact: true }) });

const WORDS = {
  zh: { nameless: "没有会话编号", conversation: "会话编号", role: "发言角色", customer: "客户", agent: "客服", recognised: "自动识别", dryRun: "没有写入" },
  en: { nameless: "the row names no conversation", conversation: "Conversation's number", role: "Who speaks", customer: "Customer", agent: "Agent", recognised: "recognised", dryRun: "Nothing was stored" },
};

async function openImports(page, name = "ada") {
  await signIn(page, name, PASSWORD, "/imports?desk=demo-shop");
  await page.getByTestId("jobs").waitFor();
}

const ended = (page, state = "succeeded") => page.locator(`[data-testid="job-view"][data-state="${state}"]`).waitFor({ timeout: 60_000 });

for (const language of LANGUAGES) {
  const words = WORDS[language];

  describe(language, { concurrency: false }, () => {
    test("a CSV with unknown headings and bad rows: mapped, checked, imported", () =>
      withPage({ language, acceptDownloads: true }, async (page) => {
        await openImports(page);
        await page.getByTestId("import-file").setInputFiles(file("八月.csv", csvFor(language)));
        await page.getByTestId("mapping-missing").waitFor();
        assert.ok((await rowOf(page, "消息内容").innerText()).includes(words.recognised));
        assert.ok((await rowOf(page, "消息内容").innerText()).includes("退货的运费谁出？"), "the first rows are shown");
        await pick(page, rowOf(page, "单号").getByTestId("mapping-field"), words.conversation);
        await pick(page, rowOf(page, "谁").getByTestId("mapping-field"), words.role);
        await page.getByTestId("mapping-missing").waitFor({ state: "detached" });
        for (const [code, role] of [["1", words.customer], ["2", words.agent]]) {
          await pick(page, page.locator(".speaker").filter({ has: page.getByText(code, { exact: true }) }).locator(".ant-select"), role);
        }
        await assertSound(page, "columns");

        await page.getByTestId("import-check").click();
        await ended(page);
        await page.getByTestId("job-view").filter({ hasText: words.dryRun }).waitFor();
        assert.equal(await page.getByTestId("import-rejected").innerText(), "2");
        await page.getByTestId("import-now").click();
        await page.getByTestId("import-conversations_added").filter({ hasText: /^2$/ }).waitFor({ timeout: 60_000 });
        await ended(page);
        const rejected = page.getByTestId("rejected-rows").locator("tbody tr.ant-table-row");
        await rejected.nth(1).waitFor();
        assert.deepEqual(await rejected.locator("td:first-child").allInnerTexts(), ["4", "5"]);
        assert.ok((await rejected.first().innerText()).includes(words.nameless));
        await assertSound(page, "report");

        const download = page.waitForEvent("download");
        await page.getByTestId("rejected-download").click();
        const report = await readFile(await (await download).path(), "utf8");
        assert.match(report, /^line,field,reason,remedy\r?\n4,/);
        assert.ok(!report.includes("没有单号"), "customers' words are not repeated");

        const done = page.getByTestId("jobs").locator("tbody tr.ant-table-row").first();
        await done.filter({ hasText: "八月.csv" }).waitFor();
        await done.getByRole("link").click();
        await page.getByTestId("rejected-rows").locator("tbody tr.ant-table-row").first().waitFor();
        assert.match(new URL(page.url()).pathname, /^\/jobs\/[0-9a-f-]{36}$/);
        await assertSound(page, "job");
      }));

    test("a workbook shows its first rows", () =>
      withPage({ language }, async (page) => {
        await openImports(page);
        const rows = [["会话ID", "角色", "内容"], [`x-${language}`, "客户", "Can I pay by <card> & cash?"], [`x-${language}`, "客服", "Yes."]];
        await page.getByTestId("import-file").setInputFiles(file("八月.xlsx", workbook("八月", rows)));
        await rowOf(page, "内容").filter({ hasText: "Can I pay by <card> & cash?" }).waitFor();
        await page.getByTestId("import-submit").click();
        await ended(page);
        assert.equal(await page.getByTestId("import-messages_added").innerText(), "2");
      }));

    for (const colorScheme of ["light", "dark"]) {
      test(`the page is accessible and fits, ${colorScheme}`, () =>
        withPage({ language, colorScheme }, async (page) => {
          await openImports(page);
          for (const [name, size] of Object.entries(WINDOWS)) {
            await page.setViewportSize(size);
            await page.getByTestId("table-jobs").locator("tbody tr.ant-table-row").first().waitFor();
            await assertSound(page, `jobs, ${name}`);
            await page.getByTestId("import-file").setInputFiles(file("a.csv", csvFor("shown")));
            await page.getByTestId("mapping-row").first().waitFor();
            await assertSound(page, `columns, ${name}`);
            await page.reload();
          }
        }));
    }
  });
}

test("a file is dropped; what can't be imported is refused", () =>
  withPage({}, async (page) => {
    await openImports(page);
    const drop = (names) =>
      page.getByTestId("drop-zone").evaluate((zone, list) => {
        const data = new DataTransfer();
        for (const name of list) data.items.add(new File(['{"id": "cut off", "messages": [\n'], name));
        zone.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
      }, names);
    await drop(["a.pdf"]);
    await page.getByTestId("import-refusal").filter({ hasText: "a.pdf" }).waitFor();
    await drop(["a.jsonl", "b.jsonl"]);
    await page.getByTestId("import-refusal").filter({ hasNotText: "a.pdf" }).waitFor();
    await drop(["a.jsonl"]);
    await page.getByTestId("import-name").filter({ hasText: "a.jsonl" }).waitFor();
    await page.getByTestId("import-submit").click();
    await ended(page);
    assert.equal(await page.getByTestId("import-rejected").innerText(), "1");
  }));

test("a table without the columns that are needed fails with the way on", () =>
  withPage({}, async (page) => {
    await openImports(page);
    await page.getByTestId("import-file").setInputFiles(file("b.csv", "a,b\n1,2\n"));
    await page.getByTestId("mapping-missing").waitFor();
    await page.getByTestId("import-submit").click();
    await page.getByTestId("job-error").waitFor({ timeout: 60_000 });
    await assertSound(page, "failed");
  }));

test("a running import shows its progress and is stopped", () =>
  withPage({}, async (page) => {
    const message = (n) => [{ role: "customer", text: `Where is parcel ${n} of the order with ${n % 97} lamps and ${n % 89} chairs?` }, { role: "agent", text: `Parcel ${n} leaves the ${n % 83}th depot tomorrow and takes ${n % 7} days.` }];
    const many = Array.from({ length: 4000 }, (_none, n) => JSON.stringify({ id: `many-${n}`, messages: message(n) })).join("\n");
    await openImports(page);
    await page.getByTestId("import-file").setInputFiles(file("many.jsonl", many));
    await page.getByTestId("import-submit").click();
    await page.getByTestId("job-progress").filter({ hasText: /\d.* of .*\d/ }).waitFor({ timeout: 60_000 });
    await assertSound(page, "running");
    await page.getByTestId("job-view").getByTestId("job-cancel").click();
    await page.locator(".ant-popconfirm .ant-btn-primary, .ant-popover .ant-btn-primary").click();
    await ended(page, "cancelled");
  }));

test("an editor sees the jobs and no form, an agent neither", () =>
  withPage({ expected: [/403/] }, async (page) => {
    await openImports(page, "edi");
    await page.getByTestId("table-jobs").locator("tbody tr.ant-table-row").first().waitFor();
    assert.equal(await page.getByTestId("import-form").count(), 0);
    await page.getByTestId("account-menu").click();
    await page.getByTestId("sign-out").click();
    await page.getByTestId("sign-in-submit").waitFor();
    await signIn(page, "lin", PASSWORD);
    assert.equal(await page.getByTestId("menu-/imports").count(), 0);
    await page.goto("/imports");
    await page.locator('[data-code="forbidden"]').waitFor();
  }));

test("columns are chosen, and kept", () =>
  withPage({}, async (page) => {
    await openImports(page);
    const headings = () => page.getByTestId("table-jobs").locator("thead th").allInnerTexts();
    await page.getByTestId("table-jobs").locator("tbody tr.ant-table-row").first().waitFor();
    assert.ok(!(await headings()).includes("Took"));
    await page.getByTestId("table-jobs").getByTestId("columns").click();
    await page.getByTestId("column-chooser").getByText("Took").click();
    await page.getByTestId("table-jobs").locator("thead th").filter({ hasText: "Took" }).waitFor();
    await page.reload();
    await page.getByTestId("table-jobs").locator("thead th").filter({ hasText: "Took" }).waitFor();
  }));
