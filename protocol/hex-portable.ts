/**
 * Hexadecimal digits in browsers and on devices. A string made of all its characters at once is flat: one put
 * together from pieces is flattened later, at its first look-up in a map, which costs more than making it. The other
 * end of `#hex` is hex-node.ts.
 */

const DIGITS = "0123456789abcdef";

/** Character codes of the two digits of each byte. */
const highCodes = Uint8Array.from({ length: 256 }, (_, byte) => DIGITS.charCodeAt(byte >> 4));
const lowCodes = Uint8Array.from({ length: 256 }, (_, byte) => DIGITS.charCodeAt(byte & 15));

/** Bytes at a time: an argument each digit, and engines bound the arguments of a call. */
const PIECE = 2048;

/**
 * The characters of the text being made, by its length in bytes: used again for each of that length, since
 * a list that grows anew for each id was a third of all that a payment left for the garbage collector.
 */
const drafts: number[][] = [];

/** 0x and lower-case digits. */
export function encodeHex(bytes: Uint8Array): string {
  if (bytes.length <= PIECE) return encodePiece(bytes);
  let text = "0x";
  for (let at = 0; at < bytes.length; at += PIECE) {
    text += encodePiece(bytes.subarray(at, at + PIECE)).slice(2);
  }
  return text;
}

function encodePiece(bytes: Uint8Array): string {
  const { length } = bytes;
  const codes = (drafts[length] ??= [0x30, 0x78]);
  for (let i = 0, at = 2; i < length; i++) {
    const byte = bytes[i]!;
    codes[at++] = highCodes[byte]!;
    codes[at++] = lowCodes[byte]!;
  }
  return String.fromCharCode.apply(undefined, codes);
}
