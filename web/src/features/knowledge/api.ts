// What this part asks of the service.

import { useQueryClient } from "@tanstack/react-query";
import { api, CSRF, need, problemOf, signedOut, type Schemas } from "../../api";

export type Entry = Schemas["Entry"];
export type EntryVersion = Schemas["EntryVersion"];
export type Status = Schemas["EntryStatus"];
export type Imported = Schemas["EntriesImported"];
export type Patch = Schemas["EntryPatch"];

export const entriesKey = (desk: string) => ["entries", desk] as const;
export const entryKey = (desk: string, id: string) => [...entriesKey(desk), "one", id] as const;

const ifMatch = (version: number) => ({ "If-Match": `"${version}"` });

export const loadEntry = (desk: string, id: string, signal?: AbortSignal) =>
  need(api.GET("/v1/entries/{id}", { params: { path: { id }, query: { desk } }, ...(signal ? { signal } : {}) }));

export const createEntry = (entry: Schemas["EntryCreate"], onDuplicate: "list" | "refuse") => need(api.POST("/v1/entries", { params: { query: { on_duplicate: onDuplicate } }, body: entry }));

export const patchEntry = ({ desk, id }: Entry, version: number, patch: Patch) =>
  need(api.PATCH("/v1/entries/{id}", { params: { path: { id }, query: { desk }, header: ifMatch(version) }, body: patch }));

export const rollback = ({ desk, id, version }: Entry, to: number, note: string) =>
  need(api.POST("/v1/entries/{id}/rollback", { params: { path: { id }, query: { desk }, header: ifMatch(version) }, body: { version: to, ...(note === "" ? {} : { note }) } }));

export const loadDiff = (desk: string, id: string, from: number, to: number, signal: AbortSignal) =>
  need(api.GET("/v1/entries/{id}/diff", { params: { path: { id }, query: { desk, from, to } }, signal }));

export const resolveGap = (desk: string, gap: string, entry: string) => need(api.PATCH("/v1/gaps/{id}", { params: { path: { id: gap } }, body: { desk, state: "resolved", entry_id: entry } }));

export const FORMATS = ["csv", "xlsx", "jsonl", "md"] as const;
export type Format = (typeof FORMATS)[number];

/** By the name's ending. */
export const formatOf = (name: string): Format | undefined => FORMATS.find((format) => name.toLowerCase().endsWith(`.${format}`));

/** Sends the file as it is; the generated client knows bodies of JSON only. */
export async function importFile(desk: string, file: File, format: Format, dryRun: boolean): Promise<Imported> {
  const query = new URLSearchParams({ desk, format, dry_run: String(dryRun) });
  const response = await fetch(`/v1/entries/import?${query.toString()}`, { method: "POST", headers: { ...CSRF, "content-type": "application/octet-stream" }, body: file });
  if (response.status === 401) signedOut();
  const body: unknown = await response.json().catch(() => null);
  if (!response.ok) throw problemOf(response, body);
  return body as Imported;
}

export const exportAddress = (desk: string, format: Format) => `/v1/entries/export?${new URLSearchParams({ desk, format }).toString()}`;

/** After a change: lists, entries and what is counted of them are asked for again. */
export function useRefresh(desk: string) {
  const client = useQueryClient();
  return () =>
    Promise.all([
      client.invalidateQueries({ queryKey: entriesKey(desk) }),
      client.invalidateQueries({ queryKey: ["worklists", desk] }),
      client.invalidateQueries({ queryKey: ["clusters", desk] }),
    ]);
}
