/**
 * Pages that were built beforehand, as a service hands them to browsers: read once. A page may load nothing from
 * elsewhere and send nothing elsewhere, whatever becomes of its code.
 */
import { readdir, readFile } from "node:fs/promises";
import { extname, join, relative, sep } from "node:path";
import { Refusal } from "../../protocol/refusal.ts";
import { call, type Route } from "./route.ts";

export type PagesOptions = {
  /** Of the built pages. Where it is missing, the pages say so. */
  readonly folder: string;
  /** Where they stand, such as "/wallet/". */
  readonly path: string;
  /** What they are called, such as "the wallet". */
  readonly name: string;
  /** What else they may ask of the browser: the value of Permissions-Policy. */
  readonly permissions: string;
};

const INDEX = "index.html";

const contentTypes: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".webmanifest": "application/manifest+json",
};

/** A name that changes with the content: wallet-4XQ7PLZM.js. */
const HASHED = /-[0-9A-Z]{8}\.\w+$/;

const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

export async function pageRoutes(options: PagesOptions): Promise<Route[]> {
  const { folder, path, name } = options;
  const files = await filesIn(folder);
  if (files.length === 0) return [page(options, path, "text/plain", {}, () => notBuilt(name))];
  const pages = files.map(async (file) => {
    const content = new Uint8Array(await readFile(join(folder, file)));
    const title = file.split(sep).join("/");
    const at = path + (title.endsWith(INDEX) ? title.slice(0, -INDEX.length) : title);
    const type = contentTypes[extname(file)] ?? "application/octet-stream";
    return page(options, at, type, headersOf(title, options), () => content);
  });
  return [...(await Promise.all(pages)), ...(path === "/" ? [] : [forwarding(options)])];
}

function headersOf(file: string, { permissions }: PagesOptions): Record<string, string> {
  return {
    "cache-control": HASHED.test(file) ? "public, max-age=31536000, immutable" : "no-cache",
    "content-security-policy": contentSecurityPolicy,
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": permissions,
    "referrer-policy": "no-referrer",
  };
}

function page(
  { name }: PagesOptions,
  path: string,
  contentType: string,
  headers: Readonly<Record<string, string>>,
  handle: () => Uint8Array,
): Route {
  const summary = `A page of ${name}, or what it is made of`;
  return call({
    method: "GET",
    path,
    summary,
    isPage: true,
    reply: { contentType },
    headers,
    handle,
  });
}

/** Without the last slash, a page's own addresses would lead elsewhere. */
function forwarding({ path, name }: PagesOptions): Route {
  return call({
    method: "GET",
    path: path.slice(0, -1),
    summary: name,
    isPage: true,
    status: 308,
    headers: { location: path },
    handle: () => undefined,
  });
}

function notBuilt(name: string): never {
  throw new Refusal(
    "unavailable",
    `the pages of ${name} are not built: run \`npm run build\`, then start this again`,
  );
}

async function filesIn(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    return files.map(({ parentPath, name }) => relative(folder, join(parentPath, name)));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
