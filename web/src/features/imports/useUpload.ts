// One import from choosing a file to its job: what the file looks like, how it is to be read, how far it has been sent.

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { asJson, EMPTY_MAPPING, type Mapping } from "./mapping";
import { formatOf, preview, type Format } from "./preview";
import { jobQuery } from "./queries";
import { upload, type Sent } from "./upload";

interface Chosen {
  file: File;
  format: Format;
  /** Tells two choices of files of one name apart. */
  number: number;
}

export type Refusal = { kind: "many" } | { kind: "unknown"; name: string };

export function useUpload() {
  const client = useQueryClient();
  const [chosen, setChosen] = useState<Chosen | null>(null);
  const [mapping, setMapping] = useState<Mapping>(EMPTY_MAPPING);
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const [sent, setSent] = useState<Sent | null>(null);
  const [failure, setFailure] = useState<unknown>(null);
  const [stopped, setStopped] = useState(false);
  const [jobId, setJobId] = useState<string | null>(null);
  const abort = useRef<AbortController | null>(null);

  // What the rows depend on; a column's name is looked up in the rows that are there already.
  const { encoding, delimiter, sheet, columns } = mapping;
  const shown = useQuery({
    queryKey: ["import-preview", chosen?.number, chosen?.format, encoding, delimiter, sheet, columns],
    queryFn: () => (chosen ? preview(chosen.file, chosen.format, mapping) : null),
    enabled: chosen !== null,
    placeholderData: (before, query) => (query?.queryKey[1] === chosen?.number ? before : undefined),
    staleTime: Infinity,
    gcTime: 0,
    retry: false,
  });

  const reset = () => {
    setFailure(null);
    setStopped(false);
    setJobId(null);
  };
  return {
    chosen,
    mapping,
    setMapping,
    refusal,
    sent,
    failure,
    stopped,
    jobId,
    preview: shown,
    choose: (files: File[]) => {
      const [file, ...others] = files;
      if (!file) return;
      const format = formatOf(file.name);
      reset();
      setMapping(EMPTY_MAPPING);
      if (others.length > 0) setRefusal({ kind: "many" });
      else if (format === null) setRefusal({ kind: "unknown", name: file.name });
      else {
        setRefusal(null);
        setChosen((before) => ({ file, format, number: (before?.number ?? 0) + 1 }));
        return;
      }
      setChosen(null);
    },
    setFormat: (format: Format) => setChosen((before) => before && { ...before, format }),
    start: async (desk: string, dryRun: boolean) => {
      if (!chosen) return;
      reset();
      setSent({ done: 0, total: chosen.file.size });
      abort.current = new AbortController();
      try {
        const job = await upload({ desk, format: chosen.format, dryRun, mapping: asJson(mapping), file: chosen.file }, setSent, abort.current.signal);
        client.setQueryData(jobQuery(job.id).queryKey, job);
        setJobId(job.id);
        void client.invalidateQueries({ queryKey: ["jobs", "list"] });
      } catch (error) {
        if (error instanceof DOMException && error.name === "AbortError") setStopped(true);
        else setFailure(error);
      } finally {
        setSent(null);
      }
    },
    stop: () => abort.current?.abort(),
  };
}
