// `/widget.js`: one script tag gives a page `Riposte.mount`. A classic script without imports; it knows no more of the widget than the
// messages they exchange (`protocol.ts`), so a page need not be built again when the widget changes.

import type { Message, Theme } from "./model";
import type { FromWidget, ToWidget } from "./protocol";

interface Options {
  /** Made by the page's own server: POST /v1/widget-tokens. */
  token: string;
  desk: string;
  /** Of the widget and of the replies; the browser's and the customer's own when absent. */
  language?: "zh" | "en";
  theme?: Theme;
}

interface Events {
  insert: { text: string; suggestion: string };
  copy: { text: string; suggestion: string };
  feedback: { suggestion: string; kind: string; reason?: string | null };
  /** The token has ended: give a new one with `.token(…)`. */
  token: Record<string, never>;
}

type Listeners = { [Name in keyof Events]: Set<(event: Events[Name]) => void> };

(() => {
  const script = document.currentScript;
  if (!(script instanceof HTMLScriptElement)) throw new Error("Riposte: load /widget.js with a plain <script src>");
  const home = new URL(script.src).origin;

  class Widget {
    readonly frame: HTMLIFrameElement;
    readonly #listeners: Listeners = { insert: new Set(), copy: new Set(), feedback: new Set(), token: new Set() };
    readonly #hear: (event: MessageEvent<unknown>) => void;
    #options: Options;
    #ready = false;
    #last: ToWidget | null = null;
    #before: Element | null = null;

    constructor(element: Element, options: Options) {
      this.#options = options;
      const address = new URL("/widget", home);
      if (options.language) address.searchParams.set("language", options.language);
      if (options.theme) address.searchParams.set("theme", options.theme);
      this.frame = document.createElement("iframe");
      this.frame.src = address.href;
      this.frame.title = options.language === "zh" ? "推荐回复" : "Suggested replies";
      this.frame.allow = "clipboard-write";
      Object.assign(this.frame.style, { width: "100%", height: "100%", border: "0", display: "block" });
      this.#hear = (event) => {
        if (event.source === this.frame.contentWindow && event.origin === home) this.#heard(event.data as FromWidget);
      };
      window.addEventListener("message", this.#hear);
      element.replaceChildren(this.frame);
    }

    /** The conversation so far, oldest message first; call it again whenever it has changed. */
    conversation(messages: Message[], about: { id?: string; customer?: Record<string, string> } = {}) {
      this.#last = { riposte: "conversation", conversation: { ...about, messages } };
      this.#tell(this.#last);
      return this;
    }

    /** Calls `listener` when something happens; the answer stops that. */
    on<Name extends keyof Events>(name: Name, listener: (event: Events[Name]) => void) {
      if (!(name in this.#listeners)) throw new Error(`Riposte: there is no event "${name}"; there are ${Object.keys(this.#listeners).join(", ")}`);
      this.#listeners[name].add(listener);
      if (name === "insert" && this.#ready) this.#start();
      return () => {
        this.#listeners[name].delete(listener);
      };
    }

    token(token: string) {
      this.#options = { ...this.#options, token };
      this.#tell({ riposte: "token", token });
    }

    /** Says what the agent has sent, where the conversation does not show it. */
    sent(text: string) {
      this.#tell({ riposte: "sent", text });
    }

    theme(theme: Theme) {
      this.#options = { ...this.#options, theme };
      this.#tell({ riposte: "theme", theme });
    }

    focus() {
      this.#before = document.activeElement;
      this.frame.focus();
      this.#tell({ riposte: "focus" });
    }

    unmount() {
      window.removeEventListener("message", this.#hear);
      this.frame.remove();
    }

    #start() {
      const { token, desk, language, theme } = this.#options;
      this.#tell({ riposte: "start", token, desk, language: language ?? null, theme: theme ?? "system", inserts: this.#listeners.insert.size > 0 });
    }

    #tell(message: ToWidget) {
      if (this.#ready) this.frame.contentWindow?.postMessage(message, home);
    }

    #heard(message: FromWidget) {
      switch (message.riposte) {
        case "ready":
          this.#ready = true;
          this.#start();
          if (this.#last) this.#tell(this.#last);
          return;
        case "insert":
        case "copy":
          for (const listener of this.#listeners[message.riposte]) listener({ text: message.text, suggestion: message.suggestion });
          return;
        case "feedback":
          for (const listener of this.#listeners.feedback) listener({ suggestion: message.suggestion, kind: message.report.kind, reason: message.report.reason });
          return;
        case "token":
          for (const listener of this.#listeners.token) listener({});
          return;
        case "leave":
          if (this.#before instanceof HTMLElement) this.#before.focus();
          else window.focus();
      }
    }
  }

  const mount = (element: Element | string, options: Options) => {
    const place = typeof element === "string" ? document.querySelector(element) : element;
    if (!place) throw new Error(`Riposte: there is no element ${typeof element === "string" ? element : ""} to mount into`);
    if (!options.token || !options.desk) throw new Error("Riposte: mount needs a token and a desk");
    return new Widget(place, options);
  };
  Object.assign(window, { Riposte: { mount } });
})();
