/** The other form of a P-256 signature, as chips make it half the time: n − s in place of s. */
import { p256 } from "@noble/curves/nist.js";
import { concat } from "../../protocol/bytes.ts";

const { Fn } = p256.Point;

export function highS(signature: Uint8Array): Uint8Array {
  const s = Fn.fromBytes(signature.subarray(32));
  return concat(signature.subarray(0, 32), Fn.toBytes(Fn.neg(s)));
}
