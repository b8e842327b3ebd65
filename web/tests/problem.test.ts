import { expect, test } from "vitest";
import { ApiError, asApiError, problemOf } from "../src/api/problem";

const answer = (status: number, headers: Record<string, string> = {}) => new Response(null, { status, headers });

test("a problem document becomes an error with its code, fields and waiting time", () => {
  const body = { code: "overloaded", title: "full", status: 503, detail: "wait", type: "/errors/overloaded", errors: [{ pointer: "/filters/desk", detail: "no such desk" }] };
  const error = problemOf(answer(503, { "retry-after": "2" }), body);
  expect([error.code, error.status, error.retryAfter, error.message]).toEqual(["overloaded", 503, 2, "wait"]);
  expect(error.fields).toEqual([{ name: "desk", detail: "no such desk" }]);
});

test("what a proxy says is still an error that can be shown", () => {
  expect(problemOf(answer(502), "<html>Bad Gateway</html>").code).toBe("unknown");
  expect(problemOf(answer(502), { code: 7 }).code).toBe("unknown");
  expect(asApiError("odd").problem.detail).toBe("odd");
  const kept = new ApiError("busy", 409);
  expect(asApiError(kept)).toBe(kept);
});
