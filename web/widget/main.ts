// The widget's page: the panel, with whatever page is around it as the host.

import "./widget.css";
import { asConversation, asLanguage, asTheme, isRecord } from "./model";
import { Panel } from "./panel";
import type { FromWidget } from "./protocol";
import { choice, fromHost, readSettings } from "./settings";
import { Tokens } from "./tokens";

const settings = readSettings();
const root = document.querySelector<HTMLElement>("#root");
if (!root) throw new Error("the page has no #root");

let host: string | null = null;
const tell = (message: FromWidget, origin: string | null = host) => {
  if (origin !== null) window.parent.postMessage(message, origin);
};
const tokens = new Tokens(() => tell({ riposte: "token" }));

const panel = new Panel(
  root,
  {
    action: "copy",
    token: () => tokens.token(),
    renew: (old) => tokens.renew(old),
    take: (text, suggestion) => tell({ riposte: "insert", text, suggestion: suggestion.id }),
    copied: (text, suggestion) => tell({ riposte: "copy", text, suggestion: suggestion.id }),
    reported: (suggestion, report) => tell({ riposte: "feedback", suggestion, report }),
    leave: () => tell({ riposte: "leave" }),
  },
  asLanguage(choice("language") ?? navigator.language) ?? "en",
);
Panel.dress(asTheme(choice("theme")));

fromHost(settings, (data, origin) => {
  if (!isRecord(data)) return;
  host = origin;
  switch (data.riposte) {
    case "start": {
      if (typeof data.token !== "string" || typeof data.desk !== "string") return;
      const language = asLanguage(data.language);
      if (language !== null) panel.speak(language);
      Panel.dress(asTheme(data.theme));
      panel.action = data.inserts === true ? "insert" : "copy";
      tokens.give(data.token);
      panel.serve(data.desk, language);
      return;
    }
    case "conversation": {
      const conversation = asConversation(data.conversation);
      if (conversation !== null) panel.conversation(conversation);
      return;
    }
    case "token":
      if (typeof data.token === "string") tokens.give(data.token);
      return;
    case "sent":
      if (typeof data.text === "string") panel.sent(data.text);
      return;
    case "theme":
      Panel.dress(asTheme(data.theme));
      return;
    case "focus":
      panel.focus();
  }
});

if (window.parent === window) {
  panel.notice({ title: panel.say("alone"), way: panel.say("alone_way") });
} else {
  // Nothing secret: whoever shows the page may know that it is there.
  tell({ riposte: "ready" }, "*");
}
