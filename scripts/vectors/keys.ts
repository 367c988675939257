/** Keys and signatures of the vectors: derived from names and deterministic (RFC 6979), so that a second run writes the same bytes. */
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { type NamedKey, Seed } from "../../device/conformance/seed.ts";
import type { Hex } from "../../protocol/bytes.ts";
import type { Random } from "../../protocol/random.ts";
import { validatorAddress } from "../../protocol/typed-data.ts";

const seed = new Seed("tallystick/vectors");

/** A P-256 key with a name. */
export function key(name: string): NamedKey {
  return seed.key(name);
}

export type Validator = { readonly privateKey: Uint8Array; readonly address: Hex };

/** Validator keys, ascending by address. */
export function validators(count: number): Validator[] {
  return Array.from({ length: count }, (_, i) => {
    const privateKey = secp256k1.utils.randomSecretKey(bytes(`validator ${i}`, 48));
    return { privateKey, address: validatorAddress(privateKey) };
  }).sort((a, b) => (a.address < b.address ? -1 : 1));
}

/** Bytes that a name stands for. */
export function bytes(name: string, length: number): Uint8Array {
  return seed.bytes(name, length);
}

/** Randomness that repeats: the n-th draw of a name is always the same. */
export function random(name: string): Random {
  return seed.random(name);
}

/** The network of all vectors. */
export const networkId = bytes("network", 32);
