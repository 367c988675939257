/** Points of P-256 in browsers and on devices. The other end of `#point` is point-node.ts. */
import { p256 } from "@noble/curves/nist.js";

/** The public point of a scalar, 1 … n − 1: 65 bytes. @throws Error for any other. */
export function pointOf(privateKey: Uint8Array): Uint8Array {
  return p256.getPublicKey(privateKey, false);
}

/** The point that 33 bytes stand for, in 65 bytes; undefined if it is not on the curve. */
export function uncompressed(publicKey: Uint8Array): Uint8Array | undefined {
  if (publicKey.length !== 33) return undefined;
  try {
    return p256.Point.fromBytes(publicKey).toBytes(false);
  } catch {
    return undefined;
  }
}
