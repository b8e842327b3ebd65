// Packs the Zendesk app for an installation of Riposte:
//
//   node package.js --url https://riposte.example.com --email you@example.com [--out riposte-zendesk.zip]

import { readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { parseArgs } from "node:util";
import { zip } from "./zip.js";

const APP = path.join(path.dirname(new URL(import.meta.url).pathname), "app");

function fail(message) {
  console.error(message);
  process.exit(2);
}

const { values } = parseArgs({ options: { url: { type: "string" }, email: { type: "string" }, out: { type: "string", default: "riposte-zendesk.zip" } } });
if (!values.url || !values.email) fail("usage: node package.js --url https://riposte.example.com --email you@example.com [--out riposte-zendesk.zip]");
const address = URL.canParse(values.url) ? new URL(values.url) : fail(`${values.url} is no address`);
if (address.protocol !== "https:") fail("Zendesk shows pages over https only: give the address that your TLS proxy serves");

const manifest = JSON.parse(await readFile(path.join(APP, "manifest.json"), "utf8"));
manifest.author.email = values.email;
manifest.author.url = address.origin;
manifest.location.support.ticket_sidebar.url = `${address.origin}/adapters/zendesk`;
manifest.domainWhitelist = [address.hostname];

const files = [["manifest.json", Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`)]];
for (const folder of ["assets", "translations"]) {
  for (const name of (await readdir(path.join(APP, folder))).sort()) files.push([`${folder}/${name}`, await readFile(path.join(APP, folder, name))]);
}
await writeFile(values.out, zip(files));
console.log(`${values.out}: upload it in Zendesk's Admin Center under Apps and integrations › Zendesk Support apps › Upload private app`);
