// The first rows of a CSV file as the person will want to see them. For showing only: the service reads the file itself.

const DELIMITERS = [",", "\t", ";", "|"];

/** Parses delimited text; a quoted cell may hold delimiters, quotes (doubled) and line ends. Stops after `most` rows. */
export function parseRows(text: string, delimiter: string, most: number): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = "";
  let quoted = false;
  for (let place = 0; place < text.length && rows.length < most; place += 1) {
    const character = text[place] ?? "";
    if (quoted) {
      if (character !== '"') cell += character;
      else if (text[place + 1] === '"') {
        cell += '"';
        place += 1;
      } else quoted = false;
    } else if (character === '"' && cell === "") quoted = true;
    else if (character === delimiter) {
      row.push(cell);
      cell = "";
    } else if (character === "\n") {
      row.push(cell.replace(/\r$/, ""));
      rows.push(row);
      row = [];
      cell = "";
    } else cell += character;
  }
  if (rows.length < most && (cell !== "" || row.length > 0)) rows.push([...row, cell.replace(/\r$/, "")]);
  return rows;
}

/** The delimiter that parts the first rows into most cells. */
export function guessDelimiter(text: string): string {
  const cells = (delimiter: string) => parseRows(text, delimiter, 5).reduce((sum, row) => sum + row.length, 0);
  return DELIMITERS.reduce((best, delimiter) => (cells(delimiter) > cells(best) ? delimiter : best));
}

/** Bytes as text: by their mark, else UTF-8, else GB18030. The last character may be cut off, which is no sign of another encoding. */
export function decode(bytes: Uint8Array, encoding?: string): string {
  const marked = bytes[0] === 0xff && bytes[1] === 0xfe ? "utf-16le" : bytes[0] === 0xfe && bytes[1] === 0xff ? "utf-16be" : null;
  const label = marked ?? encoding;
  if (label !== undefined && label !== "") return new TextDecoder(label).decode(bytes);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
  } catch {
    return new TextDecoder("gb18030").decode(bytes);
  }
}
