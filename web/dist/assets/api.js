// Talks to the service on the same origin. Every failure becomes an `ApiError` that carries the problem document.

/** A refused or failed request. */
export class ApiError extends Error {
  constructor(problem) {
    super(problem.detail || problem.title || `HTTP ${problem.status}`);
    this.name = "ApiError";
    this.problem = problem;
    this.status = problem.status;
  }
}

const CSRF_HEADER = "X-Riposte-CSRF";
let onUnauthorised = () => {};

/** Calls `listener` whenever the session has ended. */
export function whenUnauthorised(listener) {
  onUnauthorised = listener;
}

function problemFrom(status, statusText, body) {
  if (body) {
    try {
      const parsed = JSON.parse(body);
      if (parsed && typeof parsed === "object") return { status, title: statusText, ...parsed };
    } catch {
      // Not JSON (a proxy's page, for instance): the status line is all there is to tell.
    }
  }
  return { status, title: statusText || `HTTP ${status}`, detail: "" };
}

async function call(method, path, { body, signal, quietUnauthorised = false } = {}) {
  const headers = { Accept: "application/json" };
  if (method !== "GET") headers[CSRF_HEADER] = "1";
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let response;
  try {
    response = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body), signal, credentials: "same-origin" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError({ status: 0, title: "", detail: "", unreachable: true });
  }
  const text = await response.text();
  if (!response.ok) {
    if (response.status === 401 && !quietUnauthorised) onUnauthorised();
    throw new ApiError(problemFrom(response.status, response.statusText, text));
  }
  return text ? JSON.parse(text) : null;
}

const query = (values) => {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) if (value !== undefined && value !== null && value !== "") search.set(name, value);
  const text = search.toString();
  return text ? `?${text}` : "";
};

export const signIn = (name, password) => call("POST", "/v1/sessions", { body: { name, password }, quietUnauthorised: true });
export const signOut = () => call("DELETE", "/v1/sessions/current", { quietUnauthorised: true });

/** All desks the caller may see. `probe` asks without treating "not signed in" as an ended session. */
export async function desks({ probe = false } = {}) {
  const items = [];
  let cursor;
  do {
    const page = await call("GET", `/v1/desks${query({ cursor })}`, { quietUnauthorised: probe });
    items.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor);
  return items;
}

/** Who is signed in, and in which role. */
export const me = ({ probe = false } = {}) => call("GET", "/v1/me", { quietUnauthorised: probe });

export const suggest = (request, signal) => call("POST", "/v1/suggestions", { body: request, signal });
export const feedback = (id, body) => call("POST", `/v1/suggestions/${encodeURIComponent(id)}/feedback`, { body });
export const conversation = (id, desk) => call("GET", `/v1/conversations/${encodeURIComponent(id)}${query({ desk })}`);
export const entry = (id, desk) => call("GET", `/v1/entries/${encodeURIComponent(id)}${query({ desk })}`);
export const clusters = (desk, cursor) => call("GET", `/v1/clusters${query({ desk, cursor })}`);
export const rebuildClusters = (desk) => call("POST", "/v1/clusters/rebuild", { body: { desk } });
export const job = (id) => call("GET", `/v1/jobs/${encodeURIComponent(id)}`);
export const rejectedRows = (id, cursor) => call("GET", `/v1/jobs/${encodeURIComponent(id)}/rejected-rows${query({ cursor })}`);

/** Uploads a file. `fetch` cannot report how much has been sent, so this one is an XMLHttpRequest. Resolves to the job. */
export function upload({ desk, format, dryRun, file }, onProgress) {
  const form = new FormData();
  // The file comes last: the server must know what to do with it before it streams in.
  form.append("desk", desk);
  form.append("format", format);
  form.append("dry_run", dryRun ? "true" : "false");
  form.append("file", file, file.name);
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", "/v1/imports");
    request.setRequestHeader(CSRF_HEADER, "1");
    request.setRequestHeader("Accept", "application/json");
    request.upload.addEventListener("progress", (event) => onProgress(event.loaded, event.lengthComputable ? event.total : null));
    request.addEventListener("load", () => {
      if (request.status >= 200 && request.status < 300) {
        resolve(JSON.parse(request.responseText));
        return;
      }
      if (request.status === 401) onUnauthorised();
      reject(new ApiError(problemFrom(request.status, request.statusText, request.responseText)));
    });
    request.addEventListener("error", () => reject(new ApiError({ status: 0, title: "", detail: "", unreachable: true })));
    request.send(form);
  });
}

const FINAL_STATES = new Set(["succeeded", "failed", "cancelled"]);
export const isFinal = (state) => FINAL_STATES.has(state);

/**
 * Follows a job until it has ended: by its events, or by asking once a second where the event stream does not come through.
 * Returns a function that stops following.
 */
export function followJob(id, onUpdate, onError) {
  let stopped = false;
  let timer;
  const source = new EventSource(`/v1/jobs/${encodeURIComponent(id)}/events`);
  const take = (current) => {
    if (stopped) return;
    if (isFinal(current.state)) stop();
    onUpdate(current);
  };
  const poll = async () => {
    if (stopped) return;
    try {
      take(await job(id));
    } catch (error) {
      stop();
      onError(error);
      return;
    }
    if (!stopped) timer = setTimeout(poll, 1000);
  };
  function stop() {
    stopped = true;
    source.close();
    clearTimeout(timer);
  }
  source.addEventListener("job", (event) => take(JSON.parse(event.data)));
  source.addEventListener("error", () => {
    // The browser reconnects by itself after a lost connection; only a refused stream is closed for good.
    if (source.readyState === EventSource.CLOSED && !stopped) poll();
  });
  return stop;
}
