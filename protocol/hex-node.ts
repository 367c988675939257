/**
 * Hexadecimal digits on Node: written as bytes of which Node makes the string at once, in half the time that one
 * made of characters takes. The other end of `#hex` is hex-portable.ts.
 */

/** Bytes whose digits fit what is used again; an id has 33. */
const BYTES_MAX = 2048;

const digits = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
/** The two digits of each byte as they lie in memory, to be copied together. */
const pairs = new Uint16Array(Uint8Array.from(Buffer.from(digits.join(""), "latin1")).buffer);
const codes = new Uint16Array(1 + BYTES_MAX);
const text = Buffer.from(codes.buffer);
text.write("0x", "latin1");

/** 0x and lower-case digits. */
export function encodeHex(bytes: Uint8Array): string {
  const { length } = bytes;
  if (length > BYTES_MAX)
    return `0x${Buffer.from(bytes.buffer, bytes.byteOffset, length).toString("hex")}`;
  for (let i = 0; i < length; i++) codes[i + 1] = pairs[bytes[i]!]!;
  return text.toString("latin1", 0, 2 + 2 * length);
}
