// The first rows of an XLSX workbook. A workbook is a ZIP of XML files: its index stands at the end, each file is inflated by the browser as
// far as it is needed. For showing only: the service reads the file itself.

interface ZipFile {
  name: string;
  method: number;
  compressedSize: number;
  offset: number;
}

const END_OF_INDEX = 0x06054b50;
const LONGEST_TAIL = 66_000;
/** As much of a sheet, and of the words it shares, as the first rows can need. */
const MOST_BYTES = 4 << 20;

export interface Sheet {
  name: string;
  path: string;
}

/** The workbook can't be shown; the service may still read it. */
export class UnreadableWorkbook extends Error {}

async function zipIndex(file: Blob): Promise<ZipFile[]> {
  const tailAt = Math.max(0, file.size - LONGEST_TAIL);
  const tail = new DataView(await file.slice(tailAt).arrayBuffer());
  let end = tail.byteLength - 22;
  while (end >= 0 && tail.getUint32(end, true) !== END_OF_INDEX) end -= 1;
  if (end < 0) throw new UnreadableWorkbook("no ZIP index");
  const [size, start] = [tail.getUint32(end + 12, true), tail.getUint32(end + 16, true)];
  const index = new DataView(await file.slice(start, start + size).arrayBuffer());
  const files: ZipFile[] = [];
  for (let at = 0; at + 46 <= index.byteLength; ) {
    const nameLength = index.getUint16(at + 28, true);
    const name = new TextDecoder().decode(new Uint8Array(index.buffer, at + 46, nameLength));
    files.push({ name, method: index.getUint16(at + 10, true), compressedSize: index.getUint32(at + 20, true), offset: index.getUint32(at + 42, true) });
    at += 46 + nameLength + index.getUint16(at + 30, true) + index.getUint16(at + 32, true);
  }
  return files;
}

/** One file of the ZIP as text, up to `MOST_BYTES`. */
async function textOf(file: Blob, files: ZipFile[], name: string): Promise<string | null> {
  const found = files.find((one) => one.name === name);
  if (!found) return null;
  const head = new DataView(await file.slice(found.offset, found.offset + 30).arrayBuffer());
  const start = found.offset + 30 + head.getUint16(26, true) + head.getUint16(28, true);
  const packed = file.slice(start, start + found.compressedSize);
  const stream = found.method === 8 ? packed.stream().pipeThrough(new DecompressionStream("deflate-raw")) : packed.stream();
  return new TextDecoder().decode(await firstBytes(stream, MOST_BYTES));
}

/** As many bytes of a stream as are wanted; the rest is not read. */
export async function firstBytes(stream: ReadableStream<Uint8Array>, most: number): Promise<Uint8Array> {
  const reader = stream.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  while (size < most) {
    const { done, value } = await reader.read();
    if (done) break;
    chunks.push(value);
    size += value.length;
  }
  // What is left is not wanted; that a cut stream complains is no fault.
  void reader.cancel().catch(() => undefined);
  const whole = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

/** Elements of a document that may be cut off at its end, which an XML parser would refuse whole. */
const elements = (xml: string, name: string): string[] => xml.match(new RegExp(`<(?:\\w+:)?${name}(?=[\\s/>])(?:[^>]*/>|[\\s\\S]*?</(?:\\w+:)?${name}>)`, "g")) ?? [];
const attribute = (element: string, name: string): string => new RegExp(`\\s${name}="([^"]*)"`).exec(element)?.[1] ?? "";

const NAMED: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
const plain = (xml: string): string =>
  xml.replace(/&(#x[0-9a-f]+|#\d+|\w+);/gi, (whole, name: string) => {
    if (name.startsWith("#")) return String.fromCodePoint(name[1]?.toLowerCase() === "x" ? parseInt(name.slice(2), 16) : Number(name.slice(1)));
    return NAMED[name] ?? whole;
  });
/** The words of a cell or of a shared text: all its `t`, without those that only say how it is read aloud. */
const words = (xml: string): string =>
  elements(xml.replace(/<(?:\w+:)?rPh\b[\s\S]*?<\/(?:\w+:)?rPh>/g, ""), "t")
    .map((text) => plain(text.replace(/<[^>]*>/g, "")))
    .join("");

/** `BC12` → 54 */
const columnOf = (reference: string): number => Array.from(reference.replace(/\d+$/, "")).reduce((sum, letter) => sum * 26 + letter.charCodeAt(0) - 64, 0) - 1;

export async function sheetsOf(file: Blob): Promise<Sheet[]> {
  const files = await zipIndex(file);
  const [book, links] = await Promise.all([textOf(file, files, "xl/workbook.xml"), textOf(file, files, "xl/_rels/workbook.xml.rels")]);
  if (book === null || links === null) throw new UnreadableWorkbook("no workbook in the ZIP");
  const targets = new Map(elements(links, "Relationship").map((link) => [attribute(link, "Id"), attribute(link, "Target")]));
  return elements(book, "sheet").flatMap((sheet) => {
    const target = targets.get(attribute(sheet, "r:id"));
    return target === undefined ? [] : [{ name: plain(attribute(sheet, "name")), path: target.startsWith("/") ? target.slice(1) : `xl/${target}` }];
  });
}

/** The first rows of one sheet. Empty rows are kept, so that a row's number is the file's. */
export async function sheetRows(file: Blob, sheet: Sheet, most: number): Promise<string[][]> {
  const files = await zipIndex(file);
  const [xml, shared] = await Promise.all([textOf(file, files, sheet.path), textOf(file, files, "xl/sharedStrings.xml")]);
  if (xml === null) throw new UnreadableWorkbook("the sheet is not in the ZIP");
  const texts = shared === null ? [] : elements(shared, "si").map(words);
  const rows: string[][] = [];
  for (const row of elements(xml, "row")) {
    const number = Number(attribute(row, "r")) || rows.length + 1;
    if (number > most) break;
    while (rows.length < number) rows.push([]);
    const cells = rows[number - 1] ?? [];
    for (const cell of elements(row, "c")) {
      const place = columnOf(attribute(cell, "r"));
      if (place < 0) continue;
      while (cells.length < place) cells.push("");
      const value = plain(elements(cell, "v").join("").replace(/<[^>]*>/g, ""));
      const kind = attribute(cell, "t");
      cells[place] = kind === "s" ? (texts[Number(value)] ?? "") : kind === "inlineStr" ? words(cell) : value;
    }
  }
  return rows;
}
