// The two requests of a widget, with a token that the host renews.

import type { Conversation, Language, Report, SuggestionSet } from "./model";
import { isRecord } from "./model";

/** Older messages say nothing of the present question, and large bodies are refused. */
const MESSAGES_SENT = 100;

/** Where tokens come from. */
export interface Access {
  /** The present one, if there is one. */
  token(): Promise<string>;
  /** A new one, because the service refused `old`. */
  renew(old: string): Promise<string>;
}

/** Why there are no suggestions; `code` is the service's, or what only the page can know. */
export class Failure extends Error {
  readonly code: string;
  readonly requestId: string | null;
  readonly retryAfter: number | null;

  constructor(code: string, options: { detail?: string; requestId?: string | null; retryAfter?: number | null } = {}) {
    super(options.detail ?? code);
    this.name = "Failure";
    this.code = code;
    this.requestId = options.requestId ?? null;
    this.retryAfter = options.retryAfter ?? null;
  }
}

export class Service {
  readonly #access: Access;
  /** Told when the token has ended and a new one is asked for. */
  readonly #onRenewal: () => void;

  constructor(access: Access, onRenewal: () => void) {
    this.#access = access;
    this.#onRenewal = onRenewal;
  }

  async suggest(desk: string, conversation: Conversation, language: Language | null, signal: AbortSignal): Promise<SuggestionSet> {
    const { messages, ...rest } = conversation;
    const body = { desk, conversation: { ...rest, messages: messages.slice(-MESSAGES_SENT) }, ...(language === null ? {} : { language }) };
    const response = await this.#post("/v1/suggestions", body, signal);
    return (await response.json()) as SuggestionSet;
  }

  async feedback(suggestion: string, report: Report): Promise<void> {
    await this.#post(`/v1/suggestions/${encodeURIComponent(suggestion)}/feedback`, report);
  }

  async #post(path: string, body: unknown, signal?: AbortSignal): Promise<Response> {
    const token = await this.#access.token();
    const first = await send(path, body, token, signal);
    if (first.status !== 401) return settled(first);
    this.#onRenewal();
    return settled(await send(path, body, await this.#access.renew(token), signal));
  }
}

async function send(path: string, body: unknown, token: string, signal?: AbortSignal): Promise<Response> {
  try {
    return await fetch(path, {
      method: "POST",
      // The agent may be signed in to the console in the same browser; the token alone counts here.
      credentials: "omit",
      headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
      body: JSON.stringify(body),
      signal,
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Failure("unreachable");
  }
}

async function settled(response: Response): Promise<Response> {
  if (response.ok) return response;
  const problem: unknown = await response.json().catch(() => null);
  const wait = Number(response.headers.get("retry-after"));
  const code = isRecord(problem) && typeof problem.code === "string" ? problem.code : "unknown";
  throw new Failure(response.status === 401 ? "expired" : code, {
    requestId: isRecord(problem) && typeof problem.request_id === "string" ? problem.request_id : null,
    retryAfter: wait > 0 ? wait : null,
  });
}
