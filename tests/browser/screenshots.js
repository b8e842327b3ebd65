// Takes pictures of every page, in Chinese and English, light and dark, into docs/screenshots/: `npm run screenshots`, or
// `npm run screenshots -- clusters map` for some pages. It serves the demo shop itself (RIPOSTE_BIN, CHROMIUM as for the tests) and fills it
// with a day's work first.

import { mkdir } from "node:fs/promises";
import path from "node:path";
import { askApi, launch, openPage, pick, signIn } from "./browser.js";
import { DESK, PASSWORD, ROOT, startServer } from "./server.js";

const seen = (testid) => (page) => page.getByTestId(testid).first().waitFor();
const drawn = (page) => page.locator(".chart canvas").first().waitFor();
const click = (testid) => (page) => page.getByTestId(testid).first().click();

const TRIED = {
  zh: "客户：裙子买小了想退，吊牌还在\n客服：可以退的，7天内申请就行\n客户：那运费呢？",
  en: "Customer: The dress is too small, the tags are still on. Can I send it back?\nAgent: Yes, within 7 days of receipt.\nCustomer: and who pays the postage?",
};

/** The conversation above, live. */
async function talk(page, language) {
  const { body: conversation } = await askApi(page, "POST", "/v1/conversations", { desk: DESK, customer: { name: language === "zh" ? "王晓梅" : "Emma Wilson" } });
  for (const line of TRIED[language].split("\n")) {
    const [, who, text] = /^(.*?)[:：]\s*(.*)$/.exec(line);
    const role = ["客服", "Agent"].includes(who) ? "agent" : "customer";
    await askApi(page, "POST", `/v1/conversations/${conversation.id}/messages?desk=${DESK}`, { role, text });
  }
  await page.goto(`/desk/${conversation.id}?desk=${DESK}`);
}

const CHATS = {
  name: { zh: "八月会话.csv", en: "august.csv" },
  conversation: { zh: "会话编号", en: "Conversation's number" },
  role: { zh: "发言角色", en: "Who speaks" },
  roles: [["1", { zh: "客户", en: "Customer" }], ["2", { zh: "客服", en: "Agent" }]],
  rows: {
    zh: ["单号,谁,消息内容,发送时间", "t-1,1,退货的运费谁出？,2026-10-01 09:00", "t-1,2,质量问题由我们承担。,2026-10-01 09:01", ",1,没有单号,2026-10-01 09:02", "t-2,9,谁也不是,2026-10-01 09:03", "t-2,1,什么时候发货？,2026-10-01 09:04"],
    en: ["ticket,by,text,sent at", "e-1,1,Who pays the return postage?,2026-10-01 09:00", "e-1,2,We do if it is faulty.,2026-10-01 09:01", ",1,no ticket,2026-10-01 09:02", "e-2,9,nobody,2026-10-01 09:03", "e-2,1,When will it be sent?,2026-10-01 09:04"],
  },
};
const QUESTIONS = {
  name: { zh: "常见问题.csv", en: "faq.csv" },
  rows: {
    zh: ["id,questions,answer,status,valid_to", "t-1,窗帘可以水洗吗,可以，水温不超过三十度。,draft,", "t-2,窗帘杆送吗,不送。,draft,soon", "t-3,,没有问题,draft,"],
    en: ["id,questions,answer,status,valid_to", "e-1,Can curtains be washed?,\"Yes, at thirty degrees.\",draft,", "e-2,Is the rail included?,No.,draft,soon", "e-3,,no question,draft,"],
  },
};

const table = ({ name, rows }, language) => ({ name: name[language], mimeType: "text/csv", buffer: Buffer.from(rows[language].join("\n")) });

/** Says what the columns and codes of a foreign table mean. */
async function mapColumns(page, language) {
  await page.getByTestId("import-file").setInputFiles(table(CHATS, language));
  const [number, speaker] = CHATS.rows[language][0].split(",");
  const field = (heading) => page.getByTestId("mapping-row").filter({ has: page.getByRole("rowheader", { name: heading, exact: true }) }).getByTestId("mapping-field");
  await pick(page, field(number), CHATS.conversation[language]);
  await pick(page, field(speaker), CHATS.role[language]);
  for (const [code, role] of CHATS.roles) {
    await pick(page, page.locator(".speaker").filter({ has: page.getByText(code, { exact: true }) }).locator(".ant-select"), role[language]);
  }
  await page.getByTestId("mapping-row").first().scrollIntoViewIfNeeded();
}

/** The report of the import with its bad rows, on the job's own page. */
async function openJob(page) {
  await page.getByTestId("import-submit").click();
  await page.locator('[data-testid="job-view"][data-state="succeeded"]').waitFor({ timeout: 60_000 });
  await page.getByTestId("jobs").locator("tbody tr.ant-table-row").first().getByRole("link").click();
  await page.getByTestId("rejected-rows").locator("tbody tr.ant-table-row").first().waitFor();
}

/** The versions of the entry whose answer was shortened. */
async function openVersions(page) {
  const { body } = await askApi(page, "GET", `/v1/entries?desk=${DESK}&q=${encodeURIComponent(ENTRIES[0][0])}`);
  await page.goto(`/knowledge/${body.items[0].id}?desk=${DESK}`);
  await page.getByTestId("to-versions").click();
  await page.getByTestId("version-diff").locator("ins").first().waitFor();
}

/** The customer's side of the last conversation, in a window of its own as it opens from the desk. */
async function openCustomer(page, language) {
  await talk(page, language);
  await page.goto(page.url().replace("?", "/customer?"));
  await page.getByTestId("customer-draft").waitFor();
}

/** Name of the picture, address, and the steps up to the moment it is taken; a picture without an address goes on from the one before. */
const PAGES = [
  ["desk", "/desk", seen("desk-welcome")],
  ["desk-live", "/desk", talk, (page) => page.locator('[data-testid="suggestions"][data-state="current"]').getByTestId("suggestion").first().waitFor()],
  ["customer", "/desk", openCustomer],
  ["desk-replay", "/desk", click("demo"), (page) => page.locator('[data-testid="suggestions"][data-state="current"]').getByTestId("suggestion").first().waitFor(), click("replay-toggle")],
  ["clusters", "/clusters", seen("cluster-link")],
  ["map", "/clusters/map", drawn],
  ["cluster", "/clusters", click("cluster-link"), seen("cluster-page"), drawn],
  ["promotion", null, click("promote"), seen("provenance"), seen("near-duplicates")],
  ["outliers", "/clusters/outliers", seen("outlier")],
  ["decisions", "/clusters/decisions", seen("decision")],
  ["knowledge", "/knowledge", seen("entry-link")],
  ["entry", "/knowledge", click("entry-link"), seen("entry-page")],
  ["entry-new", "/knowledge/new", seen("entry-form")],
  ["entry-versions", "/knowledge", openVersions],
  ["entry-import", "/knowledge/import", (page, language) => page.locator("input[type=file]").setInputFiles(table(QUESTIONS, language)), seen("import-report")],
  ["gaps", "/worklists/gaps", (page) => page.locator("tr.ant-table-row").first().waitFor()],
  ["conflicts", "/worklists/conflicts", seen("conflict-side")],
  ["stale", "/worklists/stale", seen("worklist-entry")],
  ["thin", "/worklists/thin", seen("worklist-entry")],
  ["rejected", "/worklists/rejected", seen("worklist-entry")],
  ["imports", "/imports", seen("table-jobs")],
  ["import-columns", "/imports", mapColumns],
  ["job", null, openJob],
  ["overview", "/overview", drawn, (page) => page.locator(`[data-testid="chart-${DESK}-topics"] canvas`).waitFor()],
  ["lab", "/lab", (page, language) => page.getByTestId("lab-text").fill(TRIED[language]), click("lab-run"), seen("lab-suggestion")],
  ["evaluations", "/evaluations", drawn],
  ["controls", "/controls", seen("table-controls")],
  ["desk-settings", "/desk-settings", seen("adapt")],
  ["accounts", "/accounts", seen("table-accounts")],
  ["keys", "/keys", seen("table-keys")],
  ["profile", "/profile", seen("profile")],
  ["api", "/docs#create_suggestions", seen("operation-body")],
];

/** What customers ask, and what the agent does with the first suggestion. */
const DAY = [
  ["裙子买小了想退，吊牌还在，怎么退货", "accepted"],
  ["退货的运费谁出？", "accepted"],
  ["发票怎么开", "accepted"],
  ["下单后多久发货", "edited"],
  ["积分怎么用，会不会过期", "accepted"],
  ["我想改收货地址，已经付款了", "accepted"],
  ["羽绒被可以水洗吗", "edited"],
  ["快递显示签收了但我没收到", "rejected"],
  ["How do I return something?", "accepted"],
  ["When will my order be sent?", "accepted"],
  ["Can I change the delivery address?", "edited"],
  ["哈哈", null],
  ["今天股市大盘涨了多少点", null],
];
const GAPS = ["凉席可以按榻榻米尺寸裁剪吗", "Can a mat be cut to the size of a tatami room?"];
const ENTRIES = [
  ["洗衣袋有几种尺寸", "有的，请在店铺首页查看。", { kind: "edited", final_text: "洗衣袋有小号、中号和大号三种，小号适合内衣，大号适合床单。" }],
  ["抱枕芯能单独买吗", "有的，请在店铺首页查看。", { kind: "rejected", reason: "incomplete" }],
];

/** Over since last year. */
const STALE = ["圣诞树什么时候上架", "十一月一日上架，先到先得。"];

async function workADay(page) {
  const send = async (method, address, body, version) => {
    const answer = await askApi(page, method, address, body, version);
    if (answer.status >= 300) throw new Error(`${method} ${address}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  const ask = (customer, text) => send("POST", "/v1/suggestions", { desk: DESK, conversation: { id: `${customer} ${text}`, messages: [{ role: "customer", text }] } });
  const tell = (suggestion, feedback) => send("POST", `/v1/suggestions/${suggestion.id}/feedback`, feedback);
  for (const customer of ["one", "two", "three", "four"]) {
    for (const [text, kind] of DAY) {
      const [first] = (await ask(customer, text)).suggestions;
      if (!first || !kind) continue;
      await tell(first, { kind: "shown" });
      await tell(first, { accepted: { kind }, edited: { kind, final_text: `${first.text} :)` }, rejected: { kind, reason: "wrong" } }[kind]);
    }
    for (const text of GAPS) for (const suggestion of (await ask(customer, text)).suggestions) await tell(suggestion, { kind: "rejected", reason: "wrong" });
  }
  for (const [question, answer, feedback] of ENTRIES) {
    const entry = await send("POST", "/v1/entries", { desk: DESK, status: "published", questions: [question], answer });
    for (const customer of ["one", "two", "three"]) {
      for (const suggestion of (await ask(customer, question)).suggestions) if (suggestion.evidence.some((evidence) => evidence.id === entry.id)) await tell(suggestion, feedback);
    }
  }
  await send("POST", "/v1/entries", { desk: DESK, status: "published", questions: [STALE[0]], answer: STALE[1], valid_to: "2025-12-31T00:00:00Z" });
  const [shortened] = (await send("GET", `/v1/entries?desk=${DESK}&q=${encodeURIComponent(ENTRIES[0][0])}`)).items;
  await send("PATCH", `/v1/entries/${shortened.id}?desk=${DESK}`, { answer: "有小号、中号和大号三种，请在店铺首页查看。", note: "sizes named" }, shortened.version);
  const { items } = await send("GET", `/v1/clusters?desk=${DESK}&limit=30`);
  for (const [place, patch] of [[2, { state: "approved" }], [5, { state: "approved" }], [9, { state: "dismissed", dismissed_why: "over since June" }], [14, { state: "approved" }]]) {
    const { id, version } = items[place];
    await send("PATCH", `/v1/clusters/${id}`, { desk: DESK, ...patch }, version);
  }
  for (const [question, control] of [["发票怎么开", { kind: "pin", note: "2026 rules" }], ["How do I return something?", { kind: "boost", points: 1 }], ["羽绒被可以水洗吗", { kind: "must_not_match", phrases: ["干洗"] }]]) {
    const [first] = (await ask("five", question)).suggestions;
    if (first) await send("POST", `/v1/desks/${DESK}/controls`, { suggestion_id: first.id, ...control });
  }
  let job = await send("POST", "/v1/gaps/find", { desk: DESK });
  while (!["succeeded", "failed", "cancelled"].includes(job.state)) {
    await page.waitForTimeout(300);
    job = await send("GET", `/v1/jobs/${job.id}`);
  }
}

const folder = path.join(ROOT, "docs/screenshots");
const wanted = process.argv.slice(2);
const isWanted = (name) => wanted.length === 0 || wanted.includes(name);

await mkdir(folder, { recursive: true });
const server = await startServer();
const browser = await launch();
try {
  const preparing = await openPage(browser, server.url, {});
  await signIn(preparing.page, "ada", PASSWORD, "/profile");
  await workADay(preparing.page);
  await preparing.context.close();
  for (const language of ["zh", "en"]) {
    for (const colorScheme of ["light", "dark"]) {
      const { page, context, complaints } = await openPage(browser, server.url, { language, colorScheme });
      const take = (name) => page.screenshot({ path: path.join(folder, `${name}-${language}-${colorScheme}.png`), animations: "disabled" });
      await page.goto("/login");
      await page.getByTestId("sign-in-submit").waitFor();
      if (isWanted("login")) await take("login");
      await signIn(page, "ada", PASSWORD, `/profile?desk=${DESK}`);
      for (const [place, [name, address, ...steps]] of PAGES.entries()) {
        const isBasis = PAGES[place + 1]?.[1] === null && isWanted(PAGES[place + 1][0]);
        if (!isWanted(name) && !isBasis) continue;
        if (address) await page.goto(address);
        for (const step of steps) await step(page, language);
        await page.mouse.move(0, 0);
        // Charts move in by themselves, unknown to the document.
        await page.waitForTimeout(700);
        if (isWanted(name)) await take(name);
      }
      if (complaints.length > 0) throw new Error(complaints.join("\n"));
      await context.close();
    }
  }
} finally {
  await browser.close();
  await server.stop();
}
