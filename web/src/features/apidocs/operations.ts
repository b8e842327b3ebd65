// The document's operations in the order that a reader wants, and a command line for each.

import type { Document, Operation, Schemas } from "./schema";

const METHODS = ["get", "post", "put", "patch", "delete"] as const;

/** What a reader comes for stands first. */
export const TAGS = ["suggestions", "conversations", "knowledge", "clusters", "worklists", "controls", "reports", "jobs", "desks", "access", "health", "documents"] as const;
export type Tag = (typeof TAGS)[number];

export interface Route extends Operation {
  method: (typeof METHODS)[number];
  path: string;
}

export interface Group {
  /** One of `TAGS`, or a newer one. */
  tag: string;
  routes: Route[];
}

export const isKnownTag = (tag: string): tag is Tag => (TAGS as readonly string[]).includes(tag);

export function routesOf(document: Document): Route[] {
  return Object.entries(document.paths).flatMap(([path, item]) => METHODS.flatMap((method) => (item[method] ? [{ ...item[method], method, path }] : [])));
}

export function grouped(routes: Route[]): Group[] {
  const tags = [...new Set([...TAGS, ...routes.map((route) => route.tags?.[0] ?? "")])];
  return tags.map((tag) => ({ tag, routes: routes.filter((route) => (route.tags?.[0] ?? "") === tag) })).filter((group) => group.routes.length > 0);
}

/** Every word of the filter occurs in what the operation says of itself. */
export function matches(route: Route, filter: string): boolean {
  const text = [route.method, route.path, route.operationId, route.summary, route.description, ...(route.tags ?? [])].join(" ").toLowerCase();
  return filter
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

/** Routes that answer without credentials. */
const isOpen = (route: Route) => !route.path.startsWith("/v1/") || route.operationId === "create_session";

/** A command that asks for this operation, with the key taken from the environment. */
export function curl(route: Route, schemas: Schemas, origin: string): string {
  let path = route.path;
  const search: string[] = [];
  const lines: string[] = isOpen(route) ? [] : ['-H "Authorization: Bearer $RIPOSTE_KEY"'];
  for (const parameter of route.parameters ?? []) {
    const given = parameter.example ?? (parameter.schema ? schemas.resolve(parameter.schema).example : undefined);
    const value = typeof given === "string" || typeof given === "number" ? String(given) : `<${parameter.name}>`;
    if (parameter.in === "path") path = path.replace(`{${parameter.name}}`, value);
    else if (parameter.required !== true) continue;
    else if (parameter.in === "query") search.push(`${parameter.name}=${value}`);
    else if (parameter.in === "header") lines.push(`-H ${quoted(`${parameter.name}: ${value}`)}`);
  }
  const contents = Object.entries(route.requestBody?.content ?? {});
  const chosen = contents.find(([type]) => type === "multipart/form-data") ?? contents[0];
  if (chosen) {
    const [type, media] = chosen;
    if (type === "multipart/form-data") {
      const form = schemas.flat(media.schema ?? {});
      for (const name of form.required ?? []) {
        const value = schemas.example(form.properties?.[name] ?? {});
        lines.push(`-F ${quoted(`${name}=${name === "file" ? "@conversations.jsonl" : JSON.stringify(value).replaceAll('"', "")}`)}`);
      }
    } else {
      const example = schemas.mediaExample(media, true);
      lines.push(`-H ${quoted(`Content-Type: ${type}`)}`, `-d ${quoted(typeof example === "string" ? example : JSON.stringify(example, null, 2))}`);
    }
  }
  const verb = route.method === "get" ? "" : ` -X ${route.method.toUpperCase()}`;
  return [`curl${verb} ${quoted(`${origin}${path}${search.length > 0 ? `?${search.join("&")}` : ""}`)}`, ...lines].join(" \\\n  ");
}

/** An example of the answer when all is well. */
export function answerExample(route: Route, schemas: Schemas): { status: string; text: string } | null {
  for (const [status, response] of Object.entries(route.responses ?? {})) {
    const media = status.startsWith("2") ? schemas.resolve(response).content?.["application/json"] : undefined;
    const example = media ? schemas.mediaExample(media) : undefined;
    if (example !== undefined) return { status, text: JSON.stringify(example, null, 2) };
  }
  return null;
}
