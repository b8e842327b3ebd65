// The smallest XLSX workbook with one sheet of texts, packed as spreadsheet programs pack it.

import { crc32, deflateRawSync } from "node:zlib";

const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
const letter = (column) => String.fromCharCode(65 + column);

/** `rows` of texts; the texts go into the workbook's shared list. */
export function workbook(sheetName, rows) {
  const shared = [...new Set(rows.flat())];
  const sheet = rows
    .map((row, line) => `<row r="${line + 1}">${row.map((text, column) => `<c r="${letter(column)}${line + 1}" t="s"><v>${shared.indexOf(text)}</v></c>`).join("")}</row>`)
    .join("");
  const spreadsheet = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
  const links = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
  const packages = "http://schemas.openxmlformats.org/package/2006";
  return zip({
    "[Content_Types].xml": `<Types xmlns="${packages}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/><Override PartName="/xl/sharedStrings.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/></Types>`,
    "_rels/.rels": `<Relationships xmlns="${packages}/relationships"><Relationship Id="rId1" Type="${links}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
    "xl/workbook.xml": `<workbook xmlns="${spreadsheet}" xmlns:r="${links}"><sheets><sheet name="${escaped(sheetName)}" sheetId="1" r:id="rId1"/></sheets></workbook>`,
    "xl/_rels/workbook.xml.rels": `<Relationships xmlns="${packages}/relationships"><Relationship Id="rId1" Type="${links}/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="${links}/sharedStrings" Target="sharedStrings.xml"/></Relationships>`,
    "xl/worksheets/sheet1.xml": `<worksheet xmlns="${spreadsheet}"><sheetData>${sheet}</sheetData></worksheet>`,
    "xl/sharedStrings.xml": `<sst xmlns="${spreadsheet}">${shared.map((text) => `<si><t xml:space="preserve">${escaped(text)}</t></si>`).join("")}</sst>`,
  });
}

function zip(files) {
  const parts = [];
  const index = [];
  let offset = 0;
  for (const [name, text] of Object.entries(files)) {
    const plain = Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>${text}`);
    const packed = deflateRawSync(plain);
    const about = Buffer.alloc(26);
    about.writeUInt16LE(20, 0);
    about.writeUInt16LE(8, 4);
    about.writeUInt32LE(crc32(plain), 10);
    about.writeUInt32LE(packed.length, 14);
    about.writeUInt32LE(plain.length, 18);
    about.writeUInt16LE(name.length, 22);
    parts.push(Buffer.from("PK\x03\x04"), about, Buffer.from(name), packed);
    const place = Buffer.alloc(14);
    place.writeUInt32LE(offset, 10);
    // The index repeats the file's head with the writer's version in front and its place behind.
    index.push(Buffer.from("PK\x01\x02"), Buffer.from([20, 0]), about, place, Buffer.from(name));
    offset += 30 + name.length + packed.length;
  }
  const indexed = Buffer.concat(index);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(Object.keys(files).length, 4);
  end.writeUInt16LE(Object.keys(files).length, 6);
  end.writeUInt32LE(indexed.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...parts, indexed, Buffer.from("PK\x05\x06"), end]);
}
