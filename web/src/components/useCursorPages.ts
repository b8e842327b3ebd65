// Paging over the service's opaque cursors: forward by `next_cursor`, back by remembering the cursors that led here.

import { keepPreviousData, useQuery, type QueryKey } from "@tanstack/react-query";
import { useState } from "react";
import { useKept } from "./kept";

export const PAGE_SIZES = [25, 50, 100, 200] as const;
const isPageSize = (value: unknown): value is number => (PAGE_SIZES as readonly unknown[]).includes(value);

interface Options<T> {
  /** Names the list, for its page size. */
  name: string;
  /** Everything that the list depends on; another key begins at the first page. */
  queryKey: QueryKey;
  load: (page: { cursor?: string; limit: number; signal: AbortSignal }) => Promise<{ items: T[]; next_cursor?: string | null }>;
  enabled?: boolean;
  refetchInterval?: number | false | ((items: T[] | undefined) => number | false);
}

export interface CursorPages<T> {
  items: T[];
  isLoading: boolean;
  isFetching: boolean;
  error: Error | null;
  page: number;
  hasNext: boolean;
  next: () => void;
  previous: () => void;
  size: number;
  setSize: (size: number) => void;
  reload: () => void;
}

export function useCursorPages<T>({ name, queryKey, load, enabled = true, refetchInterval = false }: Options<T>): CursorPages<T> {
  const [size, setSize] = useKept(`rows.${name}`, PAGE_SIZES[1] as number, isPageSize);
  const identity = JSON.stringify([queryKey, size]);
  const [trail, setTrail] = useState<{ of: string; cursors: string[] }>({ of: identity, cursors: [] });
  const cursors = trail.of === identity ? trail.cursors : [];
  const cursor = cursors.at(-1);
  const { data, isPending, isFetching, error, refetch } = useQuery({
    queryKey: [...queryKey, { size, cursor }],
    queryFn: ({ signal }) => load({ limit: size, signal, ...(cursor === undefined ? {} : { cursor }) }),
    placeholderData: keepPreviousData,
    enabled,
    refetchInterval: typeof refetchInterval === "function" ? (query) => refetchInterval(query.state.data?.items) : refetchInterval,
  });
  const next = data?.next_cursor;
  return {
    items: data?.items ?? [],
    isLoading: isPending && enabled,
    isFetching,
    error,
    page: cursors.length + 1,
    hasNext: typeof next === "string",
    next: () => {
      if (typeof next === "string") setTrail({ of: identity, cursors: [...cursors, next] });
    },
    previous: () => setTrail({ of: identity, cursors: cursors.slice(0, -1) }),
    size,
    setSize,
    reload: () => void refetch(),
  };
}
