// Prepares the demo shop once and runs every test file on a copy of it: `npm test`, or `npm test -- session.test.js` for some.

import { spawn } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { prepare } from "./server.js";

const here = import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname);
const wanted = process.argv.slice(2);
const files = wanted.length > 0 ? wanted : (await readdir(here)).filter((name) => name.endsWith(".test.js"));
const prepared = await mkdtemp(path.join(tmpdir(), "riposte-prepared-"));
try {
  await prepare(prepared);
  // One file at a time: each has a server and a browser, and the figures that are measured want the machine to themselves.
  const running = spawn(process.execPath, ["--test", "--test-concurrency=1", "--test-reporter=spec", ...files], {
    cwd: here,
    stdio: "inherit",
    env: { ...process.env, RIPOSTE_PREPARED: prepared },
  });
  process.exitCode = await new Promise((resolve) => running.once("exit", (code) => resolve(code ?? 1)));
} finally {
  await rm(prepared, { recursive: true, force: true });
}
