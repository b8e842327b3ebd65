// Tokens that somebody else makes, perhaps later than they are needed.

import { Failure, type Access } from "./service";

/** How long a new token is waited for. */
const PATIENCE_MS = 15_000;

interface Waiter {
  go: (token: string) => void;
  fail: (error: Error) => void;
}

/** Holds the present token; those who need one wait until there is one. */
export class Tokens implements Access {
  #token: string | null = null;
  #waiting: Waiter[] = [];
  readonly #ask: () => void;

  /** `ask` asks for a new token; it comes through `give`, or its failure through `fail`. */
  constructor(ask: () => void) {
    this.#ask = ask;
  }

  give(token: string) {
    this.#token = token;
    for (const { go } of this.#waiting.splice(0)) go(token);
  }

  fail(error: Error) {
    for (const { fail } of this.#waiting.splice(0)) fail(error);
  }

  token(): Promise<string> {
    return this.#token === null ? this.#next() : Promise.resolve(this.#token);
  }

  renew(old: string): Promise<string> {
    // Several requests may meet the end of one token.
    if (this.#token === old) this.#token = null;
    return this.token();
  }

  #next(): Promise<string> {
    return new Promise((resolve, reject) => {
      const first = this.#waiting.length === 0;
      const timer = setTimeout(() => this.fail(new Failure("expired")), PATIENCE_MS);
      this.#waiting.push({
        go: (token) => {
          clearTimeout(timer);
          resolve(token);
        },
        fail: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      });
      if (first) this.#ask();
    });
  }
}
