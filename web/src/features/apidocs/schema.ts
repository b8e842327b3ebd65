// JSON Schema as OpenAPI 3.1 uses it: follows references, names types, tells limits, makes examples. Pure; what is drawn is elsewhere.

export interface Schema {
  $ref?: string;
  type?: string | string[];
  format?: string;
  description?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  additionalProperties?: Schema | boolean;
  enum?: unknown[];
  const?: unknown;
  oneOf?: Schema[];
  anyOf?: Schema[];
  allOf?: Schema[];
  default?: unknown;
  example?: unknown;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  pattern?: string;
  contentMediaType?: string;
}

/** A schema with its reference followed, its parts merged, and `null` taken out of its alternatives. */
export interface Flat extends Schema {
  name?: string;
  nullable: boolean;
}

export interface Parameter {
  name: string;
  in: "path" | "query" | "header" | "cookie";
  description?: string;
  required?: boolean;
  schema?: Schema;
  example?: unknown;
}

export interface Media {
  schema?: Schema;
  example?: unknown;
  examples?: Record<string, { value?: unknown }>;
}

export interface Body {
  description?: string;
  required?: boolean;
  content?: Record<string, Media>;
}

export interface Operation {
  operationId: string;
  summary?: string;
  description?: string;
  tags?: string[];
  parameters?: Parameter[];
  requestBody?: Body;
  responses?: Record<string, Body & { $ref?: string }>;
}

export interface Document {
  info: { title: string; version: string; description?: string };
  paths: Record<string, Record<string, Operation>>;
  components?: { schemas?: Record<string, Schema> };
}

/** Deeper than this a table helps nobody; the type's name stands there instead. */
export const DEEPEST = 7;

const FORMATS: Record<string, string> = { uuid: "0192f0c1-a2b3-7c4d-8e5f-60718293a4b5", "date-time": "2026-03-14T09:26:53Z", date: "2026-03-14" };

const lastPart = (reference: string | undefined) => reference?.split("/").at(-1);

export class Schemas {
  constructor(private readonly document: Document) {}

  /** Follows `$ref` inside the document. What stands beside the reference wins. */
  resolve<T extends { $ref?: string }>(node: T): T {
    let current: T = node;
    for (let hops = 0; current.$ref !== undefined && hops < 20; hops += 1) {
      const { $ref, ...beside } = current;
      let target: unknown = this.document;
      for (const part of $ref.replace(/^#\//, "").split("/")) {
        target = typeof target === "object" && target !== null ? (target as Record<string, unknown>)[part.replaceAll("~1", "/").replaceAll("~0", "~")] : undefined;
      }
      current = { ...(target as T), ...beside };
    }
    return current;
  }

  flat(schema: Schema): Flat {
    const name = lastPart(schema.$ref);
    let resolved: Schema = this.resolve(schema);
    let inner: string | undefined;
    let nullable = false;
    for (const word of ["oneOf", "anyOf"] as const) {
      const options = resolved[word];
      if (!options) continue;
      const rest = options.filter((option) => option.type !== "null");
      nullable ||= rest.length < options.length;
      const only = rest[0];
      if (rest.length === 1 && only) {
        const beside = { ...resolved };
        // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- of two known words
        delete beside[word];
        inner = lastPart(only.$ref);
        resolved = { ...this.resolve(only), ...beside };
      } else resolved = { ...resolved, [word]: rest };
    }
    if (Array.isArray(resolved.type)) {
      const types = resolved.type.filter((type) => type !== "null");
      nullable ||= types.length < resolved.type.length;
      const [first] = types;
      resolved = { ...resolved, type: types.length === 1 && first !== undefined ? first : types };
    }
    if (resolved.allOf) {
      const { allOf, ...beside } = resolved;
      const parts: Schema[] = [...allOf.map((part) => this.flat(part)), beside];
      resolved = {
        ...Object.assign({}, ...parts),
        properties: Object.assign({}, ...parts.map((part) => part.properties ?? {})) as Record<string, Schema>,
        required: parts.flatMap((part) => part.required ?? []),
      } as Schema;
    }
    const known = name ?? inner;
    return { ...resolved, nullable, ...(known === undefined ? {} : { name: known }) };
  }

  typeName(schema: Schema): string {
    const flat = this.flat(schema);
    const options = flat.oneOf ?? flat.anyOf;
    if (flat.const !== undefined) return JSON.stringify(flat.const);
    if (flat.type === "array") return `${this.typeName(flat.items ?? {})}[]`;
    if (flat.name !== undefined) return flat.name;
    if (options) return options.map((option) => this.typeName(option)).join(" | ");
    if (flat.type === "object" || flat.properties) return valuesOf(flat) ? `map<string, ${this.typeName(valuesOf(flat) ?? {})}>` : "object";
    if (flat.enum) return "enum";
    const type = Array.isArray(flat.type) ? flat.type.join(" | ") : (flat.type ?? "any");
    return flat.format === undefined ? type : `${type} (${flat.format})`;
  }

  /** The values of an enumeration, also of one written as alternatives. */
  values(schema: Schema): unknown[] | null {
    const flat = this.flat(schema);
    if (flat.enum) return flat.enum.filter((value) => value !== null);
    if (flat.type === "array" && flat.items) return this.values(flat.items);
    const options = flat.oneOf ?? flat.anyOf;
    const values = options?.map((option) => this.resolve(option)).map((option) => (option.const !== undefined ? option.const : option.enum?.length === 1 ? option.enum[0] : undefined));
    return values?.every((value) => value !== undefined) ? values : null;
  }

  /** An example: the schema's own where it has one, else the plainest that fits. */
  example(schema: Schema, onlyRequired = false, depth = 0): unknown {
    const flat = this.flat(schema);
    if (flat.example !== undefined) return flat.example;
    if (flat.const !== undefined) return flat.const;
    if (flat.default !== undefined && flat.default !== null) return flat.default;
    const values = flat.type === "array" ? null : this.values(schema);
    if (values) return values[0];
    if (depth > DEEPEST) return undefined;
    const first = (flat.oneOf ?? flat.anyOf)?.[0];
    if (first) return this.example(first, onlyRequired, depth + 1);
    if (flat.type === "array") {
      const item = this.example(flat.items ?? {}, onlyRequired, depth + 1);
      return item === undefined ? [] : [item];
    }
    if (flat.type === "object" || flat.properties) {
      const fields = Object.entries(flat.properties ?? {}).filter(([name, child]) => flat.required?.includes(name) === true || (!onlyRequired && !this.flat(child).nullable));
      return Object.fromEntries(fields.map(([name, child]) => [name, this.example(child, onlyRequired, depth + 1)]).filter(([, value]) => value !== undefined));
    }
    if (flat.type === "integer") return flat.minimum ?? 1;
    if (flat.type === "number") return flat.minimum ?? 0.5;
    if (flat.type === "boolean") return false;
    if (flat.type === "string") return FORMATS[flat.format ?? ""] ?? "text";
    return flat.nullable ? null : {};
  }

  mediaExample(media: Media, onlyRequired = false): unknown {
    if (media.example !== undefined) return media.example;
    const named = Object.values(media.examples ?? {})[0];
    if (named) return named.value;
    return media.schema ? this.example(media.schema, onlyRequired) : undefined;
  }
}

export const valuesOf = (flat: Schema): Schema | null => (typeof flat.additionalProperties === "object" ? flat.additionalProperties : null);

/** What a value must satisfy besides its type, as short words. */
export function limitsOf(flat: Schema, word: string): string[] {
  const limit = (text: string, value: unknown) => (value === undefined || value === null ? [] : [`${text} ${typeof value === "string" ? value : JSON.stringify(value)}`]);
  return [
    ...limit("≥", flat.minimum),
    ...limit("≤", flat.maximum),
    ...limit("length ≥", flat.minLength),
    ...limit("length ≤", flat.maxLength),
    ...limit("items ≥", flat.minItems),
    ...limit("items ≤", flat.maxItems),
    ...limit("", flat.pattern).map((text) => text.trim()),
    ...limit(word, flat.default),
  ];
}
