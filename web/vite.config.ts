import { readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import type { Plugin } from "vite";

const API = process.env.RIPOSTE_URL ?? "http://127.0.0.1:8080";
/** Below this a compressed copy saves less than the answer's headers. */
const WORTH_COMPRESSING = 1400;

/** Leaves `name.gz` beside every script, sheet and picture; the server sends it to browsers that take it. */
function compressedCopies(): Plugin {
  let folder = "";
  return {
    name: "compressed-copies",
    apply: "build",
    configResolved(config) {
      folder = path.resolve(config.root, config.build.outDir, "assets");
    },
    async closeBundle() {
      for (const name of await readdir(folder)) {
        if (!/\.(js|css|svg)$/.test(name)) continue;
        const bytes = await readFile(path.join(folder, name));
        if (bytes.length < WORTH_COMPRESSING) continue;
        await writeFile(path.join(folder, `${name}.gz`), await promisify(gzip)(bytes, { level: 9 }));
      }
    },
  };
}

/** Writes `licences.txt`: every package that went into the bundles, with its licence's text. */
function licences(): Plugin {
  return {
    name: "licences",
    apply: "build",
    async generateBundle(_options, bundle) {
      const folders = new Set<string>();
      for (const chunk of Object.values(bundle)) {
        if (chunk.type !== "chunk") continue;
        for (const id of chunk.moduleIds) {
          const found = /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(id.replace(/^\0/, ""));
          if (found?.[1]) folders.add(found[1]);
        }
      }
      const packages = await Promise.all([...folders].map(licenceOf));
      packages.sort((a, b) => a.name.localeCompare(b.name));
      const list = packages.map(({ name, text }) => `${"=".repeat(80)}\n${name}\n\n${text}\n`);
      this.emitFile({ type: "asset", fileName: "licences.txt", source: `The console holds parts of these packages.\n\n${list.join("\n")}` });
    },
  };
}

async function licenceOf(folder: string): Promise<{ name: string; text: string }> {
  const { name, version, license } = JSON.parse(await readFile(path.join(folder, "package.json"), "utf8")) as { name: string; version: string; license?: string };
  // A package without the text names its licence only.
  const file = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry));
  const text = file ? await readFile(path.join(folder, file), "utf8") : "";
  return { name: `${name} ${version} (${license ?? "see below"})`, text: text.trim() };
}

/** Ant Design keeps the page from scrolling behind a dialog by a style element without the page's nonce; ours does it without. */
function ownScrollLock(): Plugin {
  return {
    name: "own-scroll-lock",
    enforce: "pre",
    resolveId: (source, importer) => (source === "./useScrollLocker" && importer?.includes("@rc-component/portal") ? path.resolve("src/components/useScrollLock.ts") : null),
  };
}

export default defineConfig({
  plugins: [ownScrollLock(), react(), licences(), compressedCopies()],
  // The server puts a new nonce here in every answer (src/http/assets.rs).
  html: { cspNonce: "__CSP_NONCE__" },
  build: {
    target: "es2022",
    // The policy admits no data: script, and small pictures are better cached than inlined.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1100,
    rolldownOptions: {
      // Besides the console: pages that other sites show in a frame (src/http/frames.rs), and the script that puts one there.
      input: ["index.html", "widget/index.html", "widget/embed.ts", "adapters/chatwoot/index.html", "adapters/zendesk/index.html", "adapters/wecom/index.html"],
      output: {
        // Hexadecimal: the server knows by it what it may have kept for a year.
        hashCharacters: "hex",
        // Other sites name the script: its address stays.
        entryFileNames: (chunk) => (chunk.facadeModuleId?.endsWith("/widget/embed.ts") ? "widget.js" : "assets/[name]-[hash:16].js"),
        chunkFileNames: "assets/[name]-[hash:16].js",
        assetFileNames: "assets/[name]-[hash:16][extname]",
      },
    },
  },
  server: {
    port: 5173,
    proxy: Object.fromEntries(["/v1", "/openapi.json", "/errors", "/livez", "/readyz"].map((prefix) => [prefix, { target: API }])),
  },
  test: { include: ["tests/**/*.test.{ts,tsx}"], environment: "node" },
});
