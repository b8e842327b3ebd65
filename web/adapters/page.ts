// What every adapter's page begins with.

import "../widget/widget.css";
import { asLanguage, asTheme, type Language } from "../widget/model";
import { Panel, type Host } from "../widget/panel";
import { Failure } from "../widget/service";
import { choice } from "../widget/settings";
import { SignIn } from "./hostServer";

/** The root element of the page. */
export function pageRoot(): HTMLElement {
  const root = document.querySelector<HTMLElement>("#root");
  if (!root) throw new Error("the page has no #root");
  return root;
}

/** The language of the page: of its address, else the browser's. */
export const pageLanguage = (): Language => asLanguage(choice("language") ?? navigator.language) ?? "en";

export function openPanel(host: Host, root = pageRoot()): Panel {
  Panel.dress(asTheme(choice("theme")));
  return new Panel(root, host, pageLanguage());
}

/** Shows that the agent must sign in at the host's server, if that is what failed. */
export function explainSignIn(panel: Panel, error: unknown, retry: () => void): boolean {
  if (!(error instanceof SignIn)) return false;
  const say = panel.say;
  panel.notice({ title: say("sign_in_first"), way: say("sign_in_first_way"), link: { text: say("sign_in"), href: error.address }, retry });
  return true;
}

/** Shows why the adapter can't begin, with a way on. */
export function explain(panel: Panel, error: unknown, retry: () => void) {
  if (explainSignIn(panel, error, retry)) return;
  const say = panel.say;
  const failure = error instanceof Failure ? error : new Failure("host", { detail: error instanceof Error ? error.message : String(error) });
  if (failure.code === "sdk") panel.notice({ kind: "error", title: say("failed_sdk"), way: say("failed_sdk_way"), retry });
  else panel.notice({ kind: "error", title: say("failed_host"), way: say("failed_host_way", { detail: failure.message }), retry });
}

/** Loads the desk's own script, whose address the settings name and the page's policy admits. */
export function loadSdk(address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = address;
    script.addEventListener("load", () => resolve());
    script.addEventListener("error", () => {
      script.remove();
      reject(new Failure("sdk"));
    });
    document.head.append(script);
  });
}
