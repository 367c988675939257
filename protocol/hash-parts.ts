/**
 * SHA-256 of several parts, one after the other. What a payment is hashed for a dozen times is a prefix and
 * some bytes: they are put together in memory that is used again, for making it costs as much as hashing.
 */
import { sha256 } from "#sha256";
import { concat } from "./bytes.ts";

/** The largest leaf behind a tag and an id of a network fits. */
const draft = new Uint8Array(2048);

export function hashParts(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) {
    if (length + part.length > draft.length) return sha256(concat(...parts));
    draft.set(part, length);
    length += part.length;
  }
  return sha256(draft.subarray(0, length));
}
