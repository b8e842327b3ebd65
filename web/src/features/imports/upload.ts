// Sending a file. `fetch` can't tell how much has been sent, so this is an XMLHttpRequest.

import { ApiError, CSRF, problemOf, signedOut, type Schemas } from "../../api";
import type { Format } from "./preview";

export interface Upload {
  desk: string;
  format: Format;
  dryRun: boolean;
  mapping: string | null;
  file: File;
}

export interface Sent {
  done: number;
  total: number;
}

/** Resolves to the job that reads the file. */
export function upload({ desk, format, dryRun, mapping, file }: Upload, onProgress: (sent: Sent) => void, signal: AbortSignal): Promise<Schemas["Job"]> {
  const form = new FormData();
  // The file comes last: a desk that may not be used is refused before the file is on its way.
  form.append("desk", desk);
  form.append("format", format);
  form.append("dry_run", String(dryRun));
  if (mapping !== null) form.append("mapping", mapping);
  form.append("file", file, file.name);
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", "/v1/imports");
    for (const [name, value] of Object.entries(CSRF)) request.setRequestHeader(name, value);
    request.upload.addEventListener("progress", (event) => onProgress({ done: event.loaded, total: event.total }));
    request.addEventListener("error", () => reject(new ApiError("unreachable", 0)));
    request.addEventListener("abort", () => reject(new DOMException("the upload was stopped", "AbortError")));
    request.addEventListener("load", () => {
      let body: unknown = null;
      try {
        body = JSON.parse(request.responseText);
      } catch {
        // A proxy's page: the status is all there is to tell.
      }
      if (request.status === 202) {
        resolve(body as Schemas["Job"]);
        return;
      }
      if (request.status === 401) signedOut();
      reject(problemOf(new Response(null, { status: request.status, statusText: request.statusText }), body));
    });
    signal.addEventListener("abort", () => request.abort());
    request.send(form);
  });
}
