// What a chosen file looks like: its format, and for tables its first rows, so that columns can be told before it is sent.

import type { Schemas } from "../../api";
import { decode, guessDelimiter, parseRows } from "./delimited";
import { headingRow, type Mapping } from "./mapping";
import { firstBytes, sheetRows, sheetsOf, type Sheet } from "./workbook";

export type Format = Schemas["ImportFormat"];

const FORMATS: Record<string, Format> = { jsonl: "jsonl", ndjson: "jsonl", json: "jsonl", csv: "csv", tsv: "csv", txt: "csv", xlsx: "xlsx" };

const ROWS = 60;
const BYTES = 512 << 10;

export interface Preview {
  headings: string[];
  /** The row of the headings in the file, from 1. */
  headingsAt: number;
  rows: string[][];
  sheets: string[];
}

/** By the file's name; `null` when it tells nothing. */
export function formatOf(name: string): Format | null {
  const bare = name.toLowerCase().replace(/\.gz$/, "");
  return FORMATS[bare.slice(bare.lastIndexOf(".") + 1)] ?? null;
}

/** The table's first rows, or `null` for JSON lines, which need no columns. */
export async function preview(file: File, format: Format, mapping: Mapping): Promise<Preview | null> {
  if (format === "jsonl") return null;
  if (format === "xlsx") {
    const sheets = await sheetsOf(file);
    const sheet: Sheet | undefined = sheets.find((one) => one.name === mapping.sheet) ?? sheets[0];
    const rows = sheet ? await sheetRows(file, sheet, ROWS) : [];
    return table(rows, mapping, sheets.map((one) => one.name));
  }
  const packed = file.name.toLowerCase().endsWith(".gz");
  const stream = packed ? file.stream().pipeThrough(new DecompressionStream("gzip")) : file.stream();
  const text = decode(await firstBytes(stream, BYTES), mapping.encoding).replace(/^\uFEFF/, "");
  const delimiter = mapping.delimiter === "tab" ? "\t" : mapping.delimiter;
  return table(parseRows(text, delimiter ?? guessDelimiter(text), ROWS), mapping, []);
}

function table(rows: string[][], mapping: Mapping, sheets: string[]): Preview {
  const at = headingRow(rows, mapping.columns);
  return { headings: rows[at] ?? [], headingsAt: at + 1, rows: rows.slice(at + 1).filter((row) => row.some((cell) => cell !== "")), sheets };
}
