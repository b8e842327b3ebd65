// A dashboard app of Chatwoot. It gets the conversation by `appContext` messages, which come only when they are asked for, and there is
// no call to put a text into Chatwoot's editor: the agent copies.

import { choice, fromHost, readSettings } from "../../widget/settings";
import { Sessions } from "../hostServer";
import { explain, explainSignIn, openPanel } from "../page";
import { readContext, type Context } from "./context";

const REQUEST = "chatwoot-dashboard-app:fetch-info";
/** Chatwoot says nothing when a message arrives. */
const ASK_EVERY_MS = 3000;

const settings = readSettings();
let context: Context | null = null;
let stage: "new" | "asking" | "ready" = "new";
const sessions = new Sessions(settings.server ?? "", () => ({ adapter: "chatwoot", agent: context?.agent ?? null, account: context?.account ?? null, conversation: context?.conversation.id ?? null }));
const panel = openPanel({ action: "copy", token: () => sessions.token(), renew: (old) => sessions.renew(old), explain: (error) => explainSignIn(panel, error, ask) });

// The request says nothing: whoever shows the page may hear it.
const ask = () => {
  if (document.visibilityState === "visible") window.parent.postMessage(REQUEST, "*");
};

async function begin() {
  stage = "asking";
  try {
    const session = await sessions.session();
    panel.serve(choice("desk") ?? session.desk ?? "", null);
    stage = "ready";
    if (context) panel.conversation(context.conversation);
  } catch (error) {
    explain(panel, error, () => void begin());
  }
}

fromHost(settings, (data) => {
  const found = readContext(data);
  if (found === null) return;
  context = found;
  if (stage === "new") void begin();
  else if (stage === "ready") panel.conversation(found.conversation);
});

if (window.parent === window) {
  panel.notice({ title: panel.say("alone"), way: panel.say("alone_way") });
} else {
  ask();
  setInterval(ask, ASK_EVERY_MS);
  document.addEventListener("visibilitychange", ask);
}
