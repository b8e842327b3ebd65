// A reader for the service's own OpenAPI 3.1 document.

import { byId, el, fill } from "./dom.js";
import { has, onLanguageChange, t, translatePage, wireLanguageSwitch } from "./i18n.js";
import { problemNote } from "./notices.js";
import { markdown } from "./markdown.js";
import { exampleOf, Schemas } from "./schema.js";

const METHODS = ["get", "post", "put", "patch", "delete", "head", "options"];
/** What a reader comes for stands first. */
const TAG_ORDER = ["suggestions", "archive", "knowledge", "clusters", "desks", "jobs", "access", "health", "documents"];
const state = { document: null, schemas: null, operations: [], filter: "", error: null };

// --- reading the document -----------------------------------------------------------------------------------------------

function readOperations(document) {
  const operations = [];
  for (const [path, item] of Object.entries(document.paths || {})) {
    for (const method of METHODS) {
      const operation = item[method];
      if (!operation) continue;
      const parameters = [...(item.parameters || []), ...(operation.parameters || [])].map((parameter) => state.schemas.resolve(parameter));
      operations.push({
        ...operation,
        method,
        path,
        parameters,
        id: operation.operationId || `${method}-${path.replace(/[^a-zA-Z0-9]+/g, "-").replace(/^-|-$/g, "")}`,
        tag: (operation.tags && operation.tags[0]) || "",
      });
    }
  }
  return operations;
}

/** Operations by tag: the known tags first, then those the document declares, others behind. */
function byTag(operations) {
  const declared = new Map((state.document.tags || []).map((tag) => [tag.name, tag]));
  const groups = new Map([...TAG_ORDER, ...declared.keys()].map((name) => [name, { tag: declared.get(name) || { name }, operations: [] }]));
  for (const operation of operations) {
    if (!groups.has(operation.tag)) groups.set(operation.tag, { tag: { name: operation.tag }, operations: [] });
    groups.get(operation.tag).operations.push(operation);
  }
  return [...groups.values()].filter((group) => group.operations.length > 0);
}

const tagName = (tag) => (has(`docs.tag.${tag.name}`) ? t(`docs.tag.${tag.name}`) : tag.name);

function matches(operation) {
  const words = state.filter.toLowerCase().split(/\s+/).filter(Boolean);
  const text = [operation.method, operation.path, operation.id, operation.summary, operation.description, operation.tag].join(" ").toLowerCase();
  return words.every((word) => text.includes(word));
}

// --- drawing ------------------------------------------------------------------------------------------------------------

function draw() {
  const main = byId("main");
  if (state.error) {
    const unauthorised = state.error.problem && state.error.problem.status === 401;
    fill(main, unauthorised ? el("p", { class: "notice" }, t("docs.signIn"), " ", el("a", { href: "/", text: t("signin.title") })) : [el("p", { text: t("docs.failed") }), problemNote(state.error, { onRetry: load })]);
    return;
  }
  if (!state.document) {
    fill(main, el("p", { class: "muted", text: t("loading") }));
    return;
  }
  const shown = state.operations.filter(matches);
  drawSide(shown);
  fill(main, state.filter ? null : introduction(), byTag(shown).map(section), shown.length === 0 ? el("p", { class: "muted", text: t("docs.noMatch") }) : null);
}

function drawSide(shown) {
  fill(
    byId("operations"),
    byTag(shown).map((group) => [
      el("p", { class: "side-tag", text: tagName(group.tag) }),
      el(
        "ul",
        {},
        group.operations.map((operation) =>
          el("li", {}, el("a", { href: `#${operation.id}`, class: operation.deprecated ? "deprecated" : null, title: `${operation.method.toUpperCase()} ${operation.path}` }, method(operation), el("span", { text: operation.summary || operation.path }))),
        ),
      ),
    ]),
  );
  markCurrent();
}

const method = (operation) => el("span", { class: `method ${operation.method}`, text: operation.method.toUpperCase() });

function introduction() {
  const info = state.document.info || {};
  return el(
    "section",
    { class: "docs-intro" },
    el("h1", { text: info.title || "API" }),
    el("p", { class: "muted" }, t("docs.lead", { version: info.version || "–" }), " ", el("a", { href: "/openapi.json", text: "/openapi.json" })),
    t("docs.original") ? el("p", { class: "muted", text: t("docs.original") }) : null,
    info.description ? markdown(info.description) : null,
  );
}

function section(group) {
  return el("section", { class: "docs-tag" }, el("h2", { text: tagName(group.tag) }), group.tag.description ? markdown(group.tag.description) : null, group.operations.map(article));
}

function article(operation) {
  const body = operation.requestBody ? state.schemas.resolve(operation.requestBody) : null;
  return el(
    "article",
    { class: "operation", id: operation.id, tabindex: "-1", testid: "operation", data: { operation: operation.id } },
    el(
      "div",
      { class: "operation-words" },
      el("h3", {}, operation.summary || operation.id, " ", el("a", { class: "anchor", href: `#${operation.id}`, "aria-label": t("docs.link"), text: "#" })),
      el("p", { class: "route" }, method(operation), el("code", {}, pathWords(operation.path)), isOpen(operation) ? el("span", { class: "small muted", text: t("docs.noAuth") }) : null),
      operation.description ? markdown(operation.description) : null,
      parameterTable(operation),
      body ? requestBody(body) : null,
      responses(operation),
    ),
    el("div", { class: "operation-code" }, curlBlock(operation, body), answerBlock(operation)),
  );
}

const pathWords = (path) => path.split(/(\{[^}]+\})/).map((part) => (part.startsWith("{") ? el("var", { text: part }) : part));

function isOpen(operation) {
  const security = operation.security ?? state.document.security;
  return Array.isArray(security) && (security.length === 0 || security.some((requirement) => Object.keys(requirement).length === 0));
}

function parameterTable(operation) {
  if (operation.parameters.length === 0) return null;
  return [
    el("h4", { text: t("docs.parameters") }),
    el(
      "ul",
      { class: "properties" },
      operation.parameters.map((parameter) =>
        el(
          "li",
          { class: "property" },
          el(
            "p",
            { class: "property-head" },
            el("code", { class: "property-name", text: parameter.name }),
            el("span", { class: "type", text: state.schemas.typeName(parameter.schema || {}) }),
            el("span", { class: "muted small", text: has(`docs.in.${parameter.in}`) ? t(`docs.in.${parameter.in}`) : parameter.in }),
            parameter.required ? el("span", { class: "required", text: t("docs.required") }) : null,
          ),
          parameter.description ? markdown(parameter.description) : null,
          state.schemas.constraints(parameter.schema || {}),
        ),
      ),
    ),
  ];
}

function requestBody(body) {
  return [
    el("h4", { text: t("docs.body") }),
    body.description ? markdown(body.description) : null,
    Object.entries(body.content || {}).map(([type, media]) => [el("p", { class: "small muted" }, el("code", { text: type }), body.required ? el("span", { class: "required", text: t("docs.required") }) : null), media.schema ? state.schemas.table(media.schema) : null]),
  ];
}

function responses(operation) {
  const all = Object.entries(operation.responses || {}).map(([status, response]) => [status, state.schemas.resolve(response)]);
  const good = all.filter(([status]) => /^[123]/.test(status) || status === "default");
  const bad = all.filter(([status]) => /^[45]/.test(status));
  return [
    el("h4", { text: t("docs.responses") }),
    good.map(([status, response]) => {
      const contents = Object.entries(response.content || {});
      return [
        el("p", { class: "response-head" }, el("span", { class: "status good", text: status }), el("span", { text: response.description || "" })),
        contents.length === 0 ? el("p", { class: "small muted", text: t("docs.noBody") }) : null,
        contents.map(([type, media]) => [el("p", { class: "small muted" }, el("code", { text: type })), media.schema ? state.schemas.table(media.schema) : null]),
      ];
    }),
    bad.length > 0
      ? [
          el("h4", { text: t("docs.errors") }),
          el(
            "table",
            { class: "errors" },
            el("thead", {}, el("tr", {}, el("th", { scope: "col", text: t("docs.status") }), el("th", { scope: "col", text: t("docs.meaning") }))),
            el("tbody", {}, bad.map(([status, response]) => el("tr", {}, el("td", {}, el("span", { class: "status bad", text: status })), el("td", {}, response.description ? markdown(response.description) : "")))),
          ),
        ]
      : null,
  ];
}

// --- examples -----------------------------------------------------------------------------------------------------------

function mediaExample(media, options) {
  if (media.example !== undefined) return media.example;
  const named = Object.values(media.examples || {});
  if (named.length > 0) return state.schemas.resolve(named[0]).value;
  return media.schema ? exampleOf(state.schemas, media.schema, options) : undefined;
}

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

/** A command line that asks for this operation, with the key taken from the environment. */
function curl(operation, body) {
  const parameterValue = (parameter) => parameter.example ?? (parameter.schema && state.schemas.resolve(parameter.schema).example) ?? `<${parameter.name}>`;
  let path = operation.path;
  const search = [];
  const lines = [];
  for (const parameter of operation.parameters) {
    const value = String(parameterValue(parameter));
    if (parameter.in === "path") path = path.replace(`{${parameter.name}}`, value);
    else if (parameter.in === "query" && parameter.required) search.push(`${parameter.name}=${value.startsWith("<") ? value : encodeURIComponent(value)}`);
    else if (parameter.in === "header" && parameter.required) lines.push(`-H ${quoted(`${parameter.name}: ${value}`)}`);
  }
  const url = `${location.origin}${path}${search.length > 0 ? `?${search.join("&")}` : ""}`;
  if (!isOpen(operation)) lines.unshift(keyHeader());
  if (body) {
    // Where a file may be sent, that is the form people use.
    const contents = Object.entries(body.content || {});
    const [type, media] = contents.find(([name]) => name === "multipart/form-data") || contents[0] || [];
    if (type === "multipart/form-data") {
      const schema = state.schemas.flat(media.schema || {});
      for (const [name, property] of Object.entries(schema.properties || {})) {
        if (!(schema.required || []).includes(name)) continue;
        const resolved = state.schemas.resolve(property);
        const isFile = resolved.format === "binary" || resolved.contentMediaType || name === "file";
        lines.push(`-F ${quoted(`${name}=${isFile ? "@conversations.jsonl" : (exampleOf(state.schemas, property) ?? "")}`)}`);
      }
    } else if (type) {
      lines.push(`-H ${quoted(`Content-Type: ${type}`)}`);
      const example = mediaExample(media, { onlyRequired: true });
      lines.push(`-d ${quoted(typeof example === "string" ? example : JSON.stringify(example, null, 2))}`);
    }
  }
  const verb = operation.method === "get" ? "" : ` -X ${operation.method.toUpperCase()}`;
  return [`curl${verb} ${quoted(url)}`, ...lines].join(" \\\n  ");
}

function keyHeader() {
  const schemes = Object.values((state.document.components || {}).securitySchemes || {});
  const header = schemes.find((scheme) => scheme.type === "apiKey" && scheme.in === "header");
  const bearer = schemes.find((scheme) => scheme.type === "http" && scheme.scheme && scheme.scheme.toLowerCase() === "bearer");
  return header && !bearer ? `-H "${header.name}: $RIPOSTE_KEY"` : '-H "Authorization: Bearer $RIPOSTE_KEY"';
}

function curlBlock(operation, body) {
  return codeBlock(t("docs.example"), curl(operation, body), true);
}

function answerBlock(operation) {
  for (const [status, reference] of Object.entries(operation.responses || {})) {
    if (!status.startsWith("2")) continue;
    const media = (state.schemas.resolve(reference).content || {})["application/json"];
    const example = media ? mediaExample(media) : undefined;
    if (example !== undefined) return codeBlock(`${t("docs.exampleAnswer")} · ${status}`, JSON.stringify(example, null, 2), false);
  }
  return null;
}

function codeBlock(title, text, copyable) {
  const button = copyable ? el("button", { type: "button", class: "button quiet", testid: "copy-curl", text: t("docs.copy") }) : null;
  if (button) {
    button.addEventListener("click", async () => {
      await copy(text);
      button.textContent = t("docs.copied");
      setTimeout(() => {
        button.textContent = t("docs.copy");
      }, 1500);
    });
  }
  return el("div", { class: "code" }, el("div", { class: "code-head" }, el("span", { text: title }), button), el("pre", { tabindex: "0" }, el("code", { text })));
}

async function copy(text) {
  if (navigator.clipboard && window.isSecureContext) {
    await navigator.clipboard.writeText(text);
    return;
  }
  // Over plain HTTP from another machine there is no clipboard API.
  const field = el("textarea", { class: "hidden-visually" });
  field.value = text;
  document.body.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
}

// --- moving about -------------------------------------------------------------------------------------------------------

function markCurrent() {
  for (const link of document.querySelectorAll("#operations a")) {
    if (link.getAttribute("href") === location.hash) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}

function goToHash() {
  markCurrent();
  const id = decodeURIComponent(location.hash.slice(1));
  const target = id && byId(id);
  if (target) {
    target.scrollIntoView();
    target.focus({ preventScroll: true });
  }
}

// --- start --------------------------------------------------------------------------------------------------------------

async function load() {
  state.error = null;
  draw();
  try {
    const response = await fetch("/openapi.json", { headers: { Accept: "application/json" }, credentials: "same-origin" });
    const text = await response.text();
    if (!response.ok) throw Object.assign(new Error(response.statusText), { problem: { status: response.status, title: response.statusText || `HTTP ${response.status}` } });
    state.document = JSON.parse(text);
    state.schemas = new Schemas(state.document);
    state.operations = readOperations(state.document);
  } catch (error) {
    state.error = error;
  }
  draw();
  goToHash();
}

translatePage();
wireLanguageSwitch(byId("language"));
onLanguageChange(draw);
window.addEventListener("hashchange", () => {
  const hidden = !byId(decodeURIComponent(location.hash.slice(1)));
  if (hidden && state.filter) {
    state.filter = "";
    byId("filter").value = "";
    draw();
  }
  goToHash();
});
byId("filter").addEventListener("input", (event) => {
  state.filter = event.target.value.trim();
  draw();
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.target.closest("input, textarea")) return;
  event.preventDefault();
  byId("filter").focus();
});
load();
