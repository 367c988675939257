/** A message shown as codes by a command: a code that stands still is printed, an animation runs until it is ended. */
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { codesOf, FRAME_MS } from "../shown-codes.ts";

/** Rows of what is no terminal: a file, a pipe. */
const ROWS = 100;

/** @returns when it has been shown: at once, or when Enter is pressed. */
export async function showCodes(message: Uint8Array): Promise<void> {
  const { stdin, stdout } = process;
  const { parts, next } = codesOf(message, stdout.isTTY ? stdout.rows : ROWS);
  if (parts === 1 || !stdout.isTTY) {
    for (let i = 0; i < parts; i++) stdout.write(next());
    return;
  }
  stdout.write("Enter when it has been scanned.\n");
  const ended = new AbortController();
  if (stdin.isTTY) void once(stdin.resume(), "data").then(() => ended.abort());
  for (let back = ""; !ended.signal.aborted; ) {
    const code = next();
    stdout.write(back + code);
    back = `\u001b[${code.split("\n").length - 1}A`;
    await sleep(FRAME_MS);
  }
  stdin.pause();
}
