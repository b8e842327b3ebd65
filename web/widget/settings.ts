// What the server wrote into the page (src/http/frames.rs).

import { isRecord } from "./model";

export interface Settings {
  /** Sites that may show the page and speak to it. */
  origins: string[];
  /** The script by which the page talks with the desk. */
  sdk: string | null;
  /** The customer's own server. */
  server: string | null;
}

export function readSettings(): Settings {
  const text = document.querySelector<HTMLMetaElement>('meta[name="riposte-settings"]')?.content ?? "";
  let value: unknown = null;
  try {
    value = JSON.parse(text);
  } catch {
    // A page that no server has filled (a development server) is shown by nobody.
  }
  const written = isRecord(value) ? value : {};
  return {
    origins: Array.isArray(written.origins) ? written.origins.filter((origin) => typeof origin === "string") : [],
    sdk: typeof written.sdk === "string" ? written.sdk : null,
    server: typeof written.server === "string" ? written.server : null,
  };
}

/** Calls `listener` with messages of the site around this page, if the settings name it; all others are ignored. */
export function fromHost(settings: Settings, listener: (data: unknown, origin: string) => void) {
  window.addEventListener("message", (event: MessageEvent<unknown>) => {
    if (event.source === window.parent && event.source !== window && settings.origins.includes(event.origin)) listener(event.data, event.origin);
  });
}

/** A choice in the page's address, such as `?desk=shop`. */
export const choice = (name: string) => new URLSearchParams(location.search).get(name);
