/**
 * That whoever shows x·B₁, x·B₂, … knows the x they have in common, without a word about x: Schnorr's proof
 * over one base, Chaum and Pedersen's of equal logarithms over two, made to stand alone by a hash.
 *
 *     c = SHA-256(context ‖ A₁ ‖ A₂ ‖ …) mod n, Aᵢ = k·Bᵢ compressed, z = k + c·x: the proof is c ‖ z
 *
 * The context is a message that names everything the proof is for, the points among it: a proof whose
 * hash left out a point could be fitted to another.
 */
import { p256 } from "@noble/curves/nist.js";
import { sha256 } from "#sha256";
import { concat, equalBytes, toHex } from "./bytes.ts";
import type { Random } from "./random.ts";

export const LOG_PROOF_LENGTH = 64;

/** A point of P-256. */
export type Point = ReturnType<typeof p256.Point.fromBytes>;

export const { BASE, Fn } = p256.Point;

/** @throws Error unless `bytes` is a compressed key on the curve, which a decoder has seen to. */
export function pointOf(bytes: Uint8Array): Point {
  return p256.Point.fromBytes(bytes);
}

/** A scalar from 1 to n − 1 out of 48 random bytes, so that the remainder is even (FIPS 186-5, A.2.1). */
export function randomScalar(random: Random): bigint {
  return Fn.fromBytes(p256.utils.randomSecretKey(random(48)));
}

export function proveLog(
  context: Uint8Array,
  x: bigint,
  bases: readonly Point[],
  random: Random,
): Uint8Array {
  const k = randomScalar(random);
  const c = challenge(
    context,
    bases.map((base) => base.multiply(k)),
  );
  return concat(Fn.toBytes(c), Fn.toBytes(Fn.add(k, Fn.mul(c, x))));
}

/** Whether every Aᵢ = z·Bᵢ − c·Pᵢ together give the challenge again. */
export function isLogProof(
  context: Uint8Array,
  bases: readonly Point[],
  points: readonly Point[],
  proof: Uint8Array,
): boolean {
  try {
    const c = Fn.fromBytes(proof.subarray(0, 32));
    const z = Fn.fromBytes(proof.subarray(32));
    const commitments = bases.map((base, i) =>
      base.multiplyUnsafe(z).subtract(points[i]!.multiplyUnsafe(c)),
    );
    return equalBytes(Fn.toBytes(challenge(context, commitments)), Fn.toBytes(c));
  } catch {
    // A number from n on, or an A at infinity: no proof.
    return false;
  }
}

function challenge(context: Uint8Array, commitments: readonly Point[]): bigint {
  const encoded = commitments.map((commitment) => commitment.toBytes(true));
  return Fn.create(BigInt(toHex(sha256(concat(context, ...encoded)))));
}
