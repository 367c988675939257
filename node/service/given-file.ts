/** A file that an operator names: read, or refused in words that say which one cannot be. */
import { readFile } from "node:fs/promises";
import { Refusal } from "../../protocol/refusal.ts";

/** @throws Refusal `bad-configuration` where it cannot be read. */
export async function readGivenFile(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Refusal("bad-configuration", `${path} cannot be read (${code})`);
  }
}

/** As text. @throws Refusal `bad-configuration`. */
export async function readGivenText(path: string): Promise<string> {
  return (await readGivenFile(path)).toString("utf8");
}
