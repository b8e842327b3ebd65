// What went wrong, whether the service said so or could not be reached.

import type { components } from "./schema";

export type Problem = components["schemas"]["Problem"];
export type ErrorCode = components["schemas"]["ErrorCode"];
export type FieldError = components["schemas"]["FieldError"];

/** A code of the service, or one of the two things that only the page can know. */
export type FailureCode = ErrorCode | "unreachable" | "unknown";

/** A refused or failed request. */
export class ApiError extends Error {
  readonly code: FailureCode;
  readonly status: number;
  readonly problem: Partial<Problem>;
  /** Seconds after which the service wants to be asked again. */
  readonly retryAfter: number | null;

  constructor(code: FailureCode, status: number, problem: Partial<Problem> = {}, retryAfter: number | null = null) {
    super([problem.detail, problem.title, code].find((text) => text !== undefined && text !== ""));
    this.name = "ApiError";
    this.code = code;
    this.status = status;
    this.problem = problem;
    this.retryAfter = retryAfter;
  }

  /** Faults of single fields, by the last name of their pointer: `/desk` → `desk`. */
  get fields(): { name: string; detail: string }[] {
    return (this.problem.errors ?? []).map((error) => ({ name: error.pointer?.split("/").pop() ?? error.parameter ?? "", detail: error.detail }));
  }
}

/** Makes an error of an answer's body, which a proxy in between may have written. */
export function problemOf(response: Response, body: unknown): ApiError {
  const wait = Number(response.headers.get("retry-after"));
  const retryAfter = Number.isFinite(wait) && wait > 0 ? wait : null;
  if (typeof body === "object" && body !== null && "code" in body && typeof body.code === "string") {
    const problem = body as Problem;
    return new ApiError(problem.code, response.status, problem, retryAfter);
  }
  return new ApiError("unknown", response.status, { title: response.statusText, status: response.status }, retryAfter);
}

/** Any thrown value as an error that can be shown. */
export function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  return new ApiError("unknown", 0, { detail: error instanceof Error ? error.message : String(error) });
}
