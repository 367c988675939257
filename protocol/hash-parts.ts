/** SHA-256 of several parts, one after the other: what a payment is hashed for a dozen times is a prefix and some bytes. */
import { sha256 } from "#sha256";
import { Draft } from "./draft.ts";

/** The largest leaf behind a tag and an id of a network fits. */
const draft = new Draft(2048);

export function hashParts(...parts: readonly Uint8Array[]): Uint8Array {
  return sha256(draft.join(...parts));
}
