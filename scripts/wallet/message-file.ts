/**
 * The messages of a payment as people carry them: in a file, or as text that can be pasted. Text is base64;
 * a message begins with its version, which is no character of base64, so that a reader can tell them apart.
 */
import { createReadStream } from "node:fs";
import { replaceFile } from "../../node/service/durable-file.ts";
import { Refusal } from "../../protocol/refusal.ts";

/** Standard input and output. */
export const STANDARD = "-";

/** The longest message is a third of this, and as text with line ends it still fits. */
const LENGTH_MAX = 128 * 1024;

/** @param path a file, or "-" for standard input. @throws Refusal `bad-configuration`, `too-large`, `malformed`. */
export async function readMessage(path: string): Promise<Uint8Array> {
  const bytes = await readAll(path);
  const text = bytes.toString("latin1");
  if (!/^[A-Za-z0-9+/=\s]+$/.test(text)) return new Uint8Array(bytes);
  const message = Buffer.from(text, "base64");
  return new Uint8Array(message);
}

/** @param path a file, or "-" for standard output, which gets text. */
export async function writeMessage(
  path: string,
  message: Uint8Array,
  isText: boolean,
): Promise<void> {
  const text = `${textOf(message)}\n`;
  if (path === STANDARD) {
    process.stdout.write(text);
    return;
  }
  try {
    await replaceFile(path, isText ? text : message, 0o644);
  } catch (error) {
    throw new Refusal(
      "bad-configuration",
      `${path} cannot be written (${(error as NodeJS.ErrnoException).code}). Name another file and run this again: the message is the same`,
    );
  }
}

export function textOf(message: Uint8Array): string {
  return Buffer.from(message).toString("base64");
}

async function readAll(path: string): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let length = 0;
  try {
    for await (const piece of path === STANDARD ? process.stdin : createReadStream(path)) {
      length += (piece as Buffer).length;
      if (length > LENGTH_MAX)
        throw new Refusal("too-large", `${path} is longer than any message of a payment`);
      pieces.push(piece as Buffer);
    }
  } catch (error) {
    if (error instanceof Refusal) throw error;
    const { code } = error as NodeJS.ErrnoException;
    throw new Refusal("bad-configuration", `${path} cannot be read (${code})`);
  }
  return Buffer.concat(pieces);
}
