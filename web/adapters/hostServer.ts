// The customer's own server: it knows who the agent is and makes the token with its key (docs/adapters/).

import { isRecord } from "../widget/model";
import { Failure, type Access } from "../widget/service";

/** The server wants the agent to sign in first. */
export class SignIn extends Error {
  readonly address: string;

  constructor(address: string) {
    super("the agent is not signed in");
    this.address = address;
  }
}

/** What a session's answer must hold; adapters read more of it. */
export interface Session {
  token: string;
  desk: string | null;
  answer: Record<string, unknown>;
}

const isWebAddress = (address: string) => /^https?:\/\//i.test(address);

/** Asks the server; the agent is known to it by its own cookie. */
export async function askServer(server: string, path: string, body: unknown): Promise<Record<string, unknown>> {
  let response: Response;
  try {
    response = await fetch(`${server}/${path}`, { method: "POST", credentials: "include", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  } catch {
    throw new Failure("host", { detail: `${server}/${path}` });
  }
  const answer: unknown = await response.json().catch(() => null);
  if (response.status === 401 && isRecord(answer) && typeof answer.sign_in === "string" && isWebAddress(answer.sign_in)) throw new SignIn(answer.sign_in);
  if (!response.ok || !isRecord(answer)) throw new Failure("host", { detail: `${server}/${path} → ${response.status}` });
  return answer;
}

/** Gets sessions from the server, one at a time, and keeps the last. */
export class Sessions implements Access {
  #session: Promise<Session> | null = null;
  readonly #ask: () => Promise<Record<string, unknown>>;

  constructor(server: string, body: () => Record<string, unknown>) {
    this.#ask = () => askServer(server, "session", body());
  }

  session(): Promise<Session> {
    this.#session ??= this.#fresh();
    return this.#session;
  }

  async token(): Promise<string> {
    return (await this.session()).token;
  }

  async renew(old: string): Promise<string> {
    const present = await this.session();
    if (present.token === old) this.#session = this.#fresh();
    return this.token();
  }

  #fresh(): Promise<Session> {
    const fresh = this.#ask().then((answer) => {
      if (typeof answer.token !== "string" || answer.token === "") throw new Failure("host", { detail: "the answer holds no token" });
      return { token: answer.token, desk: typeof answer.desk === "string" ? answer.desk : null, answer };
    });
    // A session that failed is asked for again next time.
    fresh.catch(() => {
      if (this.#session === fresh) this.#session = null;
    });
    return fresh;
  }
}
