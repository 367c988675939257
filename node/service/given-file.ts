/** A file that an operator names: read, or refused in words that say which one cannot be. */
import { open, readFile } from "node:fs/promises";
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

/** Read, write and execute for group and others. */
const OTHERS = 0o077;

/**
 * The text of a file with a secret in it. Looks at the mode of the very file that it reads.
 * @throws Refusal `exposed-key` if others may use it; `bad-configuration` if it cannot be read or is longer.
 */
export async function readPrivateText(path: string, sizeMax: number): Promise<string> {
  const bad = (what: string) => new Refusal("bad-configuration", `${path} ${what}`);
  try {
    await using file = await open(path, "r");
    const { mode, size } = await file.stat();
    if (process.platform !== "win32" && (mode & OTHERS) !== 0) {
      const octal = (mode & 0o777).toString(8);
      throw new Refusal("exposed-key", `${path} has mode ${octal}: not its owner alone may use it`);
    }
    if (size > sizeMax) throw bad("is too long for a key file");
    return await file.readFile("utf8");
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw bad(`cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
}
