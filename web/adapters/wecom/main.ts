// A page in WeCom's chat toolbar. WeCom shows no page what is said in a chat: the customer's server gives the conversation if it has it
// (from the chat archive), otherwise the agent pastes the question.

import { el } from "../../widget/dom";
import { asConversation, type Conversation } from "../../widget/model";
import { Failure } from "../../widget/service";
import { choice, readSettings } from "../../widget/settings";
import { askServer, Sessions } from "../hostServer";
import { explain, explainSignIn, loadSdk, openPanel, pageRoot } from "../page";
import { BESIDE_A_CUSTOMER, BESIDE_A_GROUP, CALLS, readSignature, type Wecom } from "./sdk";

declare global {
  interface Window {
    ww?: Wecom;
  }
}

const ASK_EVERY_MS = 4000;
/** Outside WeCom its SDK never answers. */
const ANSWERS_WITHIN_MS = 8000;

const settings = readSettings();
const server = settings.server ?? "";
const page = location.href.replace(/#.*$/, "");
const sessions = new Sessions(server, () => ({ adapter: "wecom", page }));
const root = pageRoot();
const place = el("div");
const compose = el("div");
root.append(compose, place);

const panel = openPanel(
  {
    action: "send",
    token: () => sessions.token(),
    renew: (old) => sessions.renew(old),
    take: async (text) => {
      await window.ww?.sendChatMessage({ msgtype: "text", text: { content: text } });
    },
    explain: (error) => explainSignIn(panel, error, () => void begin()),
  },
  place,
);

const within = <T>(promise: Promise<T>): Promise<T | null> =>
  Promise.race([promise, new Promise<null>((resolve) => setTimeout(() => resolve(null), ANSWERS_WITHIN_MS))]);

function register(sdk: Wecom, corpId: string, agentId: string | number) {
  // The SDK names the address that it wants signed; it changes only with the page's.
  const signed = async (url: string, name: "config" | "agent_config") => {
    const same = url === "" || url.replace(/#.*$/, "") === page;
    const answer = same ? (await sessions.session()).answer : await askServer(server, "session", { adapter: "wecom", page: url });
    return readSignature(answer, name);
  };
  sdk.register({
    corpId,
    agentId,
    jsApiList: CALLS,
    getConfigSignature: (url) => signed(url, "config"),
    getAgentConfigSignature: (url) => signed(url, "agent_config"),
  });
}

/** The agent says what the customer asks. */
function offerComposing(customer: string | null) {
  const say = panel.say;
  const words = el("textarea", { id: "question", rows: 3, testid: "question", "aria-describedby": "question-hint" });
  const ask = () => {
    const text = words.value.trim();
    if (text !== "") panel.conversation({ messages: [{ role: "customer", text }], ...(customer === null ? {} : { id: `${customer}:${Date.now()}` }) });
  };
  words.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    ask();
  });
  compose.replaceChildren(
    el(
      "section",
      { class: "compose" },
      el("label", { for: "question" }, say("compose")),
      el("p", { class: "hint", id: "question-hint" }, say("compose_hint")),
      words,
      el("button", { type: "button", class: "main", testid: "ask", onclick: ask }, say("compose_ask")),
    ),
  );
  panel.conversation({ messages: [] });
}

let followed = false;

async function follow(customer: string) {
  if (document.visibilityState !== "visible") return;
  try {
    const conversation: Conversation | null = asConversation(await askServer(server, "conversation", { external_user_id: customer }));
    if (conversation !== null) panel.conversation(conversation);
    followed = true;
  } catch (error) {
    // What is on the screen stays when it once fails to come again.
    if (!followed) explain(panel, error, () => void follow(customer));
  }
}

async function begin() {
  try {
    const { desk, answer } = await sessions.session();
    panel.serve(choice("desk") ?? desk ?? "", null);
    const { corp_id: corpId, agent_id: agentId } = answer;
    if (typeof corpId !== "string" || (typeof agentId !== "string" && typeof agentId !== "number")) throw new Failure("host", { detail: "session: corp_id, agent_id" });
    if (!window.ww) await loadSdk(settings.sdk ?? "");
    const sdk = window.ww;
    if (!sdk) throw new Failure("sdk");
    register(sdk, corpId, agentId);
    const context = await within(sdk.getContext());
    const entry = context?.entry ?? "";
    if (entry !== BESIDE_A_GROUP && !BESIDE_A_CUSTOMER.includes(entry)) {
      panel.notice({ title: panel.say("wrong_entry"), way: panel.say("wrong_entry_way") });
      return;
    }
    const customer = entry === BESIDE_A_GROUP ? null : (await sdk.getCurExternalContact()).userId;
    if (customer === null || answer.conversations !== true) {
      offerComposing(customer);
      return;
    }
    await follow(customer);
    setInterval(() => void follow(customer), ASK_EVERY_MS);
  } catch (error) {
    explain(panel, error, () => void begin());
  }
}

void begin();
