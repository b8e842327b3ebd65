// The real program on a fresh data folder with the demo shop in it, on a port of its own.

import { execFile, spawn } from "node:child_process";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

export const ROOT = path.resolve(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), "../..");
// The program takes the working folder from PWD, as a shell would set it.
const PLACE = { cwd: ROOT, env: { ...process.env, PWD: ROOT } };
const SHOP = "knowledge/demo/shop";

export const DESK = "demo-shop";
export const PASSWORD = "browser-tests-only";

function program() {
  const found = process.env.RIPOSTE_BIN;
  if (!found) throw new Error("RIPOSTE_BIN is not set: it names the program to test (.ci/browser.sh sets it)");
  return path.resolve(ROOT, found);
}

const PEOPLE = [
  ["ada", "admin"],
  ["sun", "supervisor"],
  ["edi", "kb_editor"],
  ["lin", "agent", "--desk", DESK],
];

const options = (folder) => ["--data-dir", path.join(folder, "data"), "--set", "log.filter=error"];

/** File with the API key of the site around a widget. */
const HOST_KEY = "host.key";

/** Sets the demo shop up in `folder`, with two answers that contradict each other, one account a role and a key for a host. */
export async function prepare(folder) {
  const riposte = (args, input) => {
    const running = promisify(execFile)(program(), [...options(folder), ...args], PLACE);
    running.child.stdin.end(input);
    return running;
  };
  await riposte(["import", "--desk", DESK, `${SHOP}/conversations.zh.jsonl`, `${SHOP}/conversations.en.jsonl`, "tests/browser/contradicting.jsonl"]);
  await riposte(["knowledge", "import", SHOP]);
  await riposte(["clusters", "rebuild", "--desk", DESK]);
  for (const set of ["first", "second", "first"]) await riposte(["eval", "masking", `eval/sets/masking/${set}.jsonl`]);
  for (const [name, role, ...scope] of PEOPLE) await riposte(["user", "add", name, "--role", role, ...scope, "--password-stdin"], `${PASSWORD}\n`);
  const { stdout } = await riposte(["key", "add", "host", "--role", "agent", "--desk", DESK]);
  await writeFile(path.join(folder, HOST_KEY), /^key: (.*)$/m.exec(stdout)[1], { mode: 0o600 });
}

/**
 * Serves a fresh copy of the demo shop. `stop` ends the server and deletes the copy. RIPOSTE_PREPARED names a folder that `prepare` has
 * filled (run.js sets it, so that a run of all files prepares once). `settings` are the file's own, as `key=value`.
 */
export async function startServer(settings = []) {
  const folder = await mkdtemp(path.join(tmpdir(), "riposte-browser-"));
  let server;
  const stop = async () => {
    if (server && server.exitCode === null && server.signalCode === null) {
      const ended = new Promise((resolve) => server.once("exit", resolve));
      server.kill("SIGTERM");
      await ended;
    }
    await rm(folder, { recursive: true, force: true });
  };
  try {
    if (process.env.RIPOSTE_PREPARED) await cp(process.env.RIPOSTE_PREPARED, folder, { recursive: true });
    else await prepare(folder);
    const own = settings.flatMap((setting) => ["--set", setting]);
    server = spawn(program(), [...options(folder), ...own, "serve", "--listen", "127.0.0.1:0"], { ...PLACE, stdio: ["ignore", "pipe", "pipe"] });
    return { url: await address(server), key: await readFile(path.join(folder, HOST_KEY), "utf8"), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Where the server says that it listens. */
function address(server) {
  const said = [];
  return new Promise((resolve, reject) => {
    for (const stream of [server.stdout, server.stderr]) {
      createInterface({ input: stream }).on("line", (line) => {
        if (said.length < 50) said.push(line);
        const found = /listens on (http:\/\/[\d.]+:\d+)/.exec(line);
        if (found) resolve(found[1]);
      });
    }
    server.once("error", reject);
    server.once("exit", (code) => reject(new Error(`the server ended with ${code}:\n${said.join("\n")}`)));
  });
}
