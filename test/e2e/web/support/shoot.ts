/**
 * Pictures of the pages for docs/images, taken where a test has them on the screen anyway. They are written when
 * SCREENSHOTS is set, so that a run of the tests changes no file.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { root } from "../../../support/imports.ts";
import type { Page } from "playwright-core";

const folder = join(root, "docs/images");

export async function shoot({ page }: { readonly page: Page }, name: string): Promise<void> {
  if (process.env["SCREENSHOTS"] === undefined) return;
  await mkdir(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`) });
}
