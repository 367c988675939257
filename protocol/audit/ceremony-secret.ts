/**
 * All that one holder keeps secret in one ceremony, out of 32 bytes that it draws once: so a step that is run
 * again says the same again, and there is nothing else to lose. Each value is HKDF-SHA256 of those bytes
 * under the ceremony's id, so that the same bytes in another ceremony give others.
 */
import { p256 } from "@noble/curves/nist.js";
import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { concat, fromHex, type Hex, utf8 } from "../bytes.ts";
import { type SealingKey, sealingKeyOf } from "../hpke.ts";
import { Fn } from "../log-proof.ts";
import type { Random } from "../random.ts";

export type CeremonySecret = {
  /** The coefficients of the polynomial that the holder deals, from the constant one on. */
  readonly coefficients: (threshold: number) => bigint[];
  /** The key to which the dealer seals this holder's share. */
  readonly sealingKey: (dealer: number) => SealingKey;
  /** The ephemeral key by which this holder seals the recipient's share. */
  readonly ephemeral: (recipient: number) => SealingKey;
  /** What blinds a proof: another for each context, or two proofs would show what they are about (RFC 6979). */
  readonly blinding: (context: Uint8Array) => Random;
};

/** @param seed 32 bytes that nobody can guess. */
export function ceremonySecret(seed: Uint8Array, ceremony: Hex): CeremonySecret {
  const bytes = (name: string, info: Uint8Array, length: number) =>
    hkdf(sha256, seed, fromHex(ceremony), concat(utf8.encode(name), info), length);
  // 48 bytes, so that the remainder is even (FIPS 186-5, A.2.1).
  const scalar = (name: string, index: number) =>
    p256.utils.randomSecretKey(bytes(name, Uint8Array.of(index), 48));
  return {
    coefficients: (threshold) =>
      Array.from({ length: threshold }, (_, i) => Fn.fromBytes(scalar("coefficient", i))),
    sealingKey: (dealer) => sealingKeyOf(scalar("sealing key", dealer)),
    ephemeral: (recipient) => sealingKeyOf(scalar("ephemeral", recipient)),
    blinding: (context) => (length) => bytes("blinding", context, length),
  };
}
