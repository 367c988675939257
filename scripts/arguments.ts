/** What people type after a command, and files they name: refused in words that say what was meant. */
import { readFile } from "node:fs/promises";
import { InvalidArgumentError } from "commander";
import type { Hex } from "../protocol/bytes.ts";
import { Refusal } from "../protocol/refusal.ts";

/** @throws Refusal `malformed`. */
export function parseWhole(text: string): number {
  if (/^\d{1,10}$/.test(text)) return Number(text);
  throw new Refusal("malformed", `"${text}" is not a whole number`);
}

/**
 * For an option that takes a whole number in these bounds.
 * @throws InvalidArgumentError, of which commander makes the whole refusal.
 */
export function wholeBetween(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (number >= least && number <= most) return number;
    throw new InvalidArgumentError(`It takes a whole number from ${least} to ${most}.`);
  };
}

/** @param what as it is called in a refusal, such as "an owner". @throws Refusal `malformed`. */
export function parseHex(text: string, length: number, what: string): Hex {
  const lower = text.toLowerCase();
  if (/^0x[0-9a-f]*$/.test(lower) && lower.length === 2 + 2 * length) return lower as Hex;
  throw new Refusal("malformed", `"${text}" is not ${what}: 0x and ${2 * length} digits`);
}

/** @throws Refusal `bad-configuration` where the file cannot be read. */
export async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Refusal("bad-configuration", `${path} cannot be read (${code})`);
  }
}
