/**
 * Bytes as the 45 characters of QR's alphanumeric mode (RFC 9285): two bytes as three characters, a last
 * single byte as two. In a code that costs 3 % more than bytes do, and every decoder gives it back
 * unchanged, where of binary codes some make UTF-8 and some guess.
 */
import { Refusal } from "../../protocol/refusal.ts";

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
const BASE = ALPHABET.length;

const values = new Map(Array.from(ALPHABET, (character, value) => [character, value]));

export function encodeBase45(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += 2) {
    const isPair = i + 1 < bytes.length;
    let rest = isPair ? bytes[i]! * 256 + bytes[i + 1]! : bytes[i]!;
    for (let digit = 0; digit < (isPair ? 3 : 2); digit++) {
      text += ALPHABET[rest % BASE]!;
      rest = Math.floor(rest / BASE);
    }
  }
  return text;
}

/** @throws Refusal `malformed` naming the offset. */
export function decodeBase45(text: string, field: string): Uint8Array {
  if (text.length % 3 === 1) throw malformed("ends in the middle of a byte", field, text.length);
  const bytes = new Uint8Array(Math.floor((text.length * 2) / 3));
  for (let at = 0, i = 0; at < text.length; at += 3, i += 2) {
    const group = text.slice(at, at + 3);
    const value = valueOf(group, field, at);
    const isPair = group.length === 3;
    if (value >= (isPair ? 0x1_0000 : 0x100)) {
      throw malformed("has a group above its bytes", field, at);
    }
    if (isPair) bytes[i + 1] = value & 0xff;
    bytes[i] = isPair ? value >>> 8 : value;
  }
  return bytes;
}

function valueOf(group: string, field: string, at: number): number {
  let value = 0;
  for (let i = group.length - 1; i >= 0; i--) {
    const digit = values.get(group[i]!);
    if (digit === undefined) throw malformed("has a character that is not base45", field, at + i);
    value = value * BASE + digit;
  }
  return value;
}

function malformed(problem: string, field: string, offset: number): Refusal {
  return new Refusal("malformed", `${field} ${problem}`, { field, offset });
}
