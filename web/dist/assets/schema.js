// Reads JSON Schema as OpenAPI 3.1 uses it: resolves references, names types, draws property tables, makes examples.

import { el } from "./dom.js";
import { t } from "./i18n.js";
import { markdown } from "./markdown.js";

/** Deeper than this a table helps nobody; the type's name stands there instead. */
const MAX_DEPTH = 7;

export class Schemas {
  constructor(document) {
    this.document = document;
  }

  /** Follows `$ref` inside this document. A description beside the reference wins over the target's. */
  resolve(schema) {
    let current = schema || {};
    for (let hops = 0; current.$ref && hops < 20; hops += 1) {
      const { $ref, ...beside } = current;
      const target = $ref
        .replace(/^#\//, "")
        .split("/")
        .reduce((node, part) => (node ? node[part.replaceAll("~1", "/").replaceAll("~0", "~")] : undefined), this.document);
      current = { ...(target || {}), ...beside };
    }
    return current;
  }

  /** The schema with `allOf` merged and `null` alternatives taken out: `{nullable, …}`. */
  flat(schema) {
    let resolved = this.resolve(schema);
    let nullable = false;
    for (const word of ["oneOf", "anyOf"]) {
      if (!resolved[word]) continue;
      const rest = resolved[word].filter((option) => option.type !== "null");
      if (rest.length < resolved[word].length) nullable = true;
      if (rest.length === 1) {
        const { [word]: _, ...beside } = resolved;
        resolved = { ...this.resolve(rest[0]), ...beside, $name: refName(rest[0]) };
      } else resolved = { ...resolved, [word]: rest };
    }
    if (Array.isArray(resolved.type)) {
      const types = resolved.type.filter((type) => type !== "null");
      if (types.length < resolved.type.length) nullable = true;
      resolved = { ...resolved, type: types.length === 1 ? types[0] : types };
    }
    if (resolved.allOf) {
      const parts = resolved.allOf.map((part) => this.flat(part));
      const { allOf, ...beside } = resolved;
      resolved = parts.reduce((merged, part) => ({ ...merged, ...part, properties: { ...merged.properties, ...part.properties }, required: [...(merged.required || []), ...(part.required || [])] }), {});
      resolved = { ...resolved, ...beside, properties: { ...resolved.properties, ...beside.properties }, required: [...(resolved.required || []), ...(beside.required || [])] };
    }
    return { ...resolved, nullable: nullable || resolved.nullable };
  }

  typeName(schema) {
    const flat = this.flat(schema);
    const name = refName(schema) || flat.$name;
    let words;
    if (flat.const !== undefined) words = JSON.stringify(flat.const);
    else if (flat.type === "array") words = `${this.typeName(flat.items || {})}[]`;
    else if (flat.oneOf || flat.anyOf) words = name || (flat.oneOf || flat.anyOf).map((option) => this.typeName(option)).join(" | ");
    else if (flat.type === "object" || flat.properties) words = name || (mapValues(flat) ? `map<string, ${this.typeName(mapValues(flat))}>` : "object");
    else if (flat.enum) words = name || "enum";
    else words = [Array.isArray(flat.type) ? flat.type.join(" | ") : flat.type || "any", flat.format ? `(${flat.format})` : ""].filter(Boolean).join(" ");
    return words;
  }

  /** What a value must satisfy, as a line of small text; nothing if anything goes. */
  constraints(schema) {
    const flat = this.flat(schema);
    const values = flat.enum || (flat.type === "array" && this.flat(flat.items || {}).enum) || this.constants(flat);
    const limits = [
      flat.minimum !== undefined ? `≥ ${flat.minimum}` : null,
      flat.maximum !== undefined ? `≤ ${flat.maximum}` : null,
      flat.minLength !== undefined ? `length ≥ ${flat.minLength}` : null,
      flat.maxLength !== undefined ? `length ≤ ${flat.maxLength}` : null,
      flat.minItems !== undefined ? `items ≥ ${flat.minItems}` : null,
      flat.maxItems !== undefined ? `items ≤ ${flat.maxItems}` : null,
      flat.pattern ? `/${flat.pattern}/` : null,
      flat.default !== undefined && flat.default !== null ? `${t("docs.default")} ${JSON.stringify(flat.default)}` : null,
    ].filter(Boolean);
    if (!values && limits.length === 0) return null;
    return el(
      "p",
      { class: "constraints small" },
      values ? values.filter((value) => value !== null).map((value) => el("code", { text: typeof value === "string" ? value : JSON.stringify(value) })) : null,
      limits.length > 0 ? el("span", { class: "muted", text: limits.join(" · ") }) : null,
    );
  }

  /** The values of an enumeration written as alternatives with a description each. */
  constants(flat) {
    const options = flat.oneOf || flat.anyOf;
    if (!options) return null;
    const values = options.map((option) => this.resolve(option)).map((option) => (option.const !== undefined ? option.const : option.enum && option.enum.length === 1 ? option.enum[0] : undefined));
    return values.every((value) => value !== undefined) ? values : null;
  }

  /** The properties of a schema as an indented list. */
  table(schema, depth = 0, path = []) {
    const flat = this.flat(schema);
    const name = refName(schema) || flat.$name;
    if (flat.type === "array") {
      return depth === 0 ? [el("p", { class: "type", text: this.typeName(schema) }), this.table(flat.items || {}, depth + 1, path)] : this.table(flat.items || {}, depth, path);
    }
    if (name && path.includes(name)) return el("p", { class: "small muted", text: `${name}: ${t("docs.recursive")}` });
    const inner = name ? [...path, name] : path;
    if (depth > MAX_DEPTH) return null;
    const options = flat.oneOf || flat.anyOf;
    if (options && !this.constants(flat)) {
      return el("ul", { class: "properties" }, options.map((option) => el("li", { class: "property" }, el("p", { class: "property-head" }, el("span", { class: "muted small", text: t("docs.oneOf") }), el("span", { class: "type", text: this.typeName(option) })), this.table(option, depth + 1, inner))));
    }
    const properties = Object.entries(flat.properties || {});
    const values = mapValues(flat);
    if (properties.length === 0) {
      if (values) return this.table(values, depth + 1, inner);
      return depth === 0 ? [el("p", { class: "type", text: this.typeName(schema) }), this.constraints(schema)] : null;
    }
    const required = new Set(flat.required || []);
    return el("ul", { class: "properties" }, properties.map(([property, child]) => this.row(property, child, required.has(property), depth, inner)));
  }

  row(name, schema, required, depth, path) {
    const flat = this.flat(schema);
    const nested = this.table(schema, depth + 1, path);
    return el(
      "li",
      { class: "property" },
      el(
        "p",
        { class: "property-head" },
        el("code", { class: "property-name", text: name }),
        el("span", { class: "type", text: this.typeName(schema) }),
        required ? el("span", { class: "required", text: t("docs.required") }) : null,
        flat.nullable ? el("span", { class: "muted small", text: t("docs.nullable") }) : null,
        flat.deprecated ? el("span", { class: "muted small", text: "deprecated" }) : null,
      ),
      flat.description ? markdown(flat.description) : null,
      this.constraints(schema),
      nested,
    );
  }
}

function refName(schema) {
  return schema && schema.$ref ? schema.$ref.split("/").at(-1) : undefined;
}

function mapValues(flat) {
  return flat.additionalProperties && typeof flat.additionalProperties === "object" ? flat.additionalProperties : null;
}

const BY_FORMAT = {
  uuid: "0197a3c4-5d6e-7f80-9a1b-2c3d4e5f6071",
  "date-time": "2026-03-14T09:26:53Z",
  date: "2026-03-14",
  uri: "https://example.com",
};

/**
 * A value that fits the schema: its own example where it has one, otherwise the plainest. Optional fields that may be null are left out;
 * with `onlyRequired` every optional field is, so that a request built from it asks for nothing in particular.
 */
export function exampleOf(schemas, schema, { onlyRequired = false } = {}, depth = 0) {
  const options = { onlyRequired };
  const flat = schemas.flat(schema);
  if (flat.example !== undefined) return flat.example;
  if (Array.isArray(flat.examples) && flat.examples.length > 0) return flat.examples[0];
  if (flat.const !== undefined) return flat.const;
  if (flat.default !== undefined && flat.default !== null) return flat.default;
  if (flat.enum) return flat.enum.find((value) => value !== null);
  const constants = schemas.constants(flat);
  if (constants) return constants[0];
  const alternatives = flat.oneOf || flat.anyOf;
  if (depth > MAX_DEPTH) return undefined;
  if (alternatives) return exampleOf(schemas, alternatives[0], options, depth + 1);
  if (flat.type === "array") {
    const item = exampleOf(schemas, flat.items || {}, options, depth + 1);
    return item === undefined ? [] : [item];
  }
  if (flat.type === "object" || flat.properties) {
    const required = new Set(flat.required || []);
    const entries = Object.entries(flat.properties || {})
      .filter(([name, child]) => required.has(name) || (!onlyRequired && !schemas.flat(child).nullable))
      .map(([name, child]) => [name, exampleOf(schemas, child, options, depth + 1)])
      .filter(([, value]) => value !== undefined);
    return Object.fromEntries(entries);
  }
  if (flat.type === "integer") return flat.minimum ?? 1;
  if (flat.type === "number") return flat.minimum ?? 0.5;
  if (flat.type === "boolean") return false;
  if (flat.type === "string") return BY_FORMAT[flat.format] ?? "text";
  return flat.nullable ? null : {};
}
