/**
 * A short code: eight digits that a person hears or reads in one place and types in another. It is the first
 * eight bytes of HMAC-SHA-256 over what it confirms, modulo 10^8: whoever has no key guesses one in a hundred
 * million, and a code says nothing about the next. (RFC 4226 takes 31 bits for as many digits, and so makes
 * some codes more likely than others; 64 bits leave nothing to see of that.)
 */
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { Refusal } from "./refusal.ts";

export const SHORT_CODE_DIGITS = 8;

const CODES = 10n ** BigInt(SHORT_CODE_DIGITS);

/** @param key 32 secret bytes. @param confirmed what the code is for, with its tag. */
export function shortCode(key: Uint8Array, confirmed: Uint8Array): string {
  const mac = hmac(sha256, key, confirmed);
  const number = new DataView(mac.buffer, mac.byteOffset).getBigUint64(0);
  return (number % CODES).toString().padStart(SHORT_CODE_DIGITS, "0");
}

/** Two groups of four: as it is read out. */
export function formatShortCode(code: string): string {
  return `${code.slice(0, 4)} ${code.slice(4)}`;
}

/** Reads a code as people type it: with spaces or hyphens, or without. @throws Refusal `malformed`. */
export function parseShortCode(text: string): string {
  const code = text.replaceAll(/[\s-]/g, "");
  if (!/^\d{8}$/.test(code)) {
    throw new Refusal("malformed", `a code has ${SHORT_CODE_DIGITS} digits`);
  }
  return code;
}

/** Whether two codes are the same, in a time that does not tell how much of them is. */
export function isSameCode(a: string, b: string): boolean {
  let difference = a.length ^ b.length;
  for (let i = 0; i < b.length; i++) difference |= a.charCodeAt(i) ^ b.charCodeAt(i);
  return difference === 0;
}
