/**
 * Hexadecimal digits, quickly: ids are strings everywhere but in codecs, so each payment crosses here
 * some thirty times. Tables take a third of the time that digit by digit does, in browsers too.
 */

const DIGITS = "0123456789abcdef";

/** The two digits of a byte, and the four of two bytes. */
const byBytes = Array.from({ length: 256 }, (_, byte) => DIGITS[byte >> 4]! + DIGITS[byte & 15]!);
const byPairs = Array.from(
  { length: 65_536 },
  (_, pair) => byBytes[pair >> 8]! + byBytes[pair & 255]!,
);

/** The value of a lower-case digit by its character code, negative for everything else. */
const values = new Int8Array(128).fill(-1);
for (let value = 0; value < 16; value++) values[DIGITS.charCodeAt(value)] = value;

/** Lower-case digits behind `prefix`. */
export function encodeHex(prefix: string, bytes: Uint8Array): string {
  let text = prefix;
  const even = bytes.length & ~1;
  for (let i = 0; i < even; i += 2) text += byPairs[(bytes[i]! << 8) | bytes[i + 1]!]!;
  return even === bytes.length ? text : text + byBytes[bytes[even]!]!;
}

/** The bytes that the digits from `start` on name, undefined if they are not pairs of lower-case digits. */
export function decodeHex(text: string, start: number): Uint8Array | undefined {
  const length = (text.length - start) / 2;
  if (!Number.isInteger(length)) return undefined;
  const bytes = new Uint8Array(length);
  for (let i = 0, at = start; i < length; i++, at += 2) {
    const high = values[text.charCodeAt(at)] ?? -1;
    const low = values[text.charCodeAt(at + 1)] ?? -1;
    if (high < 0 || low < 0) return undefined;
    bytes[i] = (high << 4) | low;
  }
  return bytes;
}
