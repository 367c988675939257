/**
 * A message as people without a camera carry it: text that can be pasted, or a file. Text is base64, as the command
 * `tallystick wallet` writes it; a message begins with its version, which is no character of base64.
 */
import { limits } from "../../protocol/limits.ts";
import { Refusal } from "../../protocol/refusal.ts";

/** A message that is longer as text than any is, line ends included. */
const TEXT_MAX = 2 * limits.messageBytesMax;

export function textOf(message: Uint8Array): string {
  return btoa(Array.from(message, (byte) => String.fromCharCode(byte)).join(""));
}

/** @throws Refusal `malformed`, `too-large`. */
export function messageOf(text: string): Uint8Array {
  if (text.length > TEXT_MAX) throw new Refusal("too-large", "no message is so long");
  try {
    const binary = atob(text.replace(/\s+/g, ""));
    if (binary === "") throw new Refusal("malformed", "the text is empty");
    return Uint8Array.from(binary, (character) => character.charCodeAt(0));
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    throw new Refusal("malformed", "the text is no message of a payment");
  }
}

/** A message from a file, of bytes or of text. @throws Refusal `malformed`, `too-large`. */
export async function messageIn(file: Blob): Promise<Uint8Array> {
  if (file.size > TEXT_MAX) throw new Refusal("too-large", "no message is so long");
  const bytes = new Uint8Array(await file.arrayBuffer());
  const text = new TextDecoder("latin1").decode(bytes);
  return /^[A-Za-z0-9+/=\s]+$/.test(text) ? messageOf(text) : bytes;
}
