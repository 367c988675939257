/** A picture of a terminal's screen. It is kept for docs/images when SCREENSHOTS is set, as those of the pages are. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import type { Browser } from "playwright-core";
import { root } from "../../../support/imports.ts";

const BLACK_ON_WHITE = "\u001b[30;107m";

const style = `
  body { margin: 0; background: #1b1d23; color: #e6e6e6; }
  pre { margin: 0; padding: 16px; font: 12px/14px "DejaVu Sans Mono", monospace; width: max-content; }
  .code { display: block; height: 14px; background: #fff; color: #000; width: max-content; }`;

/** @param screen lines, of which codes are black on white. @returns the picture, as PNG. */
export async function takePicture(
  browser: Browser,
  name: string,
  screen: string,
): Promise<Uint8Array> {
  const lines = screen.split("\n").map((line) => {
    const text = stripVTControlCharacters(line).replaceAll("&", "&amp;").replaceAll("<", "&lt;");
    return line.includes(BLACK_ON_WHITE) ? `<span class="code">${text}</span>` : `${text}\n`;
  });
  const page = await browser.newPage();
  await page.setContent(`<style>${style}</style><pre>${lines.join("")}</pre>`);
  const picture = await page.locator("pre").screenshot();
  await page.close();
  if (process.env["SCREENSHOTS"] !== undefined) {
    await writeFile(join(root, "docs/images", `${name}.png`), picture);
  }
  return picture;
}
