/**
 * The messages of a payment as people carry them: in a file, as text that can be pasted, or as the codes that a
 * scanner prints. Text is base64; a message begins with its version, which is no character of base64, and codes
 * have their own first letters, so that a reader can tell them apart.
 */
import { createReadStream } from "node:fs";
import { FrameCollector } from "../../device/qr/frame-collector.ts";
import { replaceFile } from "../../node/service/durable-file.ts";
import { Refusal } from "../../protocol/refusal.ts";
import { frameIn } from "../scanned-line.ts";

/** Standard input and output. */
export const STANDARD = "-";

/** The longest message is a third of this, and as text with line ends it still fits. */
const LENGTH_MAX = 128 * 1024;

/**
 * Reads to the end, or until the codes give a message: a scanner prints without end.
 * @param path a file, or "-" for standard input. @throws Refusal `bad-configuration`, `too-large`, `malformed`.
 */
export async function readMessage(path: string): Promise<Uint8Array> {
  const frames = new FrameCollector();
  let isScanned = false;
  let text = "";
  for await (const piece of piecesOf(path)) {
    text += piece.toString("latin1");
    isScanned ||= /^(?:QR-Code:)?TALLY:/m.test(text);
    if (isScanned) text = takeLines(text, frames);
    if (frames.message !== undefined) return frames.message;
    if (text.length > LENGTH_MAX)
      throw new Refusal("too-large", `${path} is longer than any message of a payment`);
  }
  if (!isScanned) return messageIn(text);
  takeLines(`${text}\n`, frames);
  if (frames.message !== undefined) return frames.message;
  const seen = Math.floor(100 * frames.progress);
  throw new Refusal("malformed", `the codes give ${seen} % of a message: scan until they give all`);
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

/** Every line that is whole. @returns what is left. */
function takeLines(text: string, frames: FrameCollector): string {
  const lines = text.split(/\r?\n/);
  const rest = lines.pop()!;
  for (const line of lines) {
    const frame = frameIn(line);
    if (frame !== undefined) frames.take(frame);
  }
  return rest;
}

/** @param text of which each character is a byte. */
function messageIn(text: string): Uint8Array {
  const encoding = /^[A-Za-z0-9+/=\s]+$/.test(text) ? "base64" : "latin1";
  return new Uint8Array(Buffer.from(text, encoding));
}

async function* piecesOf(path: string): AsyncGenerator<Buffer> {
  try {
    for await (const piece of path === STANDARD ? process.stdin : createReadStream(path)) {
      yield piece as Buffer;
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Refusal("bad-configuration", `${path} cannot be read (${code})`);
  }
}
