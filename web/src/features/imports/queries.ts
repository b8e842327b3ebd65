// Jobs: asking for them, following one, stopping one.

import { queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, need, useServerEvents, type Schemas } from "../../api";
import { withSample, type Sample } from "./rate";

export type Job = Schemas["Job"];

export const isFinal = (state: Schemas["JobState"]) => state === "succeeded" || state === "failed" || state === "cancelled";

export const jobQuery = (id: string) =>
  queryOptions({ queryKey: ["jobs", "one", id], queryFn: ({ signal }) => need(api.GET("/v1/jobs/{id}", { params: { path: { id } }, signal })) });

/** One job as it is now: read once, then followed until it has ended. */
export function useJob(id: string) {
  const client = useQueryClient();
  const query = useQuery(jobQuery(id));
  const job = query.data;
  const [samples, setSamples] = useState<Sample[]>([]);
  useServerEvents<Job>({
    url: job && !isFinal(job.state) ? `/v1/jobs/${encodeURIComponent(id)}/events` : null,
    event: "job",
    onEvent: (next) => {
      client.setQueryData(jobQuery(id).queryKey, next);
      setSamples((known) => withSample(known, { at: Date.now(), done: next.progress.done ?? 0 }));
      if (isFinal(next.state)) {
        void client.invalidateQueries({ queryKey: ["jobs", "list"] });
        void client.invalidateQueries({ queryKey: ["desks"] });
      }
    },
    isLast: (next) => isFinal(next.state),
  });
  return { ...query, samples };
}

export function useCancelJob() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => need(api.POST("/v1/jobs/{id}/cancel", { params: { path: { id } } })),
    onSuccess: (job) => {
      client.setQueryData(jobQuery(job.id).queryKey, job);
      return client.invalidateQueries({ queryKey: ["jobs", "list"] });
    },
  });
}

/** A field of what a job was asked for or what came out, whose shape depends on its kind. */
export const fieldOf = (holder: unknown, name: string): unknown => (typeof holder === "object" && holder !== null ? (holder as Record<string, unknown>)[name] : undefined);

export const fileNameOf = (job: Job): string | null => {
  const name = fieldOf(job.params, "file_name");
  return typeof name === "string" && name !== "" ? name : null;
};

export const isDryRun = (job: Job): boolean => fieldOf(job.params, "dry_run") === true;
