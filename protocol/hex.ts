/**
 * Hexadecimal digits, quickly: ids are strings everywhere but in codecs, so each payment crosses here
 * some thirty times. A string made of all its characters at once is flat: one put together from pieces
 * is flattened later, at its first look-up in a map, which costs more than making it.
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

/** The value of a lower-case digit by its character code, negative for everything else. */
const values = new Int8Array(128).fill(-1);
for (let value = 0; value < 16; value++) values[DIGITS.charCodeAt(value)] = value;

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

/** The bytes that the digits from `start` on name, undefined if they are not pairs of lower-case digits. */
export function decodeHex(text: string, start: number): Uint8Array | undefined {
  const length = (text.length - start) / 2;
  if (!Number.isInteger(length)) return undefined;
  const bytes = new Uint8Array(length);
  return decodeHexInto(bytes, 0, text, start) ? bytes : undefined;
}

/** As `decodeHex`, into `bytes` from `at` up to `end`. @returns whether the digits filled it. */
export function decodeHexInto(
  bytes: Uint8Array,
  at: number,
  text: string,
  start: number,
  end = bytes.length,
): boolean {
  if (text.length - start !== 2 * (end - at)) return false;
  for (let i = at, from = start; i < end; i++, from += 2) {
    const high = values[text.charCodeAt(from)] ?? -1;
    const low = values[text.charCodeAt(from + 1)] ?? -1;
    if (high < 0 || low < 0) return false;
    bytes[i] = (high << 4) | low;
  }
  return true;
}
