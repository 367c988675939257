/**
 * Points of P-256 on Node: OpenSSL's, thirty times as fast as the portable ones. The other end of `#point` is
 * point-portable.ts. No browser entry reaches this file.
 */
import { createECDH, ECDH } from "node:crypto";

const CURVE = "prime256v1";

/** The public point of a scalar, 1 … n − 1: 65 bytes. @throws Error for any other. */
export function pointOf(privateKey: Uint8Array): Uint8Array {
  const key = createECDH(CURVE);
  key.setPrivateKey(privateKey);
  return new Uint8Array(key.getPublicKey());
}

/** The point that 33 bytes stand for, in 65 bytes; undefined if it is not on the curve. */
export function uncompressed(publicKey: Uint8Array): Uint8Array | undefined {
  if (publicKey.length !== 33) return undefined;
  try {
    const point = ECDH.convertKey(publicKey, CURVE, undefined, undefined, "uncompressed");
    return new Uint8Array(point as Buffer);
  } catch {
    return undefined;
  }
}
