/** Keys and signatures of the vectors: derived from names and deterministic (RFC 6979), so that a second run writes the same bytes. */
import { p256 } from "@noble/curves/nist.js";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { sha256 } from "#sha256";
import { concat, type Hex, utf8 } from "../../protocol/bytes.ts";
import { type Owner, ownerOf } from "../../protocol/key.ts";
import type { Random } from "../../protocol/random.ts";
import type { Signer } from "../../protocol/signature.ts";
import { validatorAddress } from "../../protocol/typed-data.ts";

/** A P-256 key with a name. */
export type NamedKey = Signer & { readonly privateKey: Uint8Array; readonly owner: Owner };

export function key(name: string): NamedKey {
  const privateKey = p256.utils.randomSecretKey(bytes(`key ${name}`, 48));
  const publicKey = p256.getPublicKey(privateKey, true);
  return {
    privateKey,
    publicKey,
    owner: ownerOf(publicKey),
    sign: async (message) => p256.sign(message, privateKey, { lowS: true, prehash: true }),
  };
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
  const blocks: Uint8Array[] = [];
  for (let i = 0; i * 32 < length; i++) {
    blocks.push(sha256(utf8.encode(`tallystick/vectors/${name}/${i}`)));
  }
  return concat(...blocks).slice(0, length);
}

/** Randomness that repeats: the n-th draw of a name is always the same. */
export function random(name: string): Random {
  let draws = 0;
  return (length) => bytes(`${name} ${draws++}`, length);
}

/** The network of all vectors. */
export const networkId = bytes("network", 32);
