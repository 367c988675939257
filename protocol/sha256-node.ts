/**
 * SHA-256 on Node: OpenSSL's, in one call. The other end of `#sha256` is sha256-portable.ts. The digest
 * comes as a Latin-1 string ("binary"), which costs a third of what a Buffer does.
 */
import { hash } from "node:crypto";

const LENGTH = 32;

export function sha256(bytes: Uint8Array): Uint8Array {
  const text = hash("sha256", bytes, "binary");
  const digest = new Uint8Array(LENGTH);
  for (let i = 0; i < LENGTH; i++) digest[i] = text.charCodeAt(i);
  return digest;
}

/** The first two bytes of the digest, big-endian, without the others. */
export function sha256Head(bytes: Uint8Array): number {
  const text = hash("sha256", bytes, "binary");
  return (text.charCodeAt(0) << 8) | text.charCodeAt(1);
}
