// The desk that the page is about: named in the address, so that a link leads to the same desk, and remembered for the next visit.

import { useQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import { desksQuery } from "./session";

/** What a desk may be called. */
export const DESK_NAME = /^[\p{L}\p{N}._-]{1,64}$/u;

const KEPT_AS = "riposte.desk";

export const keepDesk = (desk: string) => {
  localStorage.setItem(KEPT_AS, desk);
};

/** The desk of the page, or `null` when the person has none (or the list is not there yet). */
export function useDeskOrNull(): string | null {
  const { desk } = useSearch({ strict: false });
  const { data } = useQuery(desksQuery);
  if (desk) return desk;
  if (!data) return null;
  const kept = localStorage.getItem(KEPT_AS);
  return data.find((one) => one.id === kept)?.id ?? data[0]?.id ?? null;
}

/** The desk of the page. For pages below the frame's `NeedsDesk`, which shows something else while there is none. */
export function useDesk(): string {
  const desk = useDeskOrNull();
  if (desk === null) throw new Error("this page needs a desk; put NeedsDesk around it");
  return desk;
}
