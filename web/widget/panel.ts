// The panel that the widget and every adapter show: asks for suggestions to the present moment of a conversation, shows them or why there
// are none, and reports what became of them. What a host can do with a text is the host's part (`Host`).

import { card, type Fate } from "./card";
import { copyText } from "./clipboard";
import { el } from "./dom";
import { customerWaits, fingerprint, type Action, type Conversation, type Language, type Report, type Suggestion, type SuggestionSet, type Theme } from "./model";
import { madeOf } from "./outcome";
import { Failure, Service, type Access } from "./service";
import { speaker, type Say, type Word } from "./texts";

/** What a host gives to the panel and takes from it. */
export interface Host extends Access {
  action: Action;
  /** Puts a text into the host's editor, or sends it. Not needed where the agent copies. */
  take?: (text: string, suggestion: Suggestion) => Promise<void> | void;
  /** Told of each text that was copied. */
  copied?: (text: string, suggestion: Suggestion) => void;
  /** Told of each report, after the service has taken it. */
  reported?: (suggestion: string, report: Report) => void;
  /** Shows a failure of the host's own kind; false if it is none. */
  explain?: (error: unknown) => boolean;
  /** Esc: the agent goes back to the host. */
  leave?: () => void;
}

export interface Notice {
  title: string;
  way: string;
  kind?: "quiet" | "error";
  /** A link on, such as to signing in. */
  link?: { text: string; href: string };
  retry?: () => void;
}

type State = { kind: "notice"; notice: Notice } | { kind: "loading"; renewing: boolean } | { kind: "set"; set: SuggestionSet };

const LONGEST_WAIT_S = 60;

export class Panel {
  action: Action;
  readonly #root: HTMLElement;
  readonly #host: Host;
  readonly #service: Service;
  readonly #body: HTMLElement;
  readonly #spoken: HTMLElement;
  readonly #title: HTMLElement;
  readonly #keys: HTMLElement;
  readonly #again: HTMLButtonElement;
  readonly #fates = new Map<string, Fate>();
  readonly #shown = new Set<string>();
  #say: Say;
  #desk = "";
  #language: Language | null = null;
  #state: State;
  #conversation: Conversation | null = null;
  #asked = "";
  #asking: AbortController | null = null;
  #retry: ReturnType<typeof setTimeout> | undefined;
  /** What the agent took last, until the host shows what was sent. */
  #taken: { suggestion: Suggestion; messages: number } | null = null;
  #seen: IntersectionObserver;

  constructor(root: HTMLElement, host: Host, language: Language) {
    this.#root = root;
    this.#host = host;
    this.action = host.action;
    this.#say = speaker(language);
    document.documentElement.lang = language;
    this.#service = new Service(host, () => this.#show({ kind: "loading", renewing: true }));
    this.#state = { kind: "notice", notice: this.#notice("waiting") };
    this.#title = el("h1", {});
    this.#keys = el("p", { class: "keys", "aria-hidden": true });
    this.#again = el("button", { type: "button", class: "quiet icon", testid: "again", onclick: () => this.#ask() }, "↻");
    this.#spoken = el("p", { class: "offscreen", role: "status", testid: "status" });
    this.#body = el("main", { testid: "panel" });
    this.#seen = new IntersectionObserver((entries) => {
      for (const entry of entries) if (entry.isIntersecting) this.#wasShown(entry.target);
    }, { threshold: 0.3 });
    root.replaceChildren(el("header", {}, this.#title, this.#keys, this.#again), this.#spoken, this.#body);
    document.addEventListener("keydown", (event) => this.#key(event));
    this.#draw();
  }

  /** The language of the panel's own words. */
  speak(language: Language) {
    document.documentElement.lang = language;
    this.#say = speaker(language);
    if (this.#state.kind === "notice" && this.#conversation === null) this.#state = { kind: "notice", notice: this.#notice("waiting") };
    this.#draw();
  }

  get say(): Say {
    return this.#say;
  }

  /** Whose archive and knowledge are asked, and in which language replies come (the customer's own when null). */
  serve(desk: string, language: Language | null) {
    const changed = desk !== this.#desk || language !== this.#language;
    this.#desk = desk;
    this.#language = language;
    if (changed && this.#conversation !== null) this.#ask();
  }

  static dress(theme: Theme) {
    document.documentElement.dataset.theme = theme;
  }

  /** The conversation as it now is. What was suggested to an earlier moment leaves the screen at once. */
  conversation(conversation: Conversation) {
    const now = fingerprint(conversation);
    if (this.#conversation !== null && now === this.#asked) return;
    this.#settle(conversation);
    this.#conversation = conversation;
    this.#asked = now;
    if (customerWaits(conversation)) {
      this.#ask();
    } else {
      this.#stop();
      this.#show({ kind: "notice", notice: this.#notice("idle") });
    }
  }

  /** Asks again, with a new token for example. */
  again() {
    this.#ask();
  }

  /** What the agent has sent, if the host says so itself. */
  sent(text: string) {
    this.#agentSent(text);
  }

  /** Says something of the host's own instead of suggestions. */
  notice(notice: Notice) {
    this.#stop();
    this.#conversation = null;
    this.#show({ kind: "notice", notice });
  }

  focus() {
    const first = this.#body.querySelector<HTMLElement>("[data-testid=suggestion]") ?? this.#again;
    first.focus();
  }

  #notice(name: "waiting" | "idle"): Notice {
    return { title: this.#say(name), way: this.#say(`${name}_way`) };
  }

  #stop() {
    this.#asking?.abort();
    this.#asking = null;
    clearTimeout(this.#retry);
  }

  #ask() {
    const conversation = this.#conversation;
    if (conversation === null || this.#desk === "" || !customerWaits(conversation)) return;
    this.#stop();
    const asking = new AbortController();
    this.#asking = asking;
    this.#show({ kind: "loading", renewing: false });
    this.#service.suggest(this.#desk, conversation, this.#language, asking.signal).then(
      (set) => {
        if (this.#asking === asking) this.#show({ kind: "set", set });
      },
      (error: unknown) => {
        if (this.#asking === asking) this.#failed(error);
      },
    );
  }

  #failed(error: unknown) {
    if (this.#host.explain?.(error)) return;
    const failure = error instanceof Failure ? error : new Failure("unknown");
    const named: Partial<Record<string, Word>> = {
      unreachable: "failed_unreachable",
      expired: "failed_expired",
      forbidden: "failed_forbidden",
      unknown_desk: "failed_unknown_desk",
      overloaded: "failed_busy",
      rate_limited: "failed_busy",
      starting: "failed_busy",
      unavailable: "failed_busy",
      host: "failed_host",
    };
    const word = named[failure.code] ?? "failed_other";
    const wait = Math.min(failure.retryAfter ?? 5, LONGEST_WAIT_S);
    const values = {
      desk: this.#desk,
      n: wait,
      detail: failure.message,
      request: failure.requestId === null ? "" : this.#say("request", { id: failure.requestId }),
    };
    if (word === "failed_busy") this.#retry = setTimeout(() => this.#ask(), wait * 1000);
    this.#show({
      kind: "notice",
      notice: { kind: "error", title: this.#say(word, values), way: this.#say(`${word}_way` as Word, values), retry: () => this.#ask() },
    });
  }

  #show(state: State) {
    this.#state = state;
    this.#draw();
  }

  #draw() {
    const say = this.#say;
    this.#title.textContent = say("title");
    document.title = `${say("title")} · Riposte`;
    this.#again.title = say("again");
    this.#again.setAttribute("aria-label", say("again"));
    this.#again.hidden = this.#conversation === null || !customerWaits(this.#conversation);
    this.#seen.disconnect();
    const state = this.#state;
    this.#root.dataset.state = state.kind;
    this.#body.setAttribute("aria-busy", String(state.kind === "loading"));
    this.#keys.textContent = state.kind === "set" && state.set.suggestions.length > 0 ? say("keys") : "";
    if (state.kind === "loading") {
      const bone = () => el("li", { class: "card bone", "aria-hidden": true }, el("span"), el("span"), el("span"));
      this.#body.replaceChildren(el("ol", { testid: "loading" }, bone(), bone(), bone()));
      this.#spoken.textContent = say(state.renewing ? "renewing" : "loading");
      return;
    }
    if (state.kind === "notice") {
      this.#body.replaceChildren(this.#noticeBox(state.notice));
      this.#spoken.textContent = state.notice.title;
      return;
    }
    const { suggestions, abstained } = state.set;
    if (suggestions.length === 0) {
      const reason = abstained?.reason ?? "no_match";
      this.#body.replaceChildren(this.#noticeBox({ title: say(`silent_${reason}`), way: say(`silent_${reason}_way`) }, "silent"));
      this.#spoken.textContent = say(`silent_${reason}`);
      return;
    }
    const cards = suggestions.map((suggestion, index) => this.#card(suggestion, index + 1));
    this.#body.replaceChildren(el("ol", { testid: "suggestions" }, ...cards));
    for (const item of cards) this.#seen.observe(item);
    this.#spoken.textContent = suggestions.length === 1 ? say("count_one") : say("count_many", { n: suggestions.length });
  }

  #noticeBox(notice: Notice, testid: string = notice.kind === "error" ? "error" : "notice"): HTMLElement {
    const error = notice.kind === "error";
    return el(
      "section",
      { class: error ? "notice error" : "notice", testid, ...(error ? { role: "alert" } : {}) },
      el("h2", {}, notice.title),
      el("p", {}, notice.way),
      notice.link ? el("a", { class: "button main", href: notice.link.href, target: "_top", rel: "noreferrer", testid: "link" }, notice.link.text) : null,
      notice.retry ? el("button", { type: "button", testid: "retry", onclick: notice.retry }, this.#say("again")) : null,
    );
  }

  #card(suggestion: Suggestion, number: number): HTMLElement {
    return card(suggestion, number, this.#say, this.action, this.#fates.get(suggestion.id), {
      take: (text) => void this.#take(suggestion, text),
      copy: (text) => void this.#copy(suggestion, text),
      refuse: (reason) => this.#ended(suggestion, "refused", { kind: "rejected", reason }),
    });
  }

  async #take(suggestion: Suggestion, text: string) {
    if (this.action === "copy") return this.#copy(suggestion, text);
    try {
      await this.#host.take?.(text, suggestion);
    } catch {
      const notice: Notice = { kind: "error", title: this.#say("failed_use"), way: this.#say("failed_use_way") };
      this.#body.prepend(this.#noticeBox(notice, "not-taken"));
      return;
    }
    if (this.action === "send") {
      this.#ended(suggestion, "sent", { kind: "sent", final_text: text });
    } else {
      this.#remember(suggestion);
      this.#ended(suggestion, "inserted", { kind: "accepted" });
    }
  }

  async #copy(suggestion: Suggestion, text: string) {
    try {
      await copyText(text);
    } catch {
      return;
    }
    this.#host.copied?.(text, suggestion);
    this.#remember(suggestion);
    this.#ended(suggestion, "copied", { kind: "accepted" });
  }

  #remember(suggestion: Suggestion) {
    this.#taken = { suggestion, messages: this.#conversation?.messages.length ?? 0 };
  }

  #ended(suggestion: Suggestion, fate: Fate, report: Report) {
    this.#fates.set(suggestion.id, fate);
    const focused = document.activeElement?.closest<HTMLElement>("[data-testid=suggestion]")?.dataset.id;
    this.#draw();
    if (focused) this.#body.querySelector<HTMLElement>(`[data-id="${CSS.escape(focused)}"]`)?.focus();
    this.#spoken.textContent = this.#say(fate);
    this.#report(suggestion.id, report);
  }

  #wasShown(card: Element) {
    const id = card instanceof HTMLElement ? card.dataset.id : undefined;
    if (id === undefined || this.#shown.has(id) || document.visibilityState === "hidden") return;
    this.#shown.add(id);
    this.#report(id, { kind: "shown" });
  }

  /** Feedback is never in the agent's way: what can't be reported is left. */
  #report(suggestion: string, report: Report) {
    this.#service.feedback(suggestion, report).then(
      () => this.#host.reported?.(suggestion, report),
      (error: unknown) => console.warn("Riposte: a report was not taken", error),
    );
  }

  /** Finds in the host's newer messages what the agent made of the suggestion taken before. */
  #settle(newer: Conversation) {
    const taken = this.#taken;
    if (taken === null) return;
    if (newer.id !== this.#conversation?.id) {
      this.#taken = null;
      return;
    }
    const said = newer.messages.slice(taken.messages).find((message) => message.role === "agent");
    if (said) this.#agentSent(said.text);
  }

  #agentSent(text: string) {
    const taken = this.#taken;
    this.#taken = null;
    if (taken !== null && madeOf(text, taken.suggestion.text)) this.#report(taken.suggestion.id, { kind: "sent", final_text: text });
  }

  #key(event: KeyboardEvent) {
    const target = event.target instanceof HTMLElement ? event.target : null;
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || target?.matches("textarea, input") === true) return;
    const cards = [...this.#body.querySelectorAll<HTMLElement>("[data-testid=suggestion]")];
    const at = cards.findIndex((item) => item.contains(target));
    const go = (index: number) => {
      const item = cards[index];
      if (!item) return;
      event.preventDefault();
      item.focus();
      item.scrollIntoView({ block: "nearest" });
    };
    if (/^[1-5]$/.test(event.key)) go(Number(event.key) - 1);
    else if (event.key === "ArrowDown") go(at + 1);
    else if (event.key === "ArrowUp" && at > 0) go(at - 1);
    else if (event.key === "Escape") this.#host.leave?.();
    else if (event.key === "Enter" && at >= 0 && target === cards[at]) {
      event.preventDefault();
      cards[at].querySelector<HTMLElement>("button.main")?.click();
    }
  }
}
