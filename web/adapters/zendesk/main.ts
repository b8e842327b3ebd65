// A sidebar app of Zendesk. The token comes through Zendesk's own proxy, which puts the installation's secret key into the request: the
// key never reaches a browser.

import { asLanguage, asTheme, isRecord } from "../../widget/model";
import { Panel } from "../../widget/panel";
import { Failure } from "../../widget/service";
import { choice, readSettings } from "../../widget/settings";
import { Tokens } from "../../widget/tokens";
import { explain, loadSdk, openPanel, pageRoot } from "../page";
import { asHtml, PATHS, readTicket, type ZafClient } from "./ticket";

declare global {
  interface Window {
    ZAFClient?: { init: () => ZafClient | false };
  }
}

const settings = readSettings();
const root = pageRoot();
let client: ZafClient | null = null;
let desk = choice("desk") ?? "";
/** For records. */
let agent = "zendesk";
/** Of an agent's name in a token. */
const LONGEST_NAME = 64;

/** Zendesk puts the key in place of `{{setting.api_key}}`, on its own server. */
async function mint(): Promise<string> {
  if (client === null) throw new Failure("host", { detail: "Zendesk" });
  const answer = await client
    .request({
      url: `${location.origin}/v1/widget-tokens`,
      type: "POST",
      contentType: "application/json",
      headers: { Authorization: "Bearer {{setting.api_key}}" },
      data: JSON.stringify({ desk, agent }),
      secure: true,
    })
    .catch(() => null);
  if (!isRecord(answer) || typeof answer.token !== "string") throw new Failure("host", { detail: "POST /v1/widget-tokens" });
  return answer.token;
}

const tokens = new Tokens(() => {
  mint().then(
    (token) => tokens.give(token),
    (error: unknown) => tokens.fail(error instanceof Error ? error : new Failure("host")),
  );
});

const panel = openPanel(
  {
    action: "insert",
    token: () => tokens.token(),
    renew: (old) => tokens.renew(old),
    take: async (text) => {
      await client?.invoke("ticket.editor.insert", asHtml(text));
    },
  },
  root,
);

async function refresh() {
  if (client === null) return;
  try {
    panel.conversation(readTicket(await client.get(PATHS)));
  } catch (error) {
    explain(panel, error, () => void refresh());
  }
}

/** What depends on the agent; a Zendesk that does not know it answers with an error. */
async function dress(zaf: ZafClient) {
  const answer = await zaf.get(["currentUser", "colorScheme"]).catch((): Record<string, unknown> => ({}));
  const user = isRecord(answer.currentUser) ? answer.currentUser : {};
  if (typeof user.name === "string" && user.name !== "") agent = Array.from(user.name).slice(0, LONGEST_NAME).join("");
  const language = asLanguage(choice("language") ?? user.locale);
  if (language !== null) panel.speak(language);
  if (choice("theme") === null) Panel.dress(asTheme(answer.colorScheme));
}

/** The app's frame is as high as what it shows. */
function keepHeight(zaf: ZafClient) {
  let told = 0;
  new ResizeObserver(() => {
    const height = Math.min(Math.max(root.offsetHeight, 160), 1200);
    if (Math.abs(height - told) < 4) return;
    told = height;
    zaf.invoke("resize", { width: "100%", height: `${height}px` }).catch(() => undefined);
  }).observe(root);
}

async function begin() {
  const { sdk } = settings;
  if (sdk === null || !settings.origins.includes(choice("origin") ?? "")) {
    panel.notice({ kind: "error", title: panel.say("refused_site"), way: panel.say("refused_site_way") });
    return;
  }
  try {
    if (!window.ZAFClient) await loadSdk(sdk);
    const zaf = window.ZAFClient?.init();
    if (!zaf) throw new Failure("sdk");
    client = zaf;
    await dress(zaf);
    const metadata = await zaf.metadata();
    const chosen = isRecord(metadata) && isRecord(metadata.settings) ? metadata.settings.desk : null;
    if (desk === "" && typeof chosen === "string") desk = chosen;
    tokens.give(await mint());
    panel.serve(desk, null);
    zaf.on("ticket.conversation.changed", () => void refresh());
    zaf.on("app.activated", () => void refresh());
    keepHeight(zaf);
    await refresh();
  } catch (error) {
    explain(panel, error, () => void begin());
  }
}

if (window.parent === window) panel.notice({ title: panel.say("alone"), way: panel.say("alone_way") });
else void begin();
