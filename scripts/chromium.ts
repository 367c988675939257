/** Debian's Chromium, for what is tried and measured in a real browser. */
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** As the package is called, and its program. */
export const CHROMIUM = "chromium";

/** A container has no user namespaces of its own to make a sandbox of. */
export const CHROMIUM_ARGUMENTS = ["--no-sandbox"];

/** Undefined where it is not installed. */
export function chromiumPath(): string | undefined {
  const folders = process.env["PATH"]!.split(delimiter);
  return folders.map((folder) => join(folder, CHROMIUM)).find(isProgram);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
