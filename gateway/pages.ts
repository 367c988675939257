/**
 * The wallet's pages, as the bank serves them to its customers: files that were built beforehand, read once. A page
 * may load nothing from elsewhere and send nothing elsewhere, whatever becomes of its code.
 */
import { readdir, readFile } from "node:fs/promises";
import { extname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { Refusal } from "../protocol/refusal.ts";
import { call, type Route } from "../node/service/route.ts";

/** Where they stand: a wallet keeps its money under this origin and path. */
const PATH = "/wallet/";
const INDEX = "index.html";

/** Where `npm run build` leaves them. */
export const BUILT_PAGES = fileURLToPath(new URL("../device/web/dist", import.meta.url));

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

/** @param folder of the built pages. Where it is missing, the pages say so. */
export async function pageRoutes(folder: string): Promise<Route[]> {
  const files = await filesIn(folder);
  if (files.length === 0) return [page(PATH, "text/plain", {}, notBuilt)];
  const pages = files.map(async (file) => {
    const content = new Uint8Array(await readFile(join(folder, file)));
    const name = file.split(sep).join("/");
    const path = PATH + (name.endsWith(INDEX) ? name.slice(0, -INDEX.length) : name);
    const type = contentTypes[extname(file)] ?? "application/octet-stream";
    return page(path, type, headersOf(name), () => content);
  });
  return [...(await Promise.all(pages)), forwarding()];
}

function headersOf(name: string): Record<string, string> {
  return {
    "cache-control": HASHED.test(name) ? "public, max-age=31536000, immutable" : "no-cache",
    "content-security-policy": contentSecurityPolicy,
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(self), microphone=(), geolocation=()",
    "referrer-policy": "no-referrer",
  };
}

function page(
  path: string,
  contentType: string,
  headers: Readonly<Record<string, string>>,
  handle: () => Uint8Array,
): Route {
  const summary = "A page of the wallet, or what it is made of";
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
function forwarding(): Route {
  return call({
    method: "GET",
    path: PATH.slice(0, -1),
    summary: "The wallet",
    isPage: true,
    status: 308,
    headers: { location: PATH },
    handle: () => undefined,
  });
}

function notBuilt(): never {
  throw new Refusal(
    "unavailable",
    "the wallet's pages are not built: run `npm run build`, then start the gateway again",
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
