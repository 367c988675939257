/**
 * ECDSA P-256 with SHA-256, as secure elements make it: 64 bytes r ‖ s, both in 1 … n − 1, and
 * s ≤ n/2, so that a signature has one form only. Chips and OpenSSL return the high s half the time:
 * whoever hosts them normalises.
 */
import { p256 } from "@noble/curves/nist.js";
import { concat } from "./bytes.ts";
import { isKey } from "./key.ts";

export const SIGNATURE_LENGTH = 64;

/** Holds a private key, perhaps in an HSM or a secure element, and signs messages with it. */
export interface Signer {
  /** Compressed, 33 bytes. */
  readonly publicKey: Uint8Array;
  /** Signs SHA-256 of `message`. Returns 64 bytes with low s. */
  sign(message: Uint8Array): Promise<Uint8Array>;
}

/** Says whether keys and signatures are good. All implementations give the same verdicts. */
export interface Verifier {
  /** Whether 33 bytes are a compressed point of the curve. */
  isKey(publicKey: Uint8Array): boolean;
  /** Whether `signature` is 64 bytes, low-s, and by `publicKey` over SHA-256 of `message`. */
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
}

const { Fn } = p256.Point;
/** The greatest r, and the greatest s, as big-endian bytes. */
const R_MAX = Fn.toBytes(Fn.ORDER - 1n);
const S_MAX = Fn.toBytes(Fn.ORDER >> 1n);

/** Whether r and s are in 1 … n − 1 and s ≤ n/2. */
export function isCanonicalSignature(signature: Uint8Array): boolean {
  if (signature.length !== SIGNATURE_LENGTH) return false;
  return isBetween(signature, 0, R_MAX) && isBetween(signature, 32, S_MAX);
}

/** The same signature with low s. Leaves alone what is not a signature at all: a verifier refuses it. */
export function normaliseSignature(signature: Uint8Array): Uint8Array {
  if (signature.length !== SIGNATURE_LENGTH || !isBetween(signature, 32, R_MAX)) return signature;
  if (isBetween(signature, 32, S_MAX)) return signature;
  const s = Fn.fromBytes(signature.subarray(32));
  return concat(signature.subarray(0, 32), Fn.toBytes(Fn.neg(s)));
}

/** What DER takes at the most. */
export const DER_LENGTH_MAX = 72;

/**
 * Raw r ‖ s as the DER that OpenSSL reads.
 * @param der where it is put, for who verifies many: `DER_LENGTH_MAX` bytes.
 */
export function toDer(signature: Uint8Array, der = new Uint8Array(DER_LENGTH_MAX)): Uint8Array {
  const r = derInteger(signature, 0);
  const s = derInteger(signature, 32);
  const length = r.pad + r.length + s.pad + s.length + 4;
  der[0] = 0x30;
  der[1] = length;
  const at = writeDerInteger(der, 2, signature, r);
  return der.subarray(0, writeDerInteger(der, at, signature, s));
}

/** The DER that OpenSSL, chips and HSMs write, as raw r ‖ s with low s. */
export function fromDer(der: Uint8Array): Uint8Array {
  return normaliseSignature(p256.Signature.fromBytes(der, "der").toBytes("compact"));
}

/** The verifier for browsers, devices and tests: about 600/s where node:crypto does 16,000. */
export const portableVerifier: Verifier = {
  isKey,
  verify(publicKey, message, signature) {
    if (!isCanonicalSignature(signature) || !isKey(publicKey)) return false;
    return p256.verify(signature, message, publicKey, { lowS: true, prehash: true });
  },
};

/** Whether the 32 bytes at `start` are a number from 1 to `max`. */
function isBetween(signature: Uint8Array, start: number, max: Uint8Array): boolean {
  let zero = true;
  let below = false;
  for (let i = 0; i < 32; i++) {
    const byte = signature[start + i]!;
    if (byte !== 0) zero = false;
    if (!below) {
      if (byte > max[i]!) return false;
      below = byte < max[i]!;
    }
  }
  return !zero;
}

type DerInteger = { readonly start: number; readonly length: number; readonly pad: 0 | 1 };

/** Which bytes of r or s DER keeps: no leading zeros, but one where the top bit would read as a sign. */
function derInteger(signature: Uint8Array, start: number): DerInteger {
  let skip = 0;
  while (skip < 31 && signature[start + skip] === 0) skip++;
  return { start: start + skip, length: 32 - skip, pad: signature[start + skip]! >= 0x80 ? 1 : 0 };
}

function writeDerInteger(der: Uint8Array, at: number, from: Uint8Array, part: DerInteger): number {
  der[at] = 0x02;
  der[at + 1] = part.pad + part.length;
  if (part.pad === 1) der[at + 2] = 0;
  const bytes = at + 2 + part.pad;
  for (let i = 0; i < part.length; i++) der[bytes + i] = from[part.start + i]!;
  return bytes + part.length;
}
