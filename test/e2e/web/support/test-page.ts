/** A page whose script is one of `pages/`, bundled: its `actions` are called from here by name. */
import { join } from "node:path";
import { build } from "esbuild";
import type { BrowserContext, Page } from "playwright-core";

/** Nobody is asked for it: the context answers itself. Browsers trust https alone with keys and storage. */
const ORIGIN = "https://tallystick.test/";

const pages = join(import.meta.dirname, "../pages");

export async function bundlePage(file: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(pages, file)],
    bundle: true,
    write: false,
    platform: "browser",
    format: "iife",
    logLevel: "silent",
  });
  return outputFiles[0]!.text;
}

/** Opens a page that runs a bundle. */
export async function openPage(context: BrowserContext, script: string): Promise<Page> {
  const page = await context.newPage();
  await page.route(`${ORIGIN}**`, (route) =>
    route.fulfill({ contentType: "text/html", body: "<!doctype html><title>test</title>" }),
  );
  await page.goto(ORIGIN);
  await page.addScriptTag({ content: script });
  return page;
}

/** Calls an action of the page. What it gives is JSON, in the form that the caller knows. */
export async function act<T>(page: Page, name: string, ...args: readonly unknown[]): Promise<T> {
  return (await page.evaluate(`actions.${name}(...${JSON.stringify(args)})`)) as T;
}
