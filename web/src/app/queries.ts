// How the console asks: what is tried again, and what happens when the session ends.

import { QueryClient } from "@tanstack/react-query";
import { ApiError } from "../api";

const MOST_RETRIES = 2;
const STARTING_RETRIES = 60;

export function makeQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 15_000,
        refetchOnWindowFocus: false,
        retry(failures, error) {
          if (!(error instanceof ApiError)) return false;
          if (error.code === "starting") return failures < STARTING_RETRIES;
          return (error.code === "unreachable" || error.code === "overloaded" || error.code === "unavailable") && failures < MOST_RETRIES;
        },
        retryDelay: (failures, error) => (error instanceof ApiError && error.retryAfter !== null ? error.retryAfter * 1000 : Math.min(4000, 500 * 2 ** failures)),
      },
    },
  });
}
