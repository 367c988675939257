/**
 * Bundles pages: the wallet's and the till's into `device/web/dist` and the payment page into `gateway/web/dist`,
 * which gateways serve, and the console's into `node/web/dist`, which nodes serve. What is named by its content may be kept for ever; the wallet's service worker
 * knows all of it, and changes when any of it does.
 */
import { createHash } from "node:crypto";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { build, type BuildOptions } from "esbuild";

type Site = {
  readonly source: string;
  readonly entries: readonly string[];
  readonly pages: readonly string[];
  /** Copied as they are, each to the place that the pages name. */
  readonly copies: Readonly<Record<string, string>>;
};

const device: Site = {
  source: join(import.meta.dirname, "../device/web"),
  entries: ["wallet-page.tsx", "terminal-page.tsx", "style.css"],
  pages: ["index.html", "terminal/index.html"],
  copies: {
    "manifest.webmanifest": "manifest.webmanifest",
    "terminal/manifest.webmanifest": "terminal/manifest.webmanifest",
    "icon.svg": "icons/icon.svg",
    "icon-192.png": "icons/icon-192.png",
    "icon-512.png": "icons/icon-512.png",
  },
};
const WORKER = "service-worker.js";

const consoleSite: Site = {
  source: join(import.meta.dirname, "../node/web"),
  entries: ["console-page.tsx", "console.css"],
  pages: ["index.html"],
  copies: { "icon.svg": "../../device/web/icons/icon.svg" },
};

const paymentSite: Site = {
  source: join(import.meta.dirname, "../gateway/web"),
  entries: ["pay-page.tsx", "style.css"],
  pages: ["index.html"],
  copies: {},
};

/** Where gateways look for them. */
const builtPages = join(device.source, "dist");
const builtPaymentPage = join(paymentSite.source, "dist");
/** Where nodes look for theirs. */
const builtConsole = join(consoleSite.source, "dist");

const common = {
  bundle: true,
  write: false,
  minify: true,
  platform: "browser",
  format: "esm",
  target: "es2022",
  logLevel: "silent",
} as const satisfies BuildOptions;

type Files = Map<string, Uint8Array>;

/** The wallet and the till. @throws Error with what the bundler says. */
export async function buildPages(folder = builtPages): Promise<void> {
  const files = await filesOf(device);
  files.set(WORKER, await bundleWorker(files));
  await write(files, folder);
}

/** The console. @throws Error with what the bundler says. */
export async function buildConsole(folder = builtConsole): Promise<void> {
  await write(await filesOf(consoleSite), folder);
}

/** The payment page. @throws Error with what the bundler says. */
export async function buildPaymentPage(): Promise<void> {
  await write(await filesOf(paymentSite), builtPaymentPage);
}

async function filesOf(site: Site): Promise<Files> {
  const files: Files = new Map();
  const names = await bundle(site, files);
  for (const page of site.pages) files.set(page, await withNames(site, page, names));
  for (const [name, from] of Object.entries(site.copies)) {
    files.set(name, await readFile(join(site.source, from)));
  }
  return files;
}

async function write(files: Files, folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  for (const [name, content] of files) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
}

/** @returns the bundles' names by what pages call them: "style.css" → "style-4XQ7PLZM.css". */
async function bundle({ source, entries }: Site, files: Files): Promise<Map<string, string>> {
  const { outputFiles, metafile } = await build({
    ...common,
    entryPoints: entries.map((entry) => join(source, entry)),
    outdir: source,
    splitting: true,
    metafile: true,
    entryNames: "[name]-[hash]",
    chunkNames: "[name]-[hash]",
    jsx: "automatic",
    jsxImportSource: "preact",
  });
  for (const { path, contents } of outputFiles) files.set(basename(path), contents);
  const names = new Map<string, string>();
  for (const [path, { entryPoint }] of Object.entries(metafile.outputs)) {
    if (entryPoint !== undefined)
      names.set(basename(entryPoint).replace(/tsx$/, "js"), basename(path));
  }
  return names;
}

async function withNames(
  { source }: Site,
  page: string,
  names: ReadonlyMap<string, string>,
): Promise<Uint8Array> {
  let text = await readFile(join(source, page), "utf8");
  for (const [name, hashed] of names) text = text.replace(name, hashed);
  return new TextEncoder().encode(text);
}

async function bundleWorker(files: Files): Promise<Uint8Array> {
  const addresses = [...files.keys()].map((name) => name.replace(/(^|\/)index\.html$/, "$1"));
  const hash = createHash("sha256");
  for (const [name, content] of files) hash.update(`${name} ${content.length} `).update(content);
  const { outputFiles } = await build({
    ...common,
    entryPoints: [join(device.source, "service-worker.ts")],
    define: {
      FILES: JSON.stringify(addresses.map((address) => `./${address}`)),
      VERSION: JSON.stringify(hash.digest("hex").slice(0, 16)),
    },
  });
  return outputFiles[0]!.contents;
}

if (import.meta.main) await Promise.all([buildPages(), buildPaymentPage(), buildConsole()]);
