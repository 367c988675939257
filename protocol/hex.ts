/**
 * The bytes of hexadecimal digits, quickly: ids are strings everywhere but in codecs, so each payment crosses here
 * some thirty times. The other way is `#hex`.
 */

const DIGITS = "0123456789abcdef";

/** The value of a lower-case digit by its character code, negative for everything else. */
const values = new Int8Array(128).fill(-1);
for (let value = 0; value < 16; value++) values[DIGITS.charCodeAt(value)] = value;

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
