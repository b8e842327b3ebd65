// Every request the console makes goes through here.

import createClient, { type FetchResponse, type MaybeOptionalInit } from "openapi-fetch";
import { ApiError, problemOf } from "./problem";
import type { components, paths } from "./schema";

export type Schemas = components["schemas"];

/** Requests with a cookie that change something need it (src/http/middleware/access.rs). */
export const CSRF = { "X-Riposte-CSRF": "1" } as const;

let onSignedOut: () => void = () => undefined;

/** Calls `listener` when the service says that the session has ended. */
export function whenSignedOut(listener: () => void) {
  onSignedOut = listener;
}

/** Says that the session has ended; for answers that do not come through the client (uploads). */
export const signedOut = () => {
  onSignedOut();
};

export const api = createClient<paths>({
  baseUrl: "/",
  headers: CSRF,
  fetch: async (request) => {
    try {
      return await fetch(request);
    } catch (error) {
      if (error instanceof DOMException && error.name === "AbortError") throw error;
      throw new ApiError("unreachable", 0);
    }
  },
});

api.use({
  onResponse({ response, schemaPath }) {
    if (response.status === 401 && schemaPath !== "/v1/sessions") onSignedOut();
  },
});

/**
 * The data of an answer, or its problem thrown: `await need(api.GET("/v1/desks"))`.
 */
export async function need<T extends Record<string | number, unknown>, O, M extends `${string}/${string}`>(
  answer: Promise<FetchResponse<T, O, M>>,
): Promise<Exclude<FetchResponse<T, O, M>["data"], undefined>> {
  const { data, error, response } = await answer;
  if (!response.ok) throw problemOf(response, error);
  return data as Exclude<FetchResponse<T, O, M>["data"], undefined>;
}

/** The same with the version that `If-Match` wants back. */
export async function needWithEtag<T extends Record<string | number, unknown>, O, M extends `${string}/${string}`>(answer: Promise<FetchResponse<T, O, M>>) {
  const whole = await answer;
  const data = await need(Promise.resolve(whole));
  return { data, etag: whole.response.headers.get("etag") ?? "" };
}

export type { MaybeOptionalInit };
