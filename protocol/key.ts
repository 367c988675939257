/** P-256 public keys in their compressed form, and the owners that stand for them on the ledger. */
import { uncompressed } from "#point";
import { sha256 } from "#sha256";
import { type Hex, type Reader, toHex } from "./bytes.ts";

export const KEY_LENGTH = 33;
export const OWNER_LENGTH = 20;

/** First 20 bytes of SHA-256 of a compressed public key, or of a claim's secret. */
export type Owner = Hex;

/** No one: the owner of a burn. */
export const NOBODY: Owner = `0x${"00".repeat(OWNER_LENGTH)}`;

export function ownerOf(publicKeyOrSecret: Uint8Array): Owner {
  return toHex(sha256(publicKeyOrSecret).slice(0, OWNER_LENGTH));
}

/** Whether `bytes` is a compressed point of the curve. A square root: cache what it says. */
export function isKey(bytes: Uint8Array): boolean {
  return uncompressed(bytes) !== undefined;
}

/**
 * Reads 33 bytes that have the form of a compressed key. Whether the point is on the curve is for
 * the verifier, which keeps what it learnt about a key.
 */
export function readKey(reader: Reader, field: string): Uint8Array {
  const key = reader.take(KEY_LENGTH, field);
  if (key[0] !== 2 && key[0] !== 3) {
    throw reader.refuse(`${field} is not a compressed P-256 key`, field, KEY_LENGTH);
  }
  return key;
}

/** Reads a key and refuses one that is not on the curve: for structures that are read once. */
export function readKeyOnCurve(reader: Reader, field: string): Uint8Array {
  const key = readKey(reader, field);
  if (!isKey(key)) throw reader.refuse(`${field} is not on the curve P-256`, field, KEY_LENGTH);
  return key;
}
